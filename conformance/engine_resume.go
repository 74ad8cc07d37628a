package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// readPath is one way in which a Bucket reads a whole object.
type readPath struct {
	name    string
	ordered bool // one request after the other, so that it is known which one a fault meets
	sums    bool // the sum over the object is checked
	read    func(ctx context.Context, r *rig, name string) ([]byte, error)
}

var readPaths = []readPath{
	{"Reader", true, true, func(ctx context.Context, r *rig, name string) ([]byte, error) {
		return readReader(ctx, r, name, 1)
	}},
	{"WriteTo", true, true, func(ctx context.Context, r *rig, name string) ([]byte, error) {
		return readWriteTo(ctx, r, name, single)
	}},
	{"WriteTo in ranges", false, true,
		func(ctx context.Context, r *rig, name string) ([]byte, error) {
			return readWriteTo(ctx, r, name, nil)
		}},
	{"ReadAll", true, true, func(ctx context.Context, r *rig, name string) ([]byte, error) {
		return r.b.ReadAll(ctx, name, single)
	}},
	{"ReadAll in ranges", false, true,
		func(ctx context.Context, r *rig, name string) ([]byte, error) {
			return r.b.ReadAll(ctx, name, nil)
		}},
	{"Reader with Concurrency", false, true,
		func(ctx context.Context, r *rig, name string) ([]byte, error) {
			return readReader(ctx, r, name, 3)
		}},
	{"ReaderAt.ReadAt", true, false, readReaderAt},
	{"ReaderAt.Read", true, false, readSeeker},
	{"ReaderAt.ReadRanges", false, false, readRanges},
	{"Download", false, true, readDownload},
	{"DownloadFile", false, true, readDownloadFile},
}

func readReader(ctx context.Context, r *rig, name string, concurrency int) ([]byte, error) {
	rd, err := r.b.Get(ctx, name, &storage.GetOptions{Concurrency: concurrency})
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	return io.ReadAll(onlyRead{rd})
}

func readWriteTo(
	ctx context.Context, r *rig, name string, opts *storage.GetOptions,
) ([]byte, error) {
	rd, err := r.b.Get(ctx, name, opts)
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	var buf bytes.Buffer
	_, err = rd.WriteTo(&buf)
	return buf.Bytes(), err
}

func readReaderAt(ctx context.Context, r *rig, name string) ([]byte, error) {
	ra, err := r.b.NewReaderAt(ctx, name, nil)
	if err != nil {
		return nil, err
	}
	defer ra.Close()
	buf := make([]byte, ra.Size())
	n, err := ra.ReadAt(buf, 0)
	if err == io.EOF && n == len(buf) {
		err = nil
	}
	return buf[:n], err
}

func readSeeker(ctx context.Context, r *rig, name string) ([]byte, error) {
	ra, err := r.b.NewReaderAt(ctx, name, nil)
	if err != nil {
		return nil, err
	}
	defer ra.Close()
	return io.ReadAll(onlyRead{ra})
}

func readRanges(ctx context.Context, r *rig, name string) ([]byte, error) {
	ra, err := r.b.NewReaderAt(ctx, name, nil)
	if err != nil {
		return nil, err
	}
	defer ra.Close()
	half := ra.Size() / 2
	data, err := ra.ReadRanges([]storage.Range{{Length: half}, {Offset: half, Length: ra.Size()}})
	return bytes.Join(data, nil), err
}

func readDownload(ctx context.Context, r *rig, name string) ([]byte, error) {
	f, err := os.CreateTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := r.b.Download(ctx, name, f, nil); err != nil {
		return nil, err
	}
	return os.ReadFile(f.Name())
}

// readDownloadFile also notes when a failure does not leave the old file, alone.
func readDownloadFile(ctx context.Context, r *rig, name string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path, old := filepath.Join(dir, "file"), []byte("the old file")
	if err := os.WriteFile(path, old, 0o600); err != nil {
		return nil, err
	}
	_, err = r.b.DownloadFile(ctx, name, path, nil)
	if err == nil {
		return os.ReadFile(path)
	}
	if now, readErr := os.ReadFile(path); readErr != nil || !bytes.Equal(now, old) {
		r.errorf("DownloadFile failed, and the old file is not as it was: %d bytes, %v",
			len(now), readErr)
	}
	if left, globErr := os.ReadDir(dir); globErr != nil || len(left) != 1 {
		r.errorf("DownloadFile failed and left %d files, want the old one: %v", len(left), globErr)
	}
	return nil, err
}

// readSize is the size of the objects that are read, in ranges of readPart where ranges are read at
// once.
const (
	readSize = 200_000
	readPart = 64 << 10
)

// reading makes a rig and calls run for each path with an object of its own.
func reading(
	run func(ctx context.Context, r *rig, p readPath, name string, data []byte) error,
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		r := e.rig(func(o *storage.Options) { o.PartSize = readPart })
		for i, p := range readPaths {
			name, data := fmt.Sprint("k", i), pattern(readSize, uint64(i))
			if _, err := r.put(ctx, r.key(name), data, nil); err != nil {
				return err
			}
			r.faults.Reset()
			if err := run(ctx, r, p, name, data); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		return nil
	}
}

var resumeChecks = []check{
	{
		name: "engine/resume", feature: Engine,
		rule: "rule 13: a read whose connection breaks goes on at the byte where it stopped, " +
			"held to the same version",
		run: reading(resumed),
	},
	{
		name: "engine/resume-often", feature: Engine,
		rule: "rule 13: a read goes on however often it breaks, as long as bytes arrive between",
		run: rigged(func(ctx context.Context, r *rig) error {
			data := pattern(readSize, 1)
			if _, err := r.put(ctx, r.key("k"), data, nil); err != nil {
				return err
			}
			r.always("Get", fault.Cut(readSize/10))
			got, err := r.b.ReadAll(ctx, "k", single)
			if r.got("ReadAll of a body that breaks after every tenth of it", err, nil) {
				r.same("ReadAll", got, data)
			}
			r.faults.Reset()
			r.always("Get", fault.Cut(0))
			got, err = r.b.ReadAll(ctx, "k", single)
			r.got(fmt.Sprintf("ReadAll (%d bytes) of a body that breaks at once, always", len(got)),
				err, storage.ErrUnavailable)
			r.called("ReadAll of a body that breaks at once, always", "Get", 4)
			return nil
		}),
	},
	{
		name: "engine/changed", feature: Engine,
		rule: "rule 13: a read that breaks and whose object was replaced meanwhile is " +
			"ErrChanged, never mixed bytes",
		run: reading(func(ctx context.Context, r *rig, p readPath, name string, _ []byte) error {
			replaced := func(ctx context.Context, _ storage.FullStore, _ fault.Call) error {
				_, err := r.put(ctx, r.key(name), pattern(readSize, 1000), nil)
				return err
			}
			r.faults.Next("Get", fault.Cut(1000), fault.None().Before(replaced))
			data, err := p.read(ctx, r, name)
			r.got(fmt.Sprintf("%s (%d bytes) of an object that is replaced after a break", p.name,
				len(data)), err, storage.ErrChanged)
			return nil
		}),
	},
	{
		name: "engine/gone", feature: Engine,
		rule: "rule 13: a read that breaks and whose object was deleted meanwhile is ErrChanged",
		run: reading(func(ctx context.Context, r *rig, p readPath, name string, _ []byte) error {
			r.faults.Next("Get", fault.Cut(1000), fault.None().Before(r.deletes(name)))
			data, err := p.read(ctx, r, name)
			r.got(fmt.Sprintf("%s (%d bytes) of an object that is deleted after a break", p.name,
				len(data)), err, storage.ErrChanged)
			return nil
		}),
	},
	{
		name: "engine/short-body", feature: Engine,
		rule: "rule 14: a body that ends too early is never a success",
		run:  reading(shortBody),
	},
}

func resumed(ctx context.Context, r *rig, p readPath, name string, data []byte) error {
	now, err := r.stat(ctx, r.key(name), nil)
	if err != nil {
		return err
	}
	r.faults.Next("Get", fault.Cut(1000), fault.Cut(0), fault.Cut(500))
	got, err := p.read(ctx, r, name)
	if !r.got(p.name+" of a body that breaks three times", err, nil) {
		return nil
	}
	r.same(p.name+" of a body that breaks three times", got, data)

	var offsets []int64
	for i, c := range r.faults.Calls("Get") {
		o := c.Options.(storage.GetOptions)
		offsets = append(offsets, o.Offset)
		if i > 0 && o.IfMatch != now.ETag {
			r.errorf("%s: request %d has IfMatch %q, want the version's %q", p.name, i+1, o.IfMatch,
				now.ETag)
		}
	}
	if want := []int64{0, 1000, 1000, 1500}; p.ordered && fmt.Sprint(offsets) != fmt.Sprint(want) {
		r.errorf("%s: requests at offsets %d, want %d: it broke after 1000, 0 and 500 bytes",
			p.name, offsets, want)
	}
	return nil
}

func shortBody(ctx context.Context, r *rig, p readPath, name string, data []byte) error {
	r.faults.Next("Get", fault.Short(1000))
	got, err := p.read(ctx, r, name)
	if r.got(p.name+" of a body that ends too early once", err, nil) {
		r.same(p.name+" of a body that ends too early once", got, data)
	}
	r.faults.Reset()
	r.always("Get", fault.Short(0))
	got, err = p.read(ctx, r, name)
	if err == nil {
		r.errorf("%s of a body that always ends too early = %d bytes of %d, nil", p.name, len(got),
			len(data))
	} else if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, storage.ErrUnavailable) {
		r.errorf("%s of a body that always ends too early: %w; want %w", p.name, err,
			io.ErrUnexpectedEOF)
	}
	return nil
}

// single reads by one request after the other.
var single = &storage.GetOptions{Concurrency: 1}
