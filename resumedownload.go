package storage

import (
	"context"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// downloadState is what a StateFile holds of a download. No credential is in it.
type downloadState struct {
	Key       string   `json:"key"`                 // as the Store sees it
	VersionID string   `json:"versionId,omitempty"` // as the caller asked
	Offset    int64    `json:"offset,omitempty"`    // as the caller asked
	Length    int64    `json:"length,omitempty"`    // as the caller asked
	Object    *Object  `json:"object"`              // the version
	Start     int64    `json:"start"`               // of the range, in the object
	Total     int64    `json:"total"`               // of the range
	Temp      string   `json:"temp"`                // the name of the file beside the target
	Done      []extent `json:"done"`                // in order, apart from each other
}

// extent is a piece of the file, and the CRC-32C of its bytes.
type extent struct {
	At   int64  `json:"at"`
	Size int64  `json:"size"`
	Sum  []byte `json:"crc32c"`
}

func (x extent) end() int64 { return x.At + x.Size }

// saveEvery is how many bytes arrive between two states.
const saveEvery = 4 << 20

// downloadResumably is downloadFile with a state. old is the regular file that is to be replaced.
func (b *Bucket) downloadResumably(
	ctx context.Context, key, path, state string, old fs.FileInfo, opts *GetOptions,
) (*Object, error) {
	full, err := b.readKey(ctx, key)
	if err != nil {
		return nil, err
	}
	o, err := checkGet(opts)
	if err != nil {
		return nil, err
	}
	d := &resumed{e: b.e, path: path, opts: o, file: stateFile{state, []byte(ofDownloads)}}
	d.state = downloadState{
		Key: full, VersionID: o.VersionID, Offset: o.Offset, Length: o.Length,
	}
	d.progress, d.opts.Progress = forward(o.Progress), nil
	object, err := d.goOn(ctx)
	if object == nil && err == nil {
		object, err = d.begin(ctx, old)
	}
	if d.f == nil {
		return nil, err
	}
	temp := d.f.Name()
	defer d.f.Close()
	if err == nil {
		err = d.f.replace(path, old, b.e.syncDir)
	}
	switch {
	case err == nil:
		d.file.done()
		if d.done == d.state.Total {
			d.tell()
		}
		return object, nil
	case mayResume(err) && d.state.Object != nil: // otherwise no state names the file
		return nil, errors.Join(err, d.save())
	}
	os.Remove(temp)
	return nil, errors.Join(err, d.file.remove())
}

// resumed is a download whose state is kept. It is the target of its requests.
type resumed struct {
	e        *engine
	path     string // of the target
	opts     GetOptions
	file     stateFile
	progress func(Progress)
	f        *ownFile // beside the target

	mu      sync.Mutex
	state   downloadState // it has an Object once the file of the state has one
	saving  bool
	unsaved int64 // bytes
	done    int64
	crc64   func() hash.Hash // of the driver; nil: none, or nothing was fetched
}

// begin downloads everything.
func (d *resumed) begin(ctx context.Context, old fs.FileInfo) (_ *Object, err error) {
	if d.f, err = createBeside(d.path, old); err != nil {
		return nil, err
	}
	s := &d.state
	s.Object, s.Start, s.Total, s.Done = nil, 0, 0, nil
	s.Temp = filepath.Base(d.f.Name())
	d.done, d.unsaved = 0, 0
	return d.e.download(ctx, s.Key, d, d.opts)
}

// begun is told of the version, before its first byte is written.
func (d *resumed) begun(o *Object, start, total int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &d.state
	if s.Object != nil {
		return nil // a piece of what is known
	}
	s.Start, s.Total = start, total
	if o.Size < 0 || o.ETag == ETagNone || total <= d.e.opts.PartSize {
		return nil // nothing that another call could go on with, or would have to
	}
	version, kept := *o, *s
	kept.Object = &version
	if err := d.file.save(&kept); err != nil {
		return err
	}
	s.Object = kept.Object
	return allocate(d.f, total)
}

// WriteAt writes to the file and notes what is there.
func (d *resumed) WriteAt(p []byte, off int64) (int, error) {
	n, err := d.f.WriteAt(p, off)
	if n > 0 {
		d.note(p[:n], off)
	}
	if err == nil {
		err = d.saveNow(false)
	}
	return n, err
}

func (d *resumed) note(p []byte, off int64) {
	c := algorithms[0].New()
	c.Write(p)
	x := extent{off, int64(len(p)), c.Sum(nil)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.Done = withExtent(d.state.Done, x)
	d.unsaved += x.Size
	d.done += x.Size
	if d.done != d.state.Total { // the end is told when the file is in its place
		d.tell()
	}
}

func (d *resumed) tell() {
	if d.progress != nil {
		d.progress(Progress{Done: d.done, Total: d.state.Total})
	}
}

// withExtent adds x to list, which is in order. It belongs to nothing that is there.
func withExtent(list []extent, x extent) []extent {
	i := len(list)
	for i > 0 && list[i-1].At > x.At {
		i--
	}
	if i > 0 && list[i-1].end() == x.At {
		i--
		list[i] = list[i].then(x)
	} else {
		list = append(list, extent{})
		copy(list[i+1:], list[i:])
		list[i] = x
	}
	if i+1 < len(list) && list[i].end() == list[i+1].At {
		list[i] = list[i].then(list[i+1])
		list = append(list[:i+1], list[i+2:]...)
	}
	return list
}

// then is x and, behind it, y.
func (x extent) then(y extent) extent {
	sum := CombineChecksums([]*Part{
		{Size: x.Size, Checksums: Checksums{CRC32C: x.Sum}},
		{Size: y.Size, Checksums: Checksums{CRC32C: y.Sum}},
	})
	return extent{x.At, x.Size + y.Size, sum.CRC32C}
}

// saveNow saves the state if enough has arrived since it was saved, and nobody does.
func (d *resumed) saveNow(always bool) error {
	d.mu.Lock()
	if d.saving || d.state.Object == nil || d.unsaved < saveEvery && !always {
		d.mu.Unlock()
		return nil
	}
	d.saving, d.unsaved = true, 0
	s := d.state
	s.Done = append([]extent(nil), s.Done...)
	d.mu.Unlock()
	err := d.file.save(&s)
	d.mu.Lock()
	d.saving = false
	d.mu.Unlock()
	return err
}

func (d *resumed) save() error { return d.saveNow(true) }

// goOn fetches what the state lacks. It returns nil if there is no state that fits.
func (d *resumed) goOn(ctx context.Context) (*Object, error) {
	var s downloadState
	ok, err := d.file.load(&s)
	if !ok || err != nil {
		return nil, err
	}
	temp := filepath.Join(filepath.Dir(d.path), s.Temp)
	restart := func(why string) (*Object, error) {
		traceRestart(ctx, why)
		if d.f != nil {
			d.f.Close()
			d.f = nil
		}
		if isTemp(s.Temp) && s.Key == d.state.Key {
			os.Remove(temp)
		}
		d.state.Object, d.state.Done, d.done = nil, nil, 0
		return nil, nil
	}
	if why := d.unfit(&s); why != "" {
		return restart(why)
	}
	f, err := os.OpenFile(temp, os.O_RDWR, 0)
	if err != nil {
		return restart("the file of the bytes so far is gone")
	}
	d.f = &ownFile{f}
	d.state = s
	if err := d.check(ctx); err != nil {
		return nil, err
	}
	traceResumed(ctx, d.done)
	if d.done < s.Total {
		d.tell()
	}
	if err = d.fill(ctx); err == nil {
		err = d.verify(ctx)
	}
	if changed(err) && d.opts.IfMatch == "" {
		return restart("the object has changed")
	}
	if isKind(err, ErrIntegrity) {
		return restart("the bytes so far are not those of the object")
	}
	if err != nil {
		return nil, err
	}
	o := *s.Object
	return &o, nil
}

// changed reports whether err says that the version is not there any more.
func changed(err error) bool {
	return isKind(err, ErrPrecondition) || isKind(err, ErrNotExist) || isKind(err, ErrChanged)
}

// isTemp reports whether name is one that createBeside gives. Nothing else is opened or removed.
func isTemp(name string) bool {
	ok, err := filepath.Match(".storage-*.part", name)
	return ok && err == nil && filepath.Base(name) == name
}

// unfit says why the state s is not that of this download; empty: it is.
func (d *resumed) unfit(s *downloadState) string {
	now := &d.state
	switch {
	case s.Key != now.Key:
		return "the state is that of another object"
	case s.Offset != now.Offset, s.Length != now.Length, s.VersionID != now.VersionID:
		return "the options have changed"
	case s.Object == nil, !isTemp(s.Temp), s.Total < 0, s.Start < 0:
		return "the state is damaged"
	case d.opts.IfMatch != "" && d.opts.IfMatch != s.Object.ETag:
		return "another version is asked for"
	}
	at := int64(0)
	for _, x := range s.Done {
		if x.At < at || x.Size <= 0 || x.end() > s.Total {
			return "the state is damaged"
		}
		at = x.end()
	}
	return ""
}

// check drops what is not in the file as the state says: it may not have reached the disk before a
// crash.
func (d *resumed) check(ctx context.Context) error {
	var good []extent
	d.done = 0
	for _, x := range d.state.Done {
		v := newVerifier(Checksums{CRC32C: x.Sum}, true, nil)
		err := d.e.reread(ctx, v, d.f.File, x.At, x.Size)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF): // the file is shorter
		case err != nil:
			return err
		case v.check() == nil:
			good = append(good, x)
			d.done += x.Size
		}
	}
	d.state.Done = good
	return nil
}

// fill fetches the holes. Without any it only looks whether the object is the same.
func (d *resumed) fill(ctx context.Context) error {
	s := &d.state
	version := s.VersionID
	holes := s.holes()
	if len(holes) == 0 {
		_, _, err := d.e.stat(ctx, s.Key, StatOptions{IfMatch: s.Object.ETag, VersionID: version})
		return err
	}
	return parallel(ctx, maxHoles, len(holes), func(ctx context.Context, i int) error {
		o := d.opts
		o.Offset, o.Length = s.Start+holes[i].At, holes[i].Size
		o.IfMatch, o.IfNoneMatch = s.Object.ETag, ""
		_, err := d.e.download(ctx, s.Key, hole{d, holes[i].At}, o)
		return err
	})
}

// maxHoles is how many holes are filled at once. All but the last are small.
const maxHoles = 8

// holes returns what is missing.
func (s *downloadState) holes() (list []extent) {
	at := int64(0)
	for _, x := range s.Done {
		if x.At > at {
			list = append(list, extent{At: at, Size: x.At - at})
		}
		at = x.end()
	}
	if at < s.Total {
		list = append(list, extent{At: at, Size: s.Total - at})
	}
	return list
}

// hole is the target of the request for a piece.
type hole struct {
	d  *resumed
	at int64
}

func (h hole) WriteAt(p []byte, off int64) (int, error) { return h.d.WriteAt(p, h.at+off) }

// sumsBy is told of the driver's own hash, for verify.
func (h hole) sumsBy(crc64 func() hash.Hash) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	h.d.crc64 = crc64
}

// verify compares the file with the checksums of the object, if it is all of it. All holes are
// filled.
func (d *resumed) verify(ctx context.Context) error {
	s := &d.state
	if s.Total != s.Object.Size {
		return nil
	}
	v := newVerifier(s.Object.Checksums, d.opts.VerifyHash, d.crc64)
	if len(v.sums) == 0 {
		return nil
	}
	if err := d.e.reread(ctx, v, d.f.File, 0, s.Total); err != nil {
		return err
	}
	mismatch := v.check()
	if mismatch == nil {
		return nil
	}
	// The state does not tell whether the sums are proven, so a Stat does where they do not fit. If
	// it fails, another call can ask: nothing is known against the bytes.
	f := &fetch{e: d.e, key: s.Key, versionID: s.VersionID, obj: s.Object}
	o, err := f.look(ctx, true)
	if err != nil {
		return err
	}
	return f.decide(v, v.got(), o, mismatch)
}
