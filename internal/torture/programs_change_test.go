package torture

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/polystore/storage"
)

// copies copies an object onto another key.
func (m *machine) copies(t *rapid.T) {
	dst, src := m.key(t, "dst"), m.key(t, "src")
	from := m.model[src]
	if dst == src {
		return
	}
	opts := storage.CopyOptions{
		AllowLoss: rapid.SampledFrom([][]string{nil, {"tags"}, {"tags", "class"}}).Draw(t, "loss"),
		PartSize:  m.part, Concurrency: rapid.IntRange(0, 2).Draw(t, "concurrency"),
	}
	option := rapid.SampledFrom([]string{
		"", "IfAbsent", "IfMatch", "SourceIfMatch", "SourceVersion", "Token", "StorageClass",
	}).Draw(t, "option")
	want, refused := m.copyOption(t, option, &opts, dst, src)
	if opts.Replace = rapid.Bool().Draw(t, "replace"); opts.Replace {
		var p storage.PutOptions
		setHeaders(t, &p)
		opts.ContentType, opts.ContentEncoding = p.ContentType, p.ContentEncoding
		opts.ContentDisposition, opts.ContentLanguage = p.ContentDisposition, p.ContentLanguage
		opts.CacheControl, opts.Metadata = p.CacheControl, p.Metadata
		if m.can.Tags && rapid.Bool().Draw(t, "tags") {
			opts.Tags = map[string]string{"copied": "yes"}
		}
	}
	seen := m.watch(t, &opts.Progress)
	var impossible []string
	if (opts.IfAbsent || opts.IfMatch != "") && !m.can.CopyConditions ||
		opts.SourceIfMatch != "" && !m.can.CopySourceIfMatch {
		impossible = []string{"doubt"} // the driver refuses it and sends nothing
	}
	m.used.note("Copy", &opts)
	step := fmt.Sprintf("Copy(%q, %q, IfAbsent: %v, IfMatch: %s, SourceIfMatch: %s, %s, "+
		"Replace: %v)%s", dst, src, opts.IfAbsent, m.name(opts.IfMatch),
		m.name(opts.SourceIfMatch), option, opts.Replace, m.trouble(t, impossible...))
	t.Log(step)
	o, err := m.b.Copy(t.Context(), dst, src, &opts)
	switch {
	case refused != nil && (from != nil || !is(err, storage.ErrNotExist)):
		m.wrote(t, step, err, refused)
		return
	case from == nil:
		// Which of two conditions a service names that both do not hold is its own affair.
		if want == nil || !is(err, want) {
			m.wrote(t, step, err, storage.ErrNotExist)
		}
		return
	}
	if m.wrote(t, step, err, want); want != nil {
		return
	}
	if seen != nil && seen.last != (storage.Progress{}) { // not every service tells what it copied
		seen.told(t, step, len(from.data))
	}
	p := from.opts
	if opts.Replace {
		p = storage.PutOptions{
			ContentType: opts.ContentType, ContentEncoding: opts.ContentEncoding,
			ContentDisposition: opts.ContentDisposition, ContentLanguage: opts.ContentLanguage,
			CacheControl: opts.CacheControl, Metadata: opts.Metadata, Tags: opts.Tags,
		}
	}
	if p.StorageClass = opts.StorageClass; m.heirs {
		p.StorageClass = anyClass
	}
	m.put(dst, &object{data: from.data, opts: p, etag: o.ETag, id: o.VersionID, by: step})
}

// copyOption sets an option of a copy. want is the refusal of a condition, and refused one that has
// nothing to do with what is there.
func (m *machine) copyOption(
	t *rapid.T, option string, opts *storage.CopyOptions, dst, src string,
) (want, refused error) {
	switch option {
	case "IfAbsent":
		if opts.IfAbsent = true; m.model[dst] != nil {
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
	case "SourceVersion":
		opts.SourceVersionID, refused = m.version(m.model[src])
	case "Token":
		opts.Token, refused = "t", storage.ErrInvalid
	case "StorageClass":
		opts.StorageClass, refused = m.class, unless(m.can.StorageClass)
	}
	return want, refused
}

// update changes an object by a function.
func (m *machine) update(t *rapid.T) {
	key := m.key(t, "key")
	way := rapid.SampledFrom([]string{"Update", "UpdateWith", "UpdateWith"}).Draw(t, "way")
	o := m.model[key]
	more := m.content(t)
	var create storage.PutOptions
	var opts *storage.UpdateOptions
	var want error
	var seen *progress
	option := ""
	if way == "UpdateWith" {
		loss := [][]string{nil, {"tags"}, {"class"}}
		opts = &storage.UpdateOptions{AllowLoss: rapid.SampledFrom(loss).Draw(t, "loss")}
		create.PartSize, create.Concurrency = m.part, rapid.IntRange(0, 2).Draw(t, "concurrency")
		if rapid.Bool().Draw(t, "headers") {
			setHeaders(t, &create)
		}
		option, want = m.createOption(t, &create, o)
		seen = m.watch(t, &create.Progress)
		opts.Create = &create
		m.used.note(way, opts)
	}
	step := fmt.Sprintf("%s(%q, %d bytes more, %s)%s", way, key, len(more), option, m.trouble(t))
	t.Log(step)
	change := func(old []byte, _ *storage.Object) ([]byte, error) {
		return slices.Concat(old, more), nil
	}
	var made *storage.Object
	var err error
	if way == "Update" {
		made, err = m.b.Update(t.Context(), key, change)
	} else {
		made, err = m.b.UpdateWith(t.Context(), key, change, opts)
	}
	if m.wrote(t, step, err, want); want != nil {
		return
	}
	next := &object{data: more, opts: create, etag: made.ETag, id: made.VersionID, by: step}
	if o != nil {
		next.data, next.opts = slices.Concat(o.data, more), o.opts
	}
	if o == nil { // Create is of an object that there was not
		seen.told(t, step, len(next.data))
	}
	m.put(key, next)
}

// createOption sets an option of the object that an update of o creates, and returns its name and
// with what it is refused.
func (m *machine) createOption(
	t *rapid.T, create *storage.PutOptions, o *object,
) (option string, want error) {
	option = rapid.SampledFrom([]string{
		"", "", "IfAbsent", "IfMatch", "Checksums", "Verified", "StateFile", "Tags", "StorageClass",
	}).Draw(t, "option")
	switch want = storage.ErrInvalid; option {
	case "":
		want = nil
	case "IfAbsent":
		create.IfAbsent = true
	case "IfMatch":
		create.IfMatch = `"1"`
	case "Checksums":
		create.Checksums.MD5 = make([]byte, 16)
	case "Verified":
		create.Verified.MD5 = make([]byte, 16)
	case "StateFile":
		create.StateFile = m.state()
	case "Tags":
		create.Tags, want = map[string]string{"t": "2"}, unless(m.can.Tags || o != nil)
	case "StorageClass":
		create.StorageClass, want = m.class, unless(m.can.StorageClass || o != nil)
	}
	return option, want
}
