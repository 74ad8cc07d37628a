package torture

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

func is(err, kind error) bool { return errors.Is(err, kind) }

// The ways to write and to read, by the methods of Bucket.
var (
	writers = []string{"WriteAll", "Put", "PutReaderAt", "UploadFile", "NewWriter"}
	readers = []string{"Get", "ReadAll", "Download", "DownloadFile", "NewReaderAt"}
	called  = slices.Concat(writers, readers, []string{
		"Stat", "Exists", "List", "ListPage", "Delete", "DeleteMany", "DeletePrefix",
		"DeleteListed",
		"Copy", "Update", "UpdateWith",
	})
)

// trouble lets one request of the next call meet a fault, or none, and returns what it is called.
func (m *machine) trouble(t *rapid.T) string {
	m.store.Reset()
	faults := map[string]fault.Fault{
		"lost": fault.Lost(), "twice": fault.Twice(), "doubt": fault.Doubt(),
		"unsent":   fault.Unsent(),
		"throttle": fault.Throttle(0), "cut": fault.Cut(1), "short": fault.Short(1),
	}
	names := append([]string{"", "", ""}, slices.Sorted(maps.Keys(faults))...)
	name := rapid.SampledFrom(names).Draw(t, "fault")
	if name == "" {
		return ""
	}
	skip := rapid.IntRange(0, 2).Draw(t, "request")
	m.store.Add(fault.Rule{Skip: skip, Fault: faults[name]})
	return fmt.Sprintf(" // request %d: %s", skip+1, name)
}

func (m *machine) key(t *rapid.T, what string) string {
	return rapid.SampledFrom(m.keys).Draw(t, what)
}

// etag draws an ETag for a condition on key, and says whether it is that of its object.
func (m *machine) etag(t *rapid.T, key string) (etag string, current bool) {
	now := m.model[key]
	if now != nil && rapid.Bool().Draw(t, "current") {
		return now.etag, true
	}
	if len(m.stale) > 0 {
		etag = m.stale[rapid.IntRange(0, len(m.stale)-1).Draw(t, "stale")]
		return etag, now != nil && now.etag == etag
	}
	return `"0123456789abcdef0123456789abcdef"`, false
}

// content draws bytes that no other object has.
func (m *machine) content(t *rapid.T) []byte {
	m.made++
	sizes := []int64{0, 1, 300, 20_000}
	if m.large > 0 {
		sizes = append(sizes, m.large)
	}
	size := rapid.SampledFrom(sizes).Draw(t, "size")
	if size == 0 {
		return []byte{}
	}
	line := fmt.Sprintf("%d\n", m.made)
	return []byte(strings.Repeat(line, 1+int(size)/len(line)))
}

// write writes an object in one of the ways.
func (m *machine) write(t *rapid.T) {
	key, data := m.key(t, "key"), m.content(t)
	opts := storage.PutOptions{PartSize: m.part}
	if rapid.Bool().Draw(t, "headers") {
		opts.ContentType, opts.CacheControl = "text/plain", "no-cache"
		opts.ContentLanguage, opts.ContentEncoding = "de", "x-own"
		opts.ContentDisposition = "attachment"
		opts.Metadata = map[string]string{"a": "ä ö",
			"b": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "b")}
	}
	now, want := m.model[key], error(nil)
	option := rapid.SampledFrom([]string{"", "", "IfAbsent", "IfMatch", "Checksums"}).Draw(t,
		"option")
	switch option {
	case "IfAbsent":
		if opts.IfAbsent = true; now != nil {
			want = storage.ErrExist
		}
	case "IfMatch":
		var current bool
		if opts.IfMatch, current = m.etag(t, key); !current {
			want = storage.ErrPrecondition
		}
	case "Checksums":
		sum := sha256.Sum256(data)
		if opts.Checksums.SHA256 = sum[:]; rapid.Bool().Draw(t, "wrong") {
			opts.Checksums.SHA256[0]++
			option, want = "wrong Checksums", storage.ErrIntegrity
		}
	}
	way := rapid.SampledFrom(writers).Draw(t, "way")
	commit := way != "NewWriter" || rapid.IntRange(0, 3).Draw(t, "commit") > 0
	if !commit {
		want = storage.ErrNotCommitted
	}
	step := fmt.Sprintf("%s(%q, %d bytes, IfAbsent: %v, IfMatch: %s, %s, headers: %v)%s", way, key,
		len(data), opts.IfAbsent, m.name(opts.IfMatch), option, opts.Metadata, m.trouble(t))
	t.Log(step)
	o, err := m.writeBy(t, way, key, data, opts, commit)
	m.wrote(t, step, err, want)
	if want != nil {
		return
	}
	m.put(key, &object{data: data, opts: opts, etag: o.ETag, by: step})
}

func (m *machine) writeBy(
	t *rapid.T, way, key string, data []byte, opts storage.PutOptions, commit bool,
) (*storage.Object, error) {
	ctx := t.Context()
	switch way {
	case "WriteAll":
		return m.b.WriteAll(ctx, key, data, &opts)
	case "Put":
		return m.b.Put(ctx, key, io.MultiReader(bytes.NewReader(data)), &opts)
	case "PutReaderAt":
		return m.b.PutReaderAt(ctx, key, bytes.NewReader(data), int64(len(data)), &opts)
	case "UploadFile":
		path := filepath.Join(m.dir, "up")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return nil, err
		}
		return m.b.UploadFile(ctx, key, path, &opts)
	}
	w := m.b.NewWriter(ctx, key, &opts)
	for chunk := range slices.Chunk(data, 10_007) {
		if _, err := w.Write(chunk); err != nil {
			w.Close()
			return nil, err
		}
	}
	if !commit {
		return nil, w.Close()
	}
	defer w.Close()
	return w.Commit()
}

// read reads an object, or a range of it, in one of the ways.
func (m *machine) read(t *rapid.T) {
	key := m.key(t, "key")
	way := rapid.SampledFrom(readers).Draw(t, "way")
	o := m.model[key]
	var opts storage.GetOptions
	var want error
	var data []byte
	if o == nil {
		want = storage.ErrNotExist
	} else {
		data = o.data
	}
	if way != "NewReaderAt" && rapid.Bool().Draw(t, "range") {
		opts.Offset = rapid.Int64Range(-4, int64(len(data))+2).Draw(t, "offset")
		if opts.Offset >= 0 {
			opts.Length = rapid.Int64Range(0, 5).Draw(t, "length")
		}
		if o != nil {
			data, want = slice(data, opts.Offset, opts.Length)
		}
	}
	switch rapid.SampledFrom([]string{"", "", "IfMatch", "IfNoneMatch", "Since"}).Draw(t,
		"condition") {
	case "IfMatch":
		var current bool
		if opts.IfMatch, current = m.etag(t, key); !current && o != nil {
			want = storage.ErrPrecondition
		}
	case "IfNoneMatch":
		var current bool
		if opts.IfNoneMatch, current = m.etag(t, key); current {
			want = storage.ErrNotModified
		}
	case "Since":
		opts.IfModifiedSince = time.Now().Add(-48 * time.Hour)
	}
	opts.VerifyHash = rapid.Bool().Draw(t, "verify")
	opts.Concurrency = rapid.IntRange(0, 3).Draw(t, "concurrency")
	step := fmt.Sprintf("%s(%q, offset %d, length %d, IfMatch: %s, IfNoneMatch: %s)%s", way, key,
		opts.Offset, opts.Length, m.name(opts.IfMatch), m.name(opts.IfNoneMatch), m.trouble(t))
	t.Log(step)
	got, err := m.readBy(t, way, key, opts)
	m.fails(t, step, err, want)
	if want == nil && !bytes.Equal(got, data) {
		wrong(t, "%s: %d bytes, want %d", step, len(got), len(data))
	}
}

// slice is the range of data that options select.
func slice(data []byte, offset, length int64) ([]byte, error) {
	size := int64(len(data))
	switch {
	case offset == 0 && length == 0:
		return data, nil
	case offset < 0:
		return data[max(size+offset, 0):], nil
	case offset >= size:
		return nil, storage.ErrRange
	case length == 0:
		return data[offset:], nil
	}
	return data[offset:min(offset+length, size)], nil
}

func (m *machine) readBy(
	t *rapid.T, way, key string, opts storage.GetOptions,
) ([]byte, error) {
	ctx := t.Context()
	switch way {
	case "ReadAll":
		return m.b.ReadAll(ctx, key, &opts)
	case "Get":
		r, err := m.b.Get(ctx, key, &opts)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	case "NewReaderAt":
		r, err := m.b.NewReaderAt(ctx, key, &storage.ReaderAtOptions{
			IfMatch: opts.IfMatch, IfNoneMatch: opts.IfNoneMatch, BlockSize: 4096,
		})
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	}
	path := filepath.Join(m.dir, "down")
	if way == "DownloadFile" {
		if _, err := m.b.DownloadFile(ctx, key, path, &opts); err != nil {
			return nil, err
		}
		return os.ReadFile(path)
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := m.b.Download(ctx, key, f, &opts); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// stat describes an object.
func (m *machine) stat(t *rapid.T) {
	key := m.key(t, "key")
	o := m.model[key]
	step := fmt.Sprintf("Stat(%q) and Exists(%q)%s", key, key, m.trouble(t))
	t.Log(step)
	got, err := m.b.Stat(t.Context(), key, nil)
	there, existErr := m.b.Exists(t.Context(), key)
	if existErr != nil || there != (o != nil) {
		wrong(t, "%s: Exists is %v, %v", step, there, existErr)
	}
	if o == nil {
		m.fails(t, step, err, storage.ErrNotExist)
		return
	}
	m.fails(t, step, err, nil)
	if got.Key != key || got.ETag != o.etag || got.Size != int64(len(o.data)) {
		wrong(t, "%s: %d bytes, ETag %s, the model has %v", step, got.Size, m.name(got.ETag), o)
	}
	p := &o.opts
	same := maps.Equal(got.Metadata, p.Metadata) && (p.ContentType == "" ||
		got.ContentType == p.ContentType) &&
		got.ContentEncoding == p.ContentEncoding &&
		got.ContentDisposition == p.ContentDisposition &&
		got.ContentLanguage == p.ContentLanguage && got.CacheControl == p.CacheControl
	if !same {
		wrong(t, "%s: metadata %v, type %q; the model has %v, %q, by %s", step, got.Metadata,
			got.ContentType, p.Metadata, p.ContentType, o.by)
	}
}

// list lists with options, by List or page by page.
func (m *machine) list(t *rapid.T) {
	opts := storage.ListOptions{
		Prefix:      rapid.SampledFrom([]string{"", "a", "a/", "b/", "none"}).Draw(t, "prefix"),
		Delimiter:   rapid.SampledFrom([]string{"", "/"}).Draw(t, "delimiter"),
		StartAfter:  rapid.SampledFrom([]string{"", "a", "a/", "a/b", "b"}).Draw(t, "after"),
		PageSize:    rapid.IntRange(0, 3).Draw(t, "page"),
		Concurrency: rapid.IntRange(0, 2).Draw(t, "ahead"),
	}
	pages := rapid.Bool().Draw(t, "pages")
	step := fmt.Sprintf("List(%+v), by pages: %v%s", opts, pages, m.trouble(t))
	t.Log(step)
	var got []string
	if pages {
		opts.Concurrency = 0
		for {
			p, err := m.b.ListPage(t.Context(), &opts)
			m.fails(t, step, err, nil)
			for _, o := range p.Objects {
				got = append(got, o.Key)
			}
			if opts.PageToken = p.NextToken; opts.PageToken == "" {
				break
			}
		}
	} else {
		for o, err := range m.b.List(t.Context(), &opts) {
			m.fails(t, step, err, nil)
			got = append(got, o.Key)
		}
	}
	if want := m.listed(opts); !slices.Equal(got, want) {
		wrong(t, "%s: %q, want %q", step, got, want)
	}
}

func (m *machine) listed(opts storage.ListOptions) []string {
	entries := make(map[string]bool)
	for key := range m.model {
		rest, ok := strings.CutPrefix(key, opts.Prefix)
		if !ok {
			continue
		}
		if opts.Delimiter != "" {
			if group, _, ok := strings.Cut(rest, opts.Delimiter); ok {
				key = opts.Prefix + group + opts.Delimiter
			}
		}
		if key > opts.StartAfter {
			entries[key] = true
		}
	}
	return slices.Sorted(maps.Keys(entries))
}

// remove deletes one object.
func (m *machine) remove(t *rapid.T) {
	key := m.key(t, "key")
	var opts storage.DeleteOptions
	var want error
	if m.b.Capabilities().DeleteIfMatch && rapid.Bool().Draw(t, "IfMatch") {
		var current bool
		if opts.IfMatch, current = m.etag(t, key); !current {
			want = storage.ErrPrecondition
		}
	}
	step := fmt.Sprintf("Delete(%q, IfMatch: %s)%s", key, m.name(opts.IfMatch), m.trouble(t))
	t.Log(step)
	err := m.b.Delete(t.Context(), key, &opts)
	// A conditional Delete leaves nothing that tells: see DeleteOptions.IfMatch.
	doubled := strings.HasSuffix(step, "twice") && is(err, storage.ErrPrecondition)
	lost := strings.HasSuffix(step, "lost") && is(err, storage.ErrUnknownOutcome)
	if want == nil && opts.IfMatch != "" && (doubled || lost) {
		err = nil
	}
	m.wrote(t, step, err, want)
	if want == nil {
		m.drop(key)
	}
}

// removeMany deletes several objects.
func (m *machine) removeMany(t *rapid.T) {
	way := rapid.SampledFrom([]string{"DeleteMany", "DeletePrefix", "DeleteListed"}).Draw(t, "way")
	prefix := rapid.SampledFrom([]string{"a/", "b/", "none"}).Draw(t, "prefix")
	step := fmt.Sprintf("%s(%q)%s", way, prefix, m.trouble(t))
	t.Log(step)
	var some []string
	for _, key := range m.keys {
		if strings.HasPrefix(key, prefix) {
			some = append(some, key)
		}
	}
	var err error
	switch ctx := t.Context(); way {
	case "DeleteMany":
		_, err = m.b.DeleteMany(ctx, slices.Values(some), nil)
	case "DeletePrefix":
		_, err = m.b.DeletePrefix(ctx, prefix, nil)
	default:
		list := m.b.List(ctx, &storage.ListOptions{Prefix: prefix})
		_, err = m.b.DeleteListed(ctx, list, nil)
	}
	m.fails(t, step, err, nil)
	for _, key := range some {
		m.drop(key)
	}
}

// copies copies an object onto another key.
func (m *machine) copies(t *rapid.T) {
	dst, src := m.key(t, "dst"), m.key(t, "src")
	from, now := m.model[src], m.model[dst]
	if dst == src {
		return
	}
	var opts storage.CopyOptions
	var want error
	switch rapid.SampledFrom([]string{"", "IfAbsent", "IfMatch", "SourceIfMatch"}).Draw(t,
		"condition") {
	case "IfAbsent":
		if opts.IfAbsent = true; now != nil {
			want = storage.ErrExist
		}
	case "IfMatch":
		var current bool
		if opts.IfMatch, current = m.etag(t, dst); !current {
			want = storage.ErrPrecondition
		}
	case "SourceIfMatch":
		var current bool
		if opts.SourceIfMatch, current = m.etag(t, src); !current {
			want = storage.ErrPrecondition
		}
	}
	if opts.Replace = rapid.Bool().Draw(t, "replace"); opts.Replace {
		opts.ContentType, opts.Metadata = "text/html", map[string]string{"copied": "yes"}
	}
	step := fmt.Sprintf("Copy(%q, %q, IfAbsent: %v, IfMatch: %s, SourceIfMatch: %s, Replace: %v)%s",
		dst,
		src, opts.IfAbsent, m.name(opts.IfMatch), m.name(opts.SourceIfMatch), opts.Replace,
		m.trouble(t))
	t.Log(step)
	o, err := m.b.Copy(t.Context(), dst, src, &opts)
	if from == nil {
		// Which of two conditions a service names that both do not hold is its own affair.
		if want == nil || !is(err, want) {
			m.wrote(t, step, err, storage.ErrNotExist)
		}
		return
	}
	m.wrote(t, step, err, want)
	if want != nil {
		return
	}
	p := from.opts
	if opts.Replace {
		p = storage.PutOptions{ContentType: opts.ContentType, Metadata: opts.Metadata}
	}
	m.put(dst, &object{data: from.data, opts: p, etag: o.ETag, by: step})
}

// update changes an object by a function.
func (m *machine) update(t *rapid.T) {
	key := m.key(t, "key")
	way := rapid.SampledFrom([]string{"Update", "UpdateWith"}).Draw(t, "way")
	o := m.model[key]
	more := m.content(t)
	step := fmt.Sprintf("%s(%q, %d bytes more)%s", way, key, len(more), m.trouble(t))
	t.Log(step)
	change := func(old []byte, _ *storage.Object) ([]byte, error) {
		return slices.Concat(old, more), nil
	}
	var made *storage.Object
	var err error
	create := storage.PutOptions{CacheControl: "no-store"}
	if way == "Update" {
		made, err = m.b.Update(t.Context(), key, change)
		create = storage.PutOptions{}
	} else {
		made, err = m.b.UpdateWith(t.Context(), key, change,
			&storage.UpdateOptions{Create: &create})
	}
	m.fails(t, step, err, nil)
	next := &object{data: more, opts: create, etag: made.ETag, by: step}
	if o != nil {
		next.data, next.opts = slices.Concat(o.data, more), o.opts
	}
	m.put(key, next)
}
