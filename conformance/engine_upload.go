package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

var uploadFaultChecks = []check{
	{
		name: "engine/upload-gone", feature: Engine, needs: []Feature{Multipart, AbortUpload},
		rule: "rule 11: an upload that the service took back at its completion is made again " +
			"from a source that can be read again, and is ErrUnavailable for a stream, in doubt " +
			"where no condition tells",
		run: rigged(uploadGone),
	},
	{
		name: "engine/upload-ended", feature: Engine, needs: []Feature{Multipart, AbortUpload},
		rule: "rule 11: an upload that somebody ends between its parts is made again from a " +
			"source that can be read again, and is ErrUnavailable for a stream",
		run: rigged(uploadEnded),
	},
	{
		name: "engine/refused-upload", feature: Engine,
		needs: []Feature{Multipart, MultipartConditions, AbortUpload, ListUploads},
		rule: "rule 3: a multipart upload whose completion is refused leaves no upload, and " +
			"costs one look",
		run: rigged(func(ctx context.Context, r *rig) error {
			if _, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("there")),
				&storage.PutOptions{IfAbsent: true}); err != nil {
				return err
			}
			for _, p := range []writePath{writePaths[5], writePaths[6]} {
				r.faults.Reset()
				_, err := p.write(ctx, r, "k", r.large(1), true, "")
				what := p.name + " with IfAbsent on an object"
				r.refused(what, err, storage.ErrExist)
				r.called(what, "Stat", 1)
				r.listsNoUpload(ctx, what, "k")
			}
			r.holds(ctx, r.key("k"), []byte("there"))
			return nil
		}),
	},
	{
		name: "engine/part-again", feature: Engine, needs: []Feature{Multipart},
		rule: "rule 26: a part that fails is sent again, alone",
		run: rigged(func(ctx context.Context, r *rig) error {
			for i, f := range []fault.Fault{fault.Unsent(), fault.Doubt(), fault.Lost(),
				fault.Throttle(0)} {
				name, data := fmt.Sprint("k", i), r.large(uint64(i))
				r.script("PutPart", f)
				o, err := r.b.Put(ctx, name, bytes.NewReader(data), nil)
				r.wrote(ctx, "Put in two parts", name, o, err, data)
				r.called("Put in two parts", "PutPart", 3)
				r.called("Put in two parts", "CreateUpload", 1)
				if !r.opts.Full {
					break
				}
			}
			return nil
		}),
	},
	{
		name: "engine/late-part", feature: Engine, needs: []Feature{Multipart},
		rule: "rule 11: a part whose first attempt arrives behind its second spoils no upload: " +
			"where the service no longer has the part that is named, it is made again from a " +
			"source that can be read again, and is ErrUnavailable for a stream",
		run: rigged(latePart),
	},
}

// uploadGone lets the service forget the upload when it is to be completed: S3 answers 409 and
// drops it.
func uploadGone(ctx context.Context, r *rig) error {
	gone := fault.Unsent().Before(func(
		ctx context.Context, inner storage.FullStore, c fault.Call,
	) error {
		return inner.AbortUpload(ctx, c.Key, c.UploadID)
	})
	data := r.large(1)
	r.script("CompleteUpload", gone)
	o, err := r.b.Put(ctx, "sized", bytes.NewReader(data), nil)
	r.wrote(ctx, "Put of a *bytes.Reader, its upload gone", "sized", o, err, data)
	r.called("Put of a *bytes.Reader, its upload gone", "CreateUpload", 2)

	r.script("CompleteUpload", gone)
	what := "Put of a stream, its upload gone"
	_, err = r.b.Put(ctx, "stream", onlyRead{bytes.NewReader(data)}, nil)
	if r.got(what, err, storage.ErrUnavailable) {
		r.inDoubt(what, err, true)
	}
	r.missing(ctx, r.key("stream"))
	if r.has(MultipartConditions) {
		what += ", with IfAbsent"
		r.script("CompleteUpload", gone)
		_, err = r.b.Put(ctx, "stream", onlyRead{bytes.NewReader(data)},
			&storage.PutOptions{IfAbsent: true})
		r.refused(what, err, storage.ErrUnavailable)
		r.missing(ctx, r.key("stream"))
	}
	r.noUploads("after all")
	return nil
}

// uploadEnded aborts the upload of a Put before its last part, which is small: a server that
// refuses a large one often cuts the connection under it, and then nobody has its answer.
func uploadEnded(ctx context.Context, r *rig) error {
	ends := fault.None().Before(func(
		ctx context.Context, inner storage.FullStore, c fault.Call,
	) error {
		return inner.AbortUpload(ctx, c.Key, c.UploadID)
	})
	data := pattern(2*int(r.part)+1000, 1)
	opts := []*storage.PutOptions{{Concurrency: 1}}
	if r.has(MultipartConditions) {
		opts = append(opts, &storage.PutOptions{Concurrency: 1, IfAbsent: true})
	}
	for i, o := range opts {
		what := fmt.Sprintf("Put with IfAbsent %v whose upload is ended", o.IfAbsent)
		name := fmt.Sprint("k", i)
		last := fault.Rule{Op: "PutPart", Skip: 2, Fault: ends}
		r.faults.Reset()
		r.faults.Add(last)
		made, err := r.b.Put(ctx, name, bytes.NewReader(data), o)
		r.wrote(ctx, what, name, made, err, data)
		r.called(what, "CreateUpload", 2)

		r.faults.Reset()
		r.faults.Add(last)
		_, err = r.b.Put(ctx, name+"s", onlyRead{bytes.NewReader(data)}, o)
		r.refused("a stream: "+what, err, storage.ErrUnavailable)
		r.missing(ctx, r.key(name+"s"))
	}
	r.noUploads("after all")
	return nil
}

// latePart lets the first part of an upload arrive once more before the completion: the attempt
// that was given up was slow, and no more.
func latePart(ctx context.Context, r *rig) error {
	data := r.large(1)
	arrives := fault.None().Before(func(
		ctx context.Context, inner storage.FullStore, c fault.Call,
	) error {
		body := bytes.NewReader(data[:r.part])
		_, _ = inner.PutPart(ctx, c.Key, c.UploadID, 1, body, r.part, &storage.PartOptions{})
		return nil // nobody hears what the service says to it
	})
	opts := []*storage.PutOptions{nil}
	if r.has(MultipartConditions) {
		opts = append(opts, &storage.PutOptions{IfAbsent: true})
	}
	for i, o := range opts {
		for _, stream := range []bool{false, true} {
			var body io.Reader = bytes.NewReader(data)
			if stream {
				body = onlyRead{body}
			}
			name := fmt.Sprintf("k%d-%v", i, stream)
			what := fmt.Sprintf("Put whose first part comes late, IfAbsent %v, a stream %v", i > 0,
				stream)
			r.script("PutPart", fault.Doubt())
			r.faults.Next("CompleteUpload", arrives)
			made, err := r.b.Put(ctx, name, body, o)
			if stream && err != nil {
				r.refused(what, err, storage.ErrUnavailable)
				r.missing(ctx, r.key(name))
				continue
			}
			r.wrote(ctx, what, name, made, err, data)
		}
	}
	r.noUploads("after all")
	return nil
}

// listsNoUpload notes an upload that the service lists for name.
func (r *rig) listsNoUpload(ctx context.Context, what, name string) {
	r.noUploads(what)
	page, err := r.store.ListUploadsPage(ctx, &storage.ListOptions{Prefix: r.key(name)})
	if !r.got(what+": ListUploadsPage", err, nil) {
		return
	}
	for _, u := range page.Uploads {
		if u.Key == r.key(name) {
			r.errorf("%s: the service still lists upload %s", what, u.ID)
		}
	}
}
