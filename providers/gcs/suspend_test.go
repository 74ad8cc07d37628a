package gcs

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/gcsfake"
)

// A conditional write is one session of this process: it cannot be suspended, and with a StateFile
// it begins again, all of it, and leaves no state.
func TestConditionalBeginsAgain(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	store, err := New(t.Context(), f.bucket, &f.options)
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(store, &storage.Options{PartSize: 5 << 20, Concurrency: 1})
	defer b.Close()
	data := bytes.Repeat([]byte("storage"), 12<<20/7)
	for name, opts := range map[string]storage.PutOptions{
		"IfAbsent": {IfAbsent: true}, "tags": {Tags: map[string]string{"a": "b"}},
	} {
		w := b.NewWriter(t.Context(), "k", &opts)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if token, err := w.Suspend(); !errors.Is(err, errors.ErrUnsupported) || token != "" {
			t.Errorf("%s: Suspend = %q, %v, want %v", name, token, err, errors.ErrUnsupported)
		}
		_, err := b.ResumeWriter(t.Context(), "k", "e30", &opts)
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: ResumeWriter: %v, want %v", name, err, errors.ErrUnsupported)
		}
		dir := t.TempDir()
		source, state := filepath.Join(dir, "source"), filepath.Join(dir, "state")
		if err := os.WriteFile(source, data, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var sent int64
		upload := func(ctx context.Context, then func()) error {
			sent = 0
			o := opts
			o.StateFile = state
			o.Progress = func(p storage.Progress) {
				if sent = p.Done; sent > 0 {
					then()
				}
			}
			_, err := b.UploadFile(ctx, "k", source, &o)
			return err
		}
		if err := upload(ctx, cancel); !errors.Is(err, context.Canceled) || sent == 0 {
			t.Fatalf("%s: the first call: %v, %d bytes", name, err, sent)
		}
		if _, err := os.Stat(state); err == nil {
			t.Errorf("%s: there is a state, with which nothing can go on", name)
		}
		if err := upload(t.Context(), func() {}); err != nil || sent != int64(len(data)) {
			t.Fatalf("%s: the second call: %v, %d bytes", name, err, sent)
		}
		got, err := b.ReadAll(t.Context(), "k", nil)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: the object has %d bytes, %v", name, len(got), err)
		}
		if err := b.Delete(t.Context(), "k", nil); err != nil {
			t.Fatal(err)
		}
	}
}
