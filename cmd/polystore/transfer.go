package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/polystore/storage"
)

// transfer brings objects from one place to another, each of them a file, an object or a standard
// stream.
type transfer struct {
	app     *app
	headers headerFlags
	write   writeFlags
	read    *storage.GetOptions // nil: all of it
	json    bool
	loss    []string // what a copy may lack
	jobs    int      // objects at once, of a tree
	meter   *meter   // nil: nobody looks

	mu sync.Mutex // guards standard output
}

// transferFlags tell how objects are transferred.
type transferFlags struct {
	bandwidthFlag
	Progress string `enum:"auto,never,always,json" default:"auto" help:"Progress: ${enum}."`
}

// run does the work, one or tree, as the flags say.
func (t *transfer) run(
	f transferFlags, src, dst location, work func(src, dst location) error,
) error {
	t.app.bandwidth = f.Bandwidth
	shown := t.app.show(f.Progress, t.jobs > 0, src, dst)
	defer shown.stop()
	t.meter = shown.meter
	return work(src, dst)
}

// one transfers one object.
func (t *transfer) one(src, dst location) error {
	p := t.meter.add(-1)
	err := t.object(src, dst, p)
	p.end(err)
	return err
}

func (t *transfer) object(src, dst location, p *part) error {
	if !src.stdio {
		name := src.name()
		if src.key == "" {
			return usage("%s is a directory: use cp -r", src)
		}
		dst = dst.into(name)
	}
	switch {
	case dst.stdio:
		if t.addsToBytes() {
			return usage("standard output takes no conditions, headers or metadata")
		}
		if src.stdio {
			return usage("both arguments are -")
		}
		_, err := t.app.print(t.app.stdout, src, t.getOptions(p))
		return err
	case dst.key == "":
		return usage("a key is missing: %s names a bucket", dst)
	case src.stdio:
		return t.stream(t.app.stdin, dst, p)
	case dst.path != "":
		return t.download(src, dst.path, p)
	case src.path != "":
		return t.upload(src.path, dst, p)
	}
	return t.copy(src, dst, p)
}

// stream writes what r gives until its end, which may be far off.
func (t *transfer) stream(r io.Reader, dst location, p *part) error {
	r = &interruptible{ctx: t.app.ctx, r: r}
	if dst.path != "" {
		if t.addsToBytes() {
			return errPlainFile
		}
		n, err := saveFile(t.app.ctx, dst.path, &counted{r: r, report: p.report()}, syncDir)
		o := &storage.Object{Key: filepath.Base(dst.path), Size: n, ETag: storage.ETagNone}
		return t.written(o, err)
	}
	b, key, err := t.app.object(dst)
	if err != nil {
		return err
	}
	return t.written(b.Put(t.app.ctx, key, r, t.putOptions(key, p)))
}

func (t *transfer) upload(path string, dst location, p *part) error {
	if t.read != nil && (t.read.IfMatch != "" || t.read.VersionID != "") {
		return usage("a file has no versions")
	}
	// Looked at here: its absence is "not found" to the user, which no error of a Bucket would say
	// of a local file.
	fi, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case fi.IsDir():
		return usage("%s is a directory: use cp -r", path)
	}
	if !fi.Mode().IsRegular() { // a pipe, as of put <(command)
		f, err := openAside(t.app.ctx, path, os.O_RDONLY)
		if err != nil {
			return err
		}
		defer f.Close()
		return t.stream(f, dst, p)
	}
	b, key, err := t.app.object(dst)
	if err != nil {
		return err
	}
	opts := t.putOptions(key, p)
	if fi.Size() < large {
		return t.written(b.UploadFile(t.app.ctx, key, path, opts))
	}
	from, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return t.resumable([]string{"up", from, dst.bucket, key}, func(state string) error {
		opts.StateFile = state
		return t.written(b.UploadFile(t.app.ctx, key, path, opts))
	})
}

// addsToBytes reports whether more is asked for than an object's bytes.
func (t *transfer) addsToBytes() bool {
	return t.write.given() || t.headers.given() || t.headers.StorageClass != ""
}

var errPlainFile = usage("a plain file takes no conditions, headers or metadata: " +
	"use a file:// URL, or --source-if-match")

// download writes a file of this machine, which has neither conditions nor headers: a file:// URL
// has both.
func (t *transfer) download(src location, path string, p *part) error {
	if t.addsToBytes() {
		return errPlainFile
	}
	b, key, err := t.app.object(src)
	if err != nil {
		return err
	}
	opts := t.getOptions(p)
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		return t.written(b.DownloadFile(t.app.ctx, key, path, opts))
	}
	to, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return t.resumable([]string{"down", src.bucket, key, to}, func(state string) error {
		opts.StateFile = state
		return t.written(b.DownloadFile(t.app.ctx, key, path, opts))
	})
}

func (t *transfer) copy(src, dst location, part *part) error {
	from, srcKey, err := t.app.object(src)
	if err != nil {
		return err
	}
	to, dstKey, err := t.app.object(dst)
	if err != nil {
		return err
	}
	if part != nil && !t.meter.tree {
		t.size(from, srcKey, part)
	}
	h := &t.headers
	o := &storage.CopyOptions{
		IfAbsent: t.write.IfAbsent, IfMatch: string(t.write.IfMatch), StorageClass: h.StorageClass,
		AllowLoss: t.loss, Progress: part.report(),
	}
	if t.read != nil {
		o.SourceIfMatch, o.SourceVersionID = t.read.IfMatch, t.read.VersionID
	}
	if h.given() {
		p := h.putOptions(dstKey)
		o.Replace = true
		o.ContentType, o.ContentEncoding = p.ContentType, p.ContentEncoding
		o.ContentDisposition, o.ContentLanguage = p.ContentDisposition, p.ContentLanguage
		o.CacheControl, o.Metadata, o.Tags = p.CacheControl, p.Metadata, p.Tags
	}
	return t.written(storage.CopyObject(t.app.ctx, to, dstKey, from, srcKey, o))
}

// size looks how large the source of a copy is. A copy does not tell before its end, and one that
// somebody watches is worth the request. If it fails, the copy says why.
func (t *transfer) size(from *storage.Bucket, key string, p *part) {
	var opts storage.StatOptions
	if t.read != nil {
		opts.VersionID = t.read.VersionID
	}
	if o, err := from.Stat(t.app.ctx, key, &opts); err == nil {
		p.expect(o.Size)
	}
}

func (t *transfer) getOptions(p *part) *storage.GetOptions {
	var o storage.GetOptions
	if t.read != nil {
		o = *t.read
	}
	o.Progress = p.report()
	return &o
}

func (t *transfer) putOptions(key string, p *part) *storage.PutOptions {
	o := t.headers.putOptions(key)
	o.Progress = p.report()
	o.IfAbsent, o.IfMatch = t.write.IfAbsent, string(t.write.IfMatch)
	return o
}

// written prints what was written, if that is asked for.
func (t *transfer) written(o *storage.Object, err error) error {
	if err != nil || !t.json {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.app.objectJSON(o)
}

// fileUnder is the path under dir of the object whose key ends in rel. Keys that no file can have,
// or that would lead out of dir, are errors.
func fileUnder(dir, rel string) (string, error) {
	name := filepath.FromSlash(rel)
	if !filepath.IsLocal(name) || filepath.Clean(name) != name || filepath.ToSlash(name) != rel {
		err := errors.New("no file can have this name")
		return "", &storage.Error{Key: rel, Kind: storage.ErrInvalidKey, Err: err}
	}
	return filepath.Join(dir, name), nil
}
