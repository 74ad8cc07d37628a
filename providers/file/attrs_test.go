package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/polystore/storage"
)

func fullOptions() *storage.PutOptions {
	return &storage.PutOptions{
		ContentType:        "text/plain",
		ContentEncoding:    "gzip",
		ContentDisposition: "attachment",
		ContentLanguage:    "de",
		CacheControl:       "no-store",
		Metadata:           map[string]string{"owner": " Zoë <a&b> 🙂 ", "empty": ""},
		Tags:               map[string]string{"team": "x"},
	}
}

func TestAttributes(t *testing.T) {
	eachKind(t, func(t *testing.T, s *Store, dir string) {
		opts := fullOptions()
		o := put(t, s, "a/b", "hello", opts)
		if diff := cmp.Diff(o, stat(t, s, "a/b")); diff != "" {
			t.Errorf("Put and Stat differ:\n%s", diff)
		}
		want := &storage.Object{
			Key: "a/b", Size: 5, ContentType: "text/plain", ContentEncoding: "gzip",
			ContentDisposition: "attachment", ContentLanguage: "de",
			CacheControl: "no-store", Metadata: opts.Metadata, TagCount: 1,
			Checksums: storage.Checksums{CRC32C: []byte{0x9a, 0x71, 0xbb, 0x4c}},
		}
		if diff := cmp.Diff(want, o, cmpopts.IgnoreFields(storage.Object{}, "ETag",
			"ModTime")); diff != "" {
			t.Errorf("Put (-want +got):\n%s", diff)
		}
		if len(o.ETag) != 34 || time.Since(o.ModTime) > time.Minute {
			t.Errorf("ETag %q, ModTime %v", o.ETag, o.ModTime)
		}
		again := put(t, s, "a/b", "hello", nil)
		if again.ETag == o.ETag || again.Metadata != nil || again.ContentType != "" {
			t.Errorf("overwritten with nothing: %+v", again)
		}
		a, err := s.stat(t.Context(), "a/b")
		if err != nil || a.Tags != nil {
			t.Errorf("tags after overwrite: %v, %v", a.Tags, err)
		}
		remove(t, s, "a/b")
		if left := files(t, filepath.Join(dir, "tmp.")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

// files returns the regular files below dir, less the lock files.
func files(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, fi os.FileInfo, err error) error {
		if err == nil && fi.Mode().IsRegular() && !strings.Contains(path, "lock..") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// Attributes that ext4 does not take go to a sidecar, and are not a full disk.
func TestLargeAttributes(t *testing.T) {
	s, dir := newStore(t)
	s.tick = 2 * time.Second // so that the version after may have the same time
	opts := &storage.PutOptions{
		ContentDisposition: "attachment; filename=" + strings.Repeat("x", 3<<10),
		Metadata:           map[string]string{"note": strings.Repeat("ü", 510)},
	}
	o := put(t, s, "k", "data", opts)
	got := stat(t, s, "k")
	if diff := cmp.Diff(o, got); diff != "" || got.ContentDisposition != opts.ContentDisposition ||
		got.Metadata["note"] != opts.Metadata["note"] {
		t.Errorf("Stat differs from Put: %s", diff)
	}
	page, err := s.ListPage(t.Context(), new(storage.ListOptions))
	if err != nil || len(page.Objects) != 1 || page.Objects[0].ETag != o.ETag {
		t.Errorf("list: %v, %v", page, err)
	}
	put(t, s, "k", "data", nil)
	if left := files(t, filepath.Join(dir, "tmp.")); len(left) > 0 {
		t.Errorf("the old sidecar stays: %q", left)
	}
	if o := stat(t, s, "k"); o.ContentDisposition != "" {
		t.Errorf("old attributes survive: %+v", o)
	}
}

// What another program writes is an object without attributes, with an ETag that lasts until the
// next change.
func TestForeignWrites(t *testing.T) {
	eachKind(t, func(t *testing.T, s *Store, dir string) {
		path := filepath.Join(dir, "k")
		ours := put(t, s, "k", "ours1", fullOptions())
		seen := map[string]bool{ours.ETag: true}
		check := func(what, want string) {
			t.Helper()
			if got := get(t, s, "k"); got != want {
				t.Errorf("%s: Get = %q, want %q", what, got, want)
			}
			o := stat(t, s, "k")
			if seen[o.ETag] || o.ETag == "" || o.Metadata != nil || o.ContentType != "" ||
				!o.Checksums.IsZero() || o.Size != int64(len(want)) {
				t.Errorf("%s: %+v", what, o)
			}
			seen[o.ETag] = true
			if again := stat(t, s, "k"); again.ETag != o.ETag {
				t.Errorf("%s: ETag %q, then %q", what, o.ETag, again.ETag)
			}
		}
		// In place at once, of the same size: only the time tells.
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString("their")
		f.Close()
		check("written in place", "their")
		if err := os.WriteFile(path, []byte("other"), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		check("written over", "other")
		if err := os.WriteFile(path+".new", []byte("third!"), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		check("renamed over", "third!")
		// In place, of the same size, and with the old time, as rsync -t does.
		was, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		for { // until the clock has moved on
			if err := os.WriteFile(path, []byte("fourth"), 0o666); err != nil {
				t.Fatal(err)
			}
			if fi, err := os.Stat(path); err != nil || ctime(fi) != ctime(was) || ctime(was) == 0 {
				break
			}
		}
		if err := os.Chtimes(path, was.ModTime(), was.ModTime()); err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" { // which does not tell
			check("written with the old time", "fourth")
		}
		o := stat(t, s, "k")
		if _, err := tryPut(t.Context(), s, "k", "x",
			&storage.PutOptions{IfMatch: ours.ETag}); !errors.Is(err, storage.ErrPrecondition) {
			t.Errorf("IfMatch of the lost version: %v", err)
		}
		put(t, s, "k", "back", &storage.PutOptions{IfMatch: o.ETag})
		if err := os.MkdirAll(filepath.Join(dir, "d/e"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "d/e/f"), []byte("f"), 0o666); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"d/e/f", "k"}, list(t, s, storage.ListOptions{})); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
	})
}

// A file that a program writes into while it is read is not passed off as one version.
func TestForeignWriteWhileReading(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "0123456789", nil)
	for _, tt := range []struct {
		name   string
		change func(path string) error
	}{
		{"in place", func(path string) error {
			return os.WriteFile(path, []byte("9876543210"),
				0o666)
		}},
		{"truncated", func(path string) error { return os.Truncate(path, 3) }},
	} {
		r, err := s.Get(t.Context(), "k", new(storage.GetOptions))
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.change(filepath.Join(dir, "k")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r.Body); !errors.Is(err, storage.ErrChanged) {
			t.Errorf("%s: %v, want ErrChanged", tt.name, err)
		}
		r.Body.Close()
		put(t, s, "k", "0123456789", nil)
	}
}

// Readers see the bytes and the attributes of one version, whatever writers do.
func TestReadersDuringOverwrites(t *testing.T) {
	eachKind(t, func(t *testing.T, s *Store, dir string) {
		put(t, s, "k", "0", &storage.PutOptions{Metadata: map[string]string{"v": "0"}})
		done := make(chan struct{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					data, o, err := tryGet(t.Context(), s, "k")
					if err != nil || o.Metadata["v"] != data {
						t.Errorf("read %q with %v, %v", data, o, err)
						return
					}
				}
			})
		}
		for i := range 60 {
			v := fmt.Sprint(i)
			put(t, s, "k", v, &storage.PutOptions{Metadata: map[string]string{"v": v}})
		}
		close(done)
		wg.Wait()
	})
}

// Of two writers the one that comes second has the later ModTime, also if its bytes were there
// first.
func TestModTimeDoesNotGoBack(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, dir)
		held, err := s.lock(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() { put(t, s, "k", "second", nil) })
		synctest.Wait() // its bytes are there, and it wants the lock
		<-time.After(5 * time.Second)
		other, err := s.newTemp("k")
		if err != nil {
			t.Fatal(err)
		}
		defer other.discard()
		if _, err := other.seal(attrsOfPut(new(storage.PutOptions))); err != nil {
			t.Fatal(err)
		}
		if _, err := s.rename(t.Context(), other, []string{"k"}, "", func() {}); err != nil {
			t.Fatal(err)
		}
		first := stat(t, s, "k")
		<-time.After(time.Nanosecond)
		held.release()
		wg.Wait()
		if second := stat(t, s, "k"); !second.ModTime.After(first.ModTime) ||
			get(t, s, "k") != "second" {
			t.Errorf("ModTime went from %v to %v", first.ModTime, second.ModTime)
		}
	})
}

// Nor does it where the system's clock was set back.
func TestModTimeUnderAClockSetBack(t *testing.T) {
	eachKind(t, func(t *testing.T, s *Store, dir string) {
		first := put(t, s, "k", "first", fullOptions())
		noXattr, tick := s.noXattr, s.tick
		synctest.Test(t, func(t *testing.T) { // in the year 2000
			s := openStore(t, dir)
			s.noXattr, s.tick = noXattr, tick
			write := func(data string) {
				o := put(t, s, "k", data, fullOptions())
				if got := stat(t, s, "k"); o.ModTime.Before(first.ModTime) ||
					!got.ModTime.Equal(o.ModTime) || got.ETag != o.ETag {
					t.Errorf("ModTime went from %v to %v, and Stat has %v", first.ModTime,
						o.ModTime, got.ModTime)
				}
				first = o
			}
			write("second")
			write("third!")
			if o := put(t, s, "new", "", nil); time.Until(o.ModTime) > 2*time.Second {
				t.Errorf("a new object has the ModTime %v", o.ModTime)
			}
		})
	})
}

func TestBody(t *testing.T) {
	s, _ := newStore(t)
	content := bytes.Repeat([]byte("0123456789abcdef"), 1000)
	put(t, s, "k", string(content), nil)
	r, err := s.Get(t.Context(), "k", &storage.GetOptions{Offset: 10, Length: 5000})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	remove(t, s, "k") // an open Get is not disturbed
	if err := iotest.TestReader(r.Body, content[10:5010]); err != nil {
		t.Error(err)
	}
	r.Body.Close()
	if _, err := r.Body.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, storage.ErrClosed) {
		t.Errorf("Read after Close: %v", err)
	}
}

func TestConditions(t *testing.T) {
	eachKind(t, func(t *testing.T, s *Store, dir string) {
		ctx := t.Context()
		for _, bad := range []string{"x", storage.ETagNone, "*"} {
			if _, err := tryPut(ctx, s,
				"k", "x", &storage.PutOptions{IfMatch: bad}); !errors.Is(err,
				storage.ErrPrecondition) {
				t.Errorf("IfMatch %q on a missing object: %v", bad, err)
			}
			if err := s.Delete(ctx, "k", &storage.DeleteOptions{IfMatch: bad}); !errors.Is(err,
				storage.ErrPrecondition) {
				t.Errorf("Delete IfMatch %q on a missing object: %v", bad, err)
			}
			if _, err := s.Stat(ctx, "k", &storage.StatOptions{IfMatch: bad}); !errors.Is(err,
				storage.ErrNotExist) {
				t.Errorf("Stat IfMatch %q on a missing object: %v", bad, err)
			}
		}
		var won int
		var mu sync.Mutex
		var wg sync.WaitGroup
		other := openStore(t, dir)
		other.noXattr, other.tick = s.noXattr, s.tick
		for i := range 32 {
			st := []*Store{s, other}[i%2]
			wg.Go(func() {
				_, err := tryPut(ctx, st, "k", fmt.Sprint(i), &storage.PutOptions{IfAbsent: true})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, storage.ErrExist) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d of 32 created the object", won)
		}
		put(t, s, "n", "0", nil)
		for i := range 8 {
			st := []*Store{s, other}[i%2]
			wg.Go(func() {
				for n := 0; n < 20; {
					data, o, err := tryGet(ctx, st, "n")
					if err != nil {
						t.Error(err)
						return
					}
					var v int
					fmt.Sscan(data, &v)
					_, err = tryPut(ctx, st, "n", fmt.Sprint(v+1),
						&storage.PutOptions{IfMatch: o.ETag})
					if err == nil {
						n++
					} else if !errors.Is(err, storage.ErrPrecondition) {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if got := get(t, s, "n"); got != "160" {
			t.Errorf("the counter is %s, want 160: updates are lost", got)
		}
	})
}
