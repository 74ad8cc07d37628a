package resume

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/fivestores"
)

// lastCall keeps the last call that ended.
type lastCall struct{ call storage.Call }

func (l *lastCall) EndRequest(context.Context, *storage.Request)  {}
func (l *lastCall) EndCall(_ context.Context, call *storage.Call) { l.call = *call }
func (l *lastCall) StartCall(ctx context.Context, _ *storage.Call) context.Context {
	return ctx
}
func (l *lastCall) StartRequest(ctx context.Context, _ *storage.Request) context.Context {
	return ctx
}

// transfer is one that is broken off and made again.
type transfer struct {
	b              *storage.Bucket
	trace          *lastCall
	dir            string
	source, target string
	data           []byte // what is written, or is there
}

func newTransfer(t *testing.T, url string) *transfer {
	tr := &transfer{trace: new(lastCall), dir: t.TempDir(), data: random(12<<20, 1)}
	tr.source, tr.target = filepath.Join(tr.dir, "source"), filepath.Join(tr.dir, "target")
	var err error
	tr.b, err = storage.OpenWith(t.Context(), url, &storage.Options{
		PartSize: partSize, Concurrency: 1, Tracer: tr.trace, NoHedging: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.b.Close() })
	tr.write(t, tr.data)
	return tr
}

func random(n int, seed uint64) []byte {
	from := rand.New(rand.NewPCG(seed, 2))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(from.Uint32())
	}
	return data
}

func (tr *transfer) write(t *testing.T, data []byte) {
	t.Helper()
	tr.data = data
	if err := os.WriteFile(tr.source, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (tr *transfer) put(p func(storage.Progress)) *storage.PutOptions {
	return &storage.PutOptions{StateFile: filepath.Join(tr.dir, "state"), Progress: p}
}

func (tr *transfer) upload(ctx context.Context, p func(storage.Progress)) error {
	_, err := tr.b.UploadFile(ctx, "k", tr.source, tr.put(p))
	return err
}

func (tr *transfer) fromMemory(ctx context.Context, p func(storage.Progress)) error {
	_, err := tr.b.PutReaderAt(ctx, "k", bytes.NewReader(tr.data), int64(len(tr.data)), tr.put(p))
	return err
}

func (tr *transfer) download(ctx context.Context, p func(storage.Progress)) error {
	_, err := tr.b.DownloadFile(ctx, "k", tr.target, &storage.GetOptions{
		StateFile: filepath.Join(tr.dir, "state"), Progress: p,
	})
	return err
}

// changes are what happens between the two calls, and what the second one says of it.
var changes = []struct {
	name   string
	make   func(tr *transfer) func(context.Context, func(storage.Progress)) error
	change func(t *testing.T, tr *transfer)
	why    string
}{
	{"nothing of a file", uploads, func(*testing.T, *transfer) {}, ""},
	{"nothing in memory", fromMemory, func(*testing.T, *transfer) {}, ""},
	{"nothing of an object", downloads, func(*testing.T, *transfer) {}, ""},
	{"the source", uploads, func(t *testing.T, tr *transfer) {
		tr.write(t, random(11<<20, 3))
	}, "the source has changed"},
	{"a byte of the source, not its time", uploads, func(t *testing.T, tr *transfer) {
		st, err := os.Stat(tr.source)
		if err != nil {
			t.Fatal(err)
		}
		tr.write(t, flipped(tr.data))
		if err := os.Chtimes(tr.source, time.Time{}, st.ModTime()); err != nil {
			t.Fatal(err)
		}
	}, "the source has changed"},
	{"a byte in memory", fromMemory, func(_ *testing.T, tr *transfer) {
		tr.data = flipped(tr.data)
	}, "the source has changed"},
	{"the object", downloads, func(t *testing.T, tr *transfer) {
		tr.data = flipped(tr.data)
		if _, err := tr.b.WriteAll(t.Context(), "k", tr.data, nil); err != nil {
			t.Fatal(err)
		}
	}, "the object has changed"},
}

func flipped(data []byte) []byte {
	data = bytes.Clone(data)
	data[5] ^= 1
	return data
}

func uploads(tr *transfer) func(context.Context, func(storage.Progress)) error { return tr.upload }
func fromMemory(tr *transfer) func(context.Context, func(storage.Progress)) error {
	return tr.fromMemory
}
func downloads(tr *transfer) func(context.Context, func(storage.Progress)) error {
	return tr.download
}

// TestChanged breaks a transfer off on each store, lets what it is of change, and makes it again.
// It begins again and says why, and nothing of what was there before shows; without a change it
// goes on.
func TestChanged(t *testing.T) {
	for _, s := range fivestores.All(t) {
		for _, c := range changes {
			t.Run(s.Name+"/"+c.name, func(t *testing.T) {
				tr := newTransfer(t, s.URL)
				if _, err := tr.b.WriteAll(t.Context(), "k", tr.data, nil); err != nil {
					t.Fatal(err)
				}
				call := c.make(tr)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				err := call(ctx, func(p storage.Progress) {
					if p.Done > 0 {
						cancel()
					}
				})
				if !errors.Is(err, context.Canceled) || gone(filepath.Join(tr.dir, "state")) {
					t.Fatalf("the first call: %v, and a state is there: %v", err,
						!gone(filepath.Join(tr.dir, "state")))
				}
				c.change(t, tr)
				if err := call(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				got := tr.trace.call
				if got.Restarted != c.why || (got.Resumed > 0) != (c.why == "") &&
					c.why != "the object has changed" { // which is noticed after its bytes
					t.Errorf("%d bytes were resumed, and Restarted is %q, want %q", got.Resumed,
						got.Restarted, c.why)
				}
				tr.judge(t)
			})
		}
	}
}

// judge checks that both ends have the data, and that nothing is left.
func (tr *transfer) judge(t *testing.T) {
	t.Helper()
	if got, err := tr.b.ReadAll(t.Context(), "k", nil); err != nil || !bytes.Equal(got, tr.data) {
		t.Errorf("the object has %d bytes, %v, and they are not the %d of its source", len(got),
			err, len(tr.data))
	}
	if got, err := os.ReadFile(tr.target); err == nil && !bytes.Equal(got, tr.data) {
		t.Errorf("the target has %d bytes, and they are not those of the object", len(got))
	}
	if !gone(filepath.Join(tr.dir, "state")) {
		t.Error("the state is left")
	}
	if left, err := filepath.Glob(filepath.Join(tr.dir, ".storage-*")); err != nil || left != nil {
		t.Errorf("%v are left, %v", left, err)
	}
	n, err := tr.b.CleanUploads(t.Context(), 0, nil)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) || n > 0 {
		t.Errorf("%d uploads are left, %v", n, err)
	}
}
