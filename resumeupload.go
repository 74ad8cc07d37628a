package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

// uploadState is what a StateFile holds of an upload. No credential is in it.
type uploadState struct {
	uploadAccount
	Source   string `json:"source"` // of a file: which one, see sourceOf; otherwise empty
	Size     int64  `json:"size"`
	PartSize int64  `json:"partSize"`
	Complete bool   `json:"complete,omitempty"` // the commit may have been sent
}

// resumable is an upload of a source in sections that a later process can go on with.
type resumable struct {
	w      *write
	limits PartLimits
	src    io.ReaderAt
	size   int64
	file   stateFile

	mu    sync.Mutex
	state uploadState
}

// resumable writes size bytes of src, in parts that the file at path keeps account of.
func (w *write) resumable(
	ctx context.Context, src io.ReaderAt, size int64, path string,
) (*Object, error) {
	limits := w.limits()
	r := &resumable{
		w: w, limits: limits, src: src, size: size, file: stateFile{path, []byte(ofUploads)},
	}
	r.state = uploadState{
		uploadAccount: uploadAccount{Key: w.key, Options: w.digest()},
		Source:        sourceOf(src), Size: size,
	}
	if size <= w.partSize || limits.Count == 0 || !limits.Parallel {
		// There are no parts that another process could add to.
		if err := r.clear(ctx); err != nil {
			return nil, err
		}
		return w.section(ctx, src, 0, size)
	}
	var err error
	if r.state.PartSize, err = w.partFor(limits, size); err != nil {
		return nil, err
	}
	if err := w.verify(ctx, src, size); err != nil {
		return nil, err
	}
	return again(ctx, func() (*Object, error) { return r.run(ctx) })
}

// sourceOf tells one file from another, and from itself before a change; empty: src is no file.
func sourceOf(src io.ReaderAt) string {
	f, ok := src.(*os.File)
	if !ok {
		return ""
	}
	st, err := f.Stat()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d bytes of %s", st.Size(), st.ModTime().UTC().Format(time.RFC3339Nano))
}

// verify compares the bytes of src with the checksums that the caller gave.
func (w *write) verify(ctx context.Context, src io.ReaderAt, size int64) error {
	if w.opts.Checksums.IsZero() {
		return nil
	}
	v := newVerifier(w.opts.Checksums, true, nil)
	if err := w.e.reread(ctx, v, src, 0, size); err != nil {
		return err
	}
	return v.check()
}

// run goes on with the upload of the state, or begins one, and makes the object.
func (r *resumable) run(ctx context.Context) (o *Object, err error) {
	u, err := r.takeUp(ctx)
	resumed := u != nil
	if u == nil && err == nil {
		u, err = r.begin(ctx)
	}
	if err != nil {
		return nil, err
	}
	defer u.abort() // unless complete or kept; also when the source panics
	u.noted = r.note
	u.keeps.Store(true)
	if o, err = r.finish(ctx, u); err == nil {
		r.file.done()
		return o, nil
	}
	u.fail(err)
	if why := whyAnew(err); why != nil && resumed {
		traceRestart(ctx, why.Error())
	}
	if !mayResume(err) || beginsAnew(err) {
		err = errors.Join(err, r.file.remove())
	}
	return nil, err
}

// finish sends what the service lacks and makes the object.
func (r *resumable) finish(ctx context.Context, u *upload) (*Object, error) {
	if r.state.Complete {
		t := u.truth()
		if v, err := t.look(ctx, false, call{}); err == nil && (v == happened || v == replaced) {
			u.tellEnd()
			return t.o, nil
		}
	}
	if err := u.sendSections(ctx, r.sections(), r.missing()); err != nil {
		return nil, err
	}
	if err := r.w.compare(u.parts); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.state.Complete = true
	err := r.file.save(&r.state)
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return u.complete(ctx)
}

// compare compares the sums of the parts, which are in the order of the object, with those that the
// caller gave, as far as they tell.
func (w *write) compare(parts []*Part) error {
	got := CombineChecksums(parts)
	for i := range algorithms {
		a := &algorithms[i]
		want, have := *a.Of(&w.opts.Checksums), *a.Of(&got)
		if want == nil || have == nil {
			continue
		}
		if v := newVerifier(Checksums{}, true, nil); string(want) != string(have) {
			v.sums = []sum{{algorithm: i, want: want}}
			return v.compare(got)
		}
	}
	return nil
}

// sections are the parts of the object.
func (r *resumable) sections() sectioned {
	return sectioned{src: r.src, size: r.size, part: r.state.PartSize}
}

// missing returns the numbers of the parts that the service lacks.
func (r *resumable) missing() []int {
	has := make(map[int]bool, len(r.state.Parts))
	for _, p := range r.state.Parts {
		has[p.Number] = true
	}
	s := r.sections()
	return slices.DeleteFunc(s.numbers(), func(number int) bool { return has[number] })
}

// note keeps account of a part.
func (r *resumable) note(p *Part) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.Parts = append(r.state.Parts, p)
	return r.file.save(&r.state)
}

// begin begins an upload. The state is written before it, too: if it cannot be, nothing is left
// behind.
func (r *resumable) begin(ctx context.Context) (*upload, error) {
	s := &r.state
	s.Upload, s.WriteID, s.Base, s.Complete, s.Parts = "", "", "", false, nil
	if err := r.file.save(s); err != nil {
		return nil, err
	}
	u, err := r.w.create(ctx, &r.w.e.up, r.limits, r.size)
	if err != nil {
		return nil, errors.Join(err, r.file.remove())
	}
	s.uploadAccount = u.account()
	if err := r.file.save(s); err != nil {
		u.abort()
		return nil, errors.Join(err, r.file.remove())
	}
	return u, nil
}

// takeUp goes on with the upload of the state. It returns nil if there is none that fits.
func (r *resumable) takeUp(ctx context.Context) (*upload, error) {
	s, err := r.earlier()
	if s == nil || err != nil {
		return nil, err
	}
	why, err := r.unfit(ctx, s)
	if err != nil {
		return nil, err
	}
	if why != "" {
		r.drop(ctx, s, why)
		return nil, nil
	}
	w := r.w
	u := w.resume(ctx, r.limits, r.size, &s.uploadAccount)
	r.state = *s
	traceResumed(ctx, u.done)
	if w.progress != nil && u.done < u.total {
		w.progress(Progress{Done: u.done, Total: u.total})
	}
	return u, nil
}

// clear drops the state of an upload that needs none. It comes before the write, so that nothing
// about the state can fail a write that happened.
func (r *resumable) clear(ctx context.Context) error {
	s, err := r.earlier()
	if err != nil {
		return err
	}
	if s != nil {
		r.drop(ctx, s, cmp.Or(r.differs(s), "the upload needs no state"))
	}
	return r.file.remove()
}

// earlier is the state that a call before this one left; nil: there is none that names an upload.
func (r *resumable) earlier() (*uploadState, error) {
	s := new(uploadState)
	if ok, err := r.file.load(s); !ok || err != nil || s.Upload == "" {
		return nil, err
	}
	return s, nil
}

// differs says how the state s shows that it is not that of this upload; empty: it does not.
func (r *resumable) differs(s *uploadState) string {
	now := &r.state
	switch {
	case s.Key != now.Key:
		return "the state is that of another object"
	case s.Size != now.Size, s.Source != now.Source:
		return "the source has changed"
	case s.Options != now.Options:
		return "the options have changed"
	}
	return ""
}

// unfit says why the state s is not that of this upload; empty: it is. The bytes that were sent are
// compared with those of the source by the sums of the parts.
func (r *resumable) unfit(ctx context.Context, s *uploadState) (string, error) {
	if why := r.differs(s); why != "" {
		return why, nil
	}
	if s.PartSize <= 0 || fit(s.PartSize, r.limits) != s.PartSize ||
		ceil(s.Size, s.PartSize) > int64(r.limits.Count) {
		return "the service takes parts of another size", nil
	}
	seen := make(map[int]bool, len(s.Parts))
	for _, p := range s.Parts {
		if p == nil || p.Number < 1 || seen[p.Number] {
			return "the state is damaged", nil
		}
		seen[p.Number] = true
		at := int64(p.Number-1) * s.PartSize
		if at >= s.Size || p.Size != min(s.PartSize, s.Size-at) {
			return "the state is damaged", nil
		}
		v := newVerifier(p.Checksums, false, nil)
		if len(v.sums) == 0 {
			if s.Source == "" {
				return "nothing tells whether the source has changed", nil
			}
			continue
		}
		if err := r.w.e.reread(ctx, v, r.src, at, p.Size); err != nil {
			return "", err
		}
		if v.check() != nil {
			return "the source has changed", nil
		}
	}
	return "", nil
}

// drop tells why nobody will go on with the state s. The upload of another object is left to
// CleanUploads.
func (r *resumable) drop(ctx context.Context, s *uploadState, why string) {
	traceRestart(ctx, why)
	if s.Key == r.w.key {
		r.abandon(ctx, s)
	}
}

// abandon aborts the upload of a state that nobody will go on with. If it fails, CleanUploads finds
// the upload.
func (r *resumable) abandon(ctx context.Context, s *uploadState) {
	e := r.w.e
	ctx, cancel := context.WithTimeout(ctx, e.opts.AbortTimeout)
	defer cancel()
	_ = e.do(ctx, call{op: "AbortUpload", key: s.Key, cleanup: true}, func(a *attempt) error {
		return e.store.AbortUpload(a, s.Key, s.Upload)
	})
}
