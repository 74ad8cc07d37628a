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
// Some faults cannot happen to it.
func (m *machine) trouble(t *rapid.T, impossible ...string) string {
	m.reset()
	faults := map[string]fault.Fault{
		"lost": fault.Lost(), "twice": fault.Twice(), "doubt": fault.Doubt(),
		"unsent":   fault.Unsent(),
		"throttle": fault.Throttle(0), "cut": fault.Cut(1), "short": fault.Short(1),
	}
	for _, name := range impossible {
		delete(faults, name)
	}
	names := append([]string{"", "", ""}, slices.Sorted(maps.Keys(faults))...)
	name := rapid.SampledFrom(names).Draw(t, "fault")
	if name == "" {
		return ""
	}
	skip := rapid.IntRange(0, 2).Draw(t, "request")
	m.store.Add(fault.Rule{Skip: skip, Fault: faults[name].Before(m.did.met.count)})
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
	if m.large > 0 && (!m.dear || rapid.IntRange(0, 3).Draw(t, "dear") == 3) {
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
	opts := storage.PutOptions{
		PartSize: m.part, Concurrency: rapid.IntRange(0, 3).Draw(t, "concurrency"),
	}
	if rapid.Bool().Draw(t, "headers") {
		setHeaders(t, &opts)
	}
	way := rapid.SampledFrom(writers).Draw(t, "way")
	now, want := m.model[key], error(nil)
	option := rapid.SampledFrom([]string{
		"", "", "IfAbsent", "IfMatch", "Checksums", "Verified", "Tags", "StorageClass", "StateFile",
	}).Draw(t, "option")
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
	case "Verified":
		opts.Verified.MD5, want = make([]byte, 16), storage.ErrInvalid
	case "Tags":
		opts.Tags, want = map[string]string{"t": "1"}, unless(m.can.Tags)
	case "StorageClass":
		opts.StorageClass, want = m.class, unless(m.can.StorageClass)
	case "StateFile":
		if opts.StateFile = m.state(); way != "UploadFile" && way != "PutReaderAt" {
			want = storage.ErrInvalid
		}
	}
	commit := way != "NewWriter" || want != nil || rapid.IntRange(0, 3).Draw(t, "commit") > 0
	if !commit {
		want = storage.ErrNotCommitted
	}
	seen := m.watch(t, &opts.Progress)
	m.used.note(way, &opts)
	step := fmt.Sprintf("%s(%q, %d bytes, IfAbsent: %v, IfMatch: %s, %s, headers: %v)%s", way, key,
		len(data), opts.IfAbsent, m.name(opts.IfMatch), option, opts.Metadata, m.trouble(t))
	t.Log(step)
	o, err := m.writeBy(t, way, key, data, opts, commit)
	m.wrote(t, step, err, want)
	if want != nil {
		return
	}
	seen.told(t, step, len(data))
	m.put(key, &object{data: data, opts: opts, etag: o.ETag, id: o.VersionID, by: step})
}

// setHeaders sets the headers and metadata of an object.
func setHeaders(t *rapid.T, o *storage.PutOptions) {
	o.ContentType, o.CacheControl = "text/plain", "no-cache"
	o.ContentLanguage, o.ContentEncoding = "de", "x-own"
	o.ContentDisposition = "attachment"
	o.Metadata = map[string]string{"a": "ä ö",
		"b": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "b")}
}

// unless is what an option is refused with that the service lacks.
func unless(can bool) error {
	if can {
		return nil
	}
	return errors.ErrUnsupported
}

// state is a path of a StateFile: each has a name of its own, as one that failed may stay.
func (m *machine) state() string {
	m.files++
	return filepath.Join(m.dir, fmt.Sprintf("state%d", m.files))
}

// watch sets a Progress, or none; then what it returns is nil.
func (m *machine) watch(t *rapid.T, field *func(storage.Progress)) *progress {
	if !rapid.Bool().Draw(t, "progress") {
		return nil
	}
	p := new(progress)
	*field = p.tell
	return p
}

// version draws an ID of the version that key has, which is refused where there are no versions.
func (m *machine) version(o *object) (id string, want error) {
	if !m.can.Versions {
		return "1", errors.ErrUnsupported
	}
	if o == nil {
		return "", nil
	}
	return o.id, nil
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
	conditions := []string{"", "", "IfMatch", "IfNoneMatch", "Since", "Version"}
	if way != "NewReaderAt" {
		conditions = append(conditions, "StateFile")
	}
	switch rapid.SampledFrom(conditions).Draw(t, "condition") {
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
	case "Version":
		id, refused := m.version(o)
		if opts.VersionID = id; refused != nil {
			want = refused
		}
	case "StateFile":
		if opts.StateFile = m.state(); way != "DownloadFile" {
			want = storage.ErrInvalid
		}
	}
	var seen *progress
	if way != "NewReaderAt" {
		opts.VerifyHash = rapid.Bool().Draw(t, "verify")
		opts.Concurrency = rapid.IntRange(0, 3).Draw(t, "concurrency")
		seen = m.watch(t, &opts.Progress)
		m.used.note(way, &opts)
	}
	step := fmt.Sprintf("%s(%q, offset %d, length %d, IfMatch: %s, IfNoneMatch: %s)%s", way, key,
		opts.Offset, opts.Length, m.name(opts.IfMatch), m.name(opts.IfNoneMatch), m.trouble(t))
	t.Log(step)
	got, err := m.readBy(t, way, key, opts)
	conditional := is(want, storage.ErrPrecondition) || is(want, storage.ErrNotModified)
	if m.emptyFirst && conditional && is(err, storage.ErrRange) && o != nil && len(o.data) == 0 {
		err = want
	}
	m.fails(t, step, err, want)
	if want == nil {
		seen.told(t, step, len(data))
	}
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
		o := &storage.ReaderAtOptions{
			IfMatch: opts.IfMatch, IfNoneMatch: opts.IfNoneMatch,
			IfModifiedSince: opts.IfModifiedSince, VersionID: opts.VersionID,
			BlockSize: rapid.SampledFrom([]int64{0, 4096}).Draw(t, "block"),
			CacheSize: rapid.SampledFrom([]int64{0, -1, 64 << 10}).Draw(t, "cache"),
			ReadAhead: rapid.SampledFrom([]int{0, -1, 2}).Draw(t, "ahead"),
			Tail:      rapid.SampledFrom([]int64{0, -1, 1000}).Draw(t, "tail"),
		}
		m.used.note(way, o)
		r, err := m.b.NewReaderAt(ctx, key, o)
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
	opts := storage.StatOptions{ProveChecksums: rapid.Bool().Draw(t, "prove")}
	var want error
	if o == nil {
		want = storage.ErrNotExist
	}
	condition := rapid.SampledFrom([]string{
		"", "", "IfMatch", "IfNoneMatch", "Since", "Version",
	}).Draw(t, "condition")
	switch condition {
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
	case "Version":
		id, refused := m.version(o)
		if opts.VersionID = id; refused != nil {
			want = refused
		}
	}
	m.used.note("Stat", &opts)
	step := fmt.Sprintf("Stat(%q, %s) and Exists(%q)%s", key, condition, key, m.trouble(t))
	t.Log(step)
	got, err := m.b.Stat(t.Context(), key, &opts)
	there, existErr := m.b.Exists(t.Context(), key)
	if existErr != nil || there != (o != nil) {
		wrong(t, "%s: Exists is %v, %v", step, there, existErr)
	}
	if m.fails(t, step, err, want); want == nil {
		m.describes(t, step, got, o)
	}
}

// describes compares a description with the model.
func (m *machine) describes(t *rapid.T, step string, got *storage.Object, o *object) {
	if got.ETag != o.etag || got.Size != int64(len(o.data)) {
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
	// The default class has a name on some services, and none on others.
	if class := p.StorageClass; class != anyClass && m.class != "STANDARD" &&
		(got.StorageClass == m.class) != (class == m.class) {
		wrong(t, "%s: class %q; the model has %q, by %s", step, got.StorageClass, p.StorageClass,
			o.by)
	}
	if !m.can.Tags {
		return
	}
	m.reset() // a Store makes a request once
	store := storage.Full(m.b.Store())
	tags, err := store.Tags(t.Context(), m.b.StoreKey(got.Key), &storage.TagsOptions{})
	if err != nil || !maps.Equal(tags, p.Tags) {
		wrong(t, "%s: tags %v, %v; the model has %v, by %s", step, tags, err, p.Tags, o.by)
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
	pages := rapid.SampledFrom([]int{0, 1, 100}).Draw(t, "pages") // before a List goes on
	step := fmt.Sprintf("List(%+v) behind %d pages%s", opts, pages, m.trouble(t))
	t.Log(step)
	all := opts
	var got []string
	more := true
	for ; pages > 0 && more; pages-- {
		m.used.note("ListPage", &opts)
		p, err := m.b.ListPage(t.Context(), &opts)
		if opts.Concurrency > 1 {
			m.fails(t, step, err, storage.ErrInvalid)
			return
		}
		m.fails(t, step, err, nil)
		for _, o := range p.Objects {
			got = append(got, o.Key)
		}
		opts.PageToken = p.NextToken
		more = p.NextToken != ""
	}
	if more {
		m.used.note("List", &opts)
		for o, err := range m.b.List(t.Context(), &opts) {
			m.fails(t, step, err, nil)
			got = append(got, o.Key)
		}
	}
	opts = all
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
	if rapid.Bool().Draw(t, "IfMatch") {
		var current bool
		if opts.IfMatch, current = m.etag(t, key); !current {
			want = storage.ErrPrecondition
		}
		if !m.can.DeleteIfMatch {
			want = errors.ErrUnsupported
		}
	}
	var impossible []string
	if opts.IfMatch != "" && !m.can.DeleteIfMatch {
		impossible = []string{"doubt"} // nothing is sent
	}
	m.used.note("Delete", &opts)
	step := fmt.Sprintf("Delete(%q, IfMatch: %s)%s", key, m.name(opts.IfMatch),
		m.trouble(t, impossible...))
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
	opts := &storage.DeleteManyOptions{
		Concurrency: rapid.IntRange(0, 2).Draw(t, "concurrency"),
		BatchSize:   rapid.IntRange(0, 2).Draw(t, "batch"),
	}
	m.used.note(way, opts)
	step := fmt.Sprintf("%s(%q, %+v)%s", way, prefix, *opts, m.trouble(t))
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
		_, err = m.b.DeleteMany(ctx, slices.Values(some), opts)
	case "DeletePrefix":
		_, err = m.b.DeletePrefix(ctx, prefix, opts)
	default:
		list := m.b.List(ctx, &storage.ListOptions{Prefix: prefix})
		_, err = m.b.DeleteListed(ctx, list, opts)
	}
	m.fails(t, step, err, nil)
	for _, key := range some {
		m.drop(key)
	}
}
