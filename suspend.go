package storage

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
)

// suspended is what a token holds: an account of the upload, and how its parts go on.
type suspended struct {
	uploadAccount
	Unit int64 `json:"unit"` // the size of the first part
	Part int64 `json:"part"` // the size of the next one
}

// Suspend ends the Writer without an object and leaves what the service holds. ResumeWriter goes on
// with it by the token, in any process. Only whole parts are sent: what a later part would have
// begun with is dropped, and the caller writes it again, from Writer.Size of the new Writer on.
//
// The token gives access to the upload: do not log it. After Suspend the Writer is closed, also
// after an error, which aborts the upload. CleanUploads removes suspended uploads by their age. A
// token is good until the upload is committed or aborted, and for one Writer at a time.
//
// Errors: errors.ErrUnsupported where the service has no parts that outlive a process, for a
// conditional write on Cloud Storage, and for a write with Checksums; otherwise as Commit.
func (w *Writer) Suspend() (token string, err error) {
	defer repanic(&err)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err = w.alive(); err == nil {
		token, err = w.stream.suspend()
	}
	w.end()
	err = w.wrap("Suspend", err)
	w.trace.end(err)
	return token, err
}

// Size returns how many bytes the object has so far. It is for the goroutine that writes.
func (w *Writer) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stream == nil {
		return 0
	}
	return w.stream.size
}

// ResumeWriter goes on with the write of a Writer that was suspended. opts must have what it had
// for the object: headers, metadata, tags, class and condition. Writer.Size of the result tells how
// many bytes the service holds; write the object from there on. One request looks for the upload
// where the service lists parts.
//
// Errors: ErrNotExist if the upload is gone; ErrInvalid for a token that is not of this key, or
// with other options; errors.ErrUnsupported as for Suspend.
func (b *Bucket) ResumeWriter(
	ctx context.Context, key, token string, opts *PutOptions,
) (*Writer, error) {
	ctx, op := b.start(ctx, "ResumeWriter", key)
	w := &Writer{key: key, trace: op.trace}
	err := b.resumeWriter(ctx, w, token, opts)
	if err != nil {
		return nil, op.end(err)
	}
	return w, nil
}

func (b *Bucket) resumeWriter(
	ctx context.Context, w *Writer, token string, opts *PutOptions,
) error {
	checked, err := b.newWrite(ctx, w.key, opts)
	if err != nil {
		return err
	}
	s := checked.stream(ctx)
	if err = s.resume(token); err != nil {
		s.cancel()
		return err
	}
	w.stream = s
	return nil
}

// canSuspend reports why the stream cannot outlive its process, or nil.
func (s *stream) canSuspend() error {
	switch {
	case s.limits.Count == 0 || !s.limits.Parallel:
		return &Error{Kind: errors.ErrUnsupported}
	case !s.w.opts.Checksums.IsZero():
		return &Error{
			Kind: errors.ErrUnsupported, Err: errors.New("sums of the whole end with the Writer"),
		}
	}
	return nil
}

// suspend sends the whole parts, leaves the upload and returns its token.
func (s *stream) suspend() (string, error) {
	err := s.alive()
	if err == nil {
		err = s.canSuspend()
	}
	if err != nil {
		return "", err
	}
	if err = s.wholeParts(); err != nil {
		return "", err
	}
	p := s.parts
	if p.upload == nil {
		if p.upload, err = s.w.create(s.ctx, &s.w.e.up, s.limits, -1); err != nil {
			return "", err
		}
	}
	if err = p.sends.wait(); err != nil {
		return "", err
	}
	data, err := json.Marshal(suspended{p.upload.account(), p.unit, p.part})
	if err != nil {
		return "", &Error{Err: err}
	}
	if !p.upload.outlive() {
		return "", &Error{Kind: ErrClosed}
	}
	return base64.RawURLEncoding.EncodeToString(data), nil
}

// outlive makes the upload stay. It returns false if the Bucket was closed, whose abort came first.
func (u *upload) outlive() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.over {
		u.keeps.Store(true)
	}
	return !u.over
}

// resume makes the stream that of a token.
func (s *stream) resume(token string) error {
	if err := s.canSuspend(); err != nil {
		return err
	}
	var t suspended
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	switch {
	case err != nil, t.Upload == "", t.Unit <= 0, t.Part < t.Unit, fit(t.Unit, s.limits) != t.Unit:
		return invalid("the token is not one of Suspend")
	case t.Key != s.w.key:
		return invalid("the token is that of another object")
	case t.Options != s.w.digest():
		return invalid("the options are not those that the write began with")
	}
	for i, part := range t.Parts {
		if part == nil || part.Number != i+1 || part.Size < t.Unit {
			return invalid("the token is not one of Suspend")
		}
	}
	if err := s.w.e.exists(s.ctx, &t.uploadAccount); err != nil {
		return err
	}
	p := newPartWriter(s.ctx, s.w, s.limits)
	p.unit, p.part, p.sent = t.Unit, t.Part, len(t.Parts)
	p.upload = s.w.resume(s.ctx, s.limits, -1, &t.uploadAccount)
	p.offset = p.upload.done
	s.parts, s.limit, s.size = p, p.unit, p.offset
	return nil
}

// exists looks whether the service holds an upload and its parts. An upload that nobody can abort
// is its parts alone: without any it cannot be gone.
func (e *engine) exists(ctx context.Context, a *uploadAccount) error {
	can := e.store.Capabilities()
	if !can.ListParts || len(a.Parts) == 0 && !can.AbortUpload {
		return nil
	}
	var page *PartPage
	c := call{op: "ListPartsPage", key: a.Key}
	err := e.do(ctx, c, func(at *attempt) (err error) {
		page, err = e.store.ListPartsPage(at, a.Key, a.Upload, new(ListPartsOptions))
		return err
	})
	if err == nil && len(page.Parts) == 0 && len(a.Parts) > 0 {
		return &Error{Kind: ErrNotExist, Err: errUploadGone}
	}
	return err
}
