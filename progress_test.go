package storage_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// TestProgress never goes back, counts nothing twice, and ends at the size, whatever fails on the
// way.
func TestProgress(t *testing.T) {
	const size = 4*partSize + 10
	data := bytesOf(size)
	type progress = storage.Progress
	b, s := newBucket(t, storage.Options{Concurrency: 1, Retry: storage.RetryOptions{MinDelay: 1}})
	if _, err := b.Put(t.Context(), "src", bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	known := []progress{{partSize, size}, {2 * partSize, size}, {3 * partSize, size},
		{4 * partSize, size}, {size, size}}
	unknown := []progress{{partSize, -1}, {2 * partSize, -1}, {3 * partSize, -1},
		{4 * partSize, -1}, {size, -1}, {size, size}}
	path := filepath.Join(t.TempDir(), "file")
	for name, c := range map[string]struct {
		do   func(report func(progress)) error
		want []progress
	}{
		"sized": {func(f func(progress)) error {
			_, err := b.Put(t.Context(), "k", bytes.NewReader(data),
				&storage.PutOptions{Progress: f})
			return err
		}, known},
		"stream": {func(f func(progress)) error {
			_, err := b.Put(t.Context(), "k", onlyReader{bytes.NewReader(data)},
				&storage.PutOptions{Progress: f})
			return err
		}, unknown},
		"small": {func(f func(progress)) error {
			_, err := b.Put(t.Context(), "k", bytes.NewReader(data[:10]),
				&storage.PutOptions{Progress: f})
			return err
		}, []progress{{10, 10}}},
		"empty": {func(f func(progress)) error {
			_, err := b.Put(t.Context(), "k", bytes.NewReader(nil),
				&storage.PutOptions{Progress: f})
			return err
		}, []progress{{0, 0}}},
		"copy": {func(f func(progress)) error {
			_, err := b.Copy(t.Context(), "k", "src",
				&storage.CopyOptions{Progress: f, IfAbsent: false})
			return err
		}, []progress{{size, size}}},
		"download file": {func(f func(progress)) error {
			_, err := b.DownloadFile(t.Context(), "src", path, &storage.GetOptions{Progress: f})
			return err
		}, nil},
	} {
		s.Reset()
		for _, op := range []string{"Put", "PutPart", "CompleteUpload", "Copy"} {
			s.Next(op, fault.Unsent())
		}
		s.Next("Get", fault.Cut(10))
		var got []progress
		if err := c.do(func(p progress) { got = append(got, p) }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" && c.want != nil {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		for i, p := range got {
			if i > 0 && p.Done < got[i-1].Done {
				t.Errorf("%s: it goes back: %v", name, got)
			}
		}
		if last := got[len(got)-1]; last.Done != last.Total {
			t.Errorf("%s ends at %v", name, last)
		}
	}
}

// TestProgressOfUploadMadeAgain does not go back to the beginning.
func TestProgressOfUploadMadeAgain(t *testing.T) {
	b, s := newBucket(t, storage.Options{Concurrency: 1})
	gone := &storage.Error{Kind: storage.ErrNotExist, Code: "NoSuchUpload"}
	s.Next("CompleteUpload", fault.Refuse(gone))
	var done []int64
	_, err := b.Put(t.Context(), "k", bytes.NewReader(bytesOf(2*partSize)),
		&storage.PutOptions{Progress: func(p storage.Progress) { done = append(done, p.Done) }})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range done {
		if i > 0 && n < done[i-1] {
			t.Errorf("it goes back: %d", done)
		}
	}
	if len(done) == 0 || done[len(done)-1] != 2*partSize {
		t.Errorf("it ends with %d, want %d", done, 2*partSize)
	}
}
