package storage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// A process that was killed behind the commit finds its object and writes it once, in whatever
// order the parts have arrived.
func TestResumeUploadCommitted(t *testing.T) {
	for _, opts := range []storage.PutOptions{{}, {IfAbsent: true}} {
		r := newResuming(t, 4)
		var kept []byte
		r.store.Add(fault.Rule{Op: "CompleteUpload", Times: 1, Fault: fault.None().After(
			func(context.Context, storage.FullStore, fault.Call) error {
				kept, _ = os.ReadFile(r.state)
				return nil
			})})
		o := opts
		first, err := r.upload(&o)
		if err != nil {
			t.Fatal(err)
		}
		kept = backwards(t, kept)
		if err := os.WriteFile(r.state, kept, 0o600); err != nil { // as a kill would have left it
			t.Fatal(err)
		}
		r.store.Reset()
		o = opts
		var told []storage.Progress
		o.Progress = func(p storage.Progress) { told = append(told, p) }
		second, err := r.upload(&o)
		if err != nil || second.ETag != first.ETag {
			t.Errorf("%+v: %v, %v, want the object of the first call, %v", opts, second, err, first)
		}
		if n := r.store.Count("PutPart", "CompleteUpload"); n != 0 {
			t.Errorf("%d requests write", n)
		}
		size := int64(len(r.data))
		if d := cmp.Diff([]storage.Progress{{Done: size, Total: size}}, told); d != "" {
			t.Errorf("Progress where nothing is left to send (-want +got):\n%s", d)
		}
		r.whole(t)
	}
}

// backwards is the state with its parts in reverse.
func backwards(t *testing.T, state []byte) []byte {
	t.Helper()
	var s struct{ Parts []json.RawMessage }
	if err := json.Unmarshal(state, &s); err != nil {
		t.Fatal(err)
	}
	join := func() []byte {
		var list [][]byte
		for _, p := range s.Parts {
			list = append(list, p)
		}
		return bytes.Join(list, []byte(","))
	}
	old := join()
	slices.Reverse(s.Parts)
	if len(s.Parts) < 2 || !bytes.Contains(state, old) {
		t.Fatalf("the state has no parts: %s", state)
	}
	return bytes.Replace(state, old, join(), 1)
}

// The sums of parts are combined in the order of the object, whichever part arrives last.
func TestResumeUploadOutOfOrder(t *testing.T) {
	r := newResuming(t, 3)
	r.Bucket, r.store = newBucket(t, storage.Options{Concurrency: 4})
	others := make(chan struct{}) // closed when all but the first part have arrived
	r.store.Add(fault.Rule{Op: "PutPart", Times: fault.Always, Fault: fault.None().Before(
		func(ctx context.Context, _ storage.FullStore, c fault.Call) error {
			if c.Options.(storage.PartOptions).Offset == 0 {
				select {
				case <-others:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})})
	_, err := r.upload(&storage.PutOptions{
		Checksums: storage.Checksums{CRC32C: sumOf(r.data)},
		Progress: func(p storage.Progress) {
			if p.Done == int64(len(r.data)-partSize) {
				close(others)
			}
		},
	})
	if err != nil {
		t.Error(err)
	}
	r.whole(t)
}

// An upload whose state cannot be written is not begun, or aborted.
func TestResumeUploadStateless(t *testing.T) {
	for name, ready := range map[string]func(r *resuming){
		"at first": func(*resuming) {},
		"behind the beginning": func(r *resuming) {
			if err := os.Mkdir(filepath.Dir(r.state), 0o700); err != nil {
				t.Fatal(err)
			}
			r.store.Add(fault.Rule{Op: "CreateUpload", Fault: fault.None().After(
				func(context.Context, storage.FullStore, fault.Call) error {
					return os.RemoveAll(filepath.Dir(r.state))
				})})
		},
	} {
		r := newResuming(t, 2)
		r.state = filepath.Join(filepath.Dir(r.source), "none", "state")
		ready(r)
		if _, err := r.upload(nil); err == nil {
			t.Errorf("%s: an upload has a state in a directory that is not there", name)
		}
		if n := r.store.Count("PutPart"); n != 0 {
			t.Errorf("%s: %d parts were sent", name, n)
		}
		if _, err := r.WriteAll(t.Context(), "k", r.data, nil); err != nil {
			t.Fatal(err)
		}
		r.whole(t)
	}
}
