package file

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

func createUpload(t *testing.T, s *Store, key string, opts *storage.PutOptions) string {
	t.Helper()
	id, err := s.CreateUpload(t.Context(), key, opts)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func putPart(t *testing.T, s *Store, key, id string, n int, data string, offset int) *storage.Part {
	t.Helper()
	p, err := s.PutPart(t.Context(), key, id, n, strings.NewReader(data), int64(len(data)),
		&storage.PartOptions{Offset: int64(offset)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestUpload(t *testing.T) {
	eachKind(t, func(t *testing.T, s *Store, dir string) {
		opts := fullOptions()
		sum := md5.Sum([]byte("aabbbcc"))
		opts.Checksums.MD5 = sum[:]
		id := createUpload(t, s, "u/k", opts)
		c := putPart(t, s, "u/k", id, 7, "cc", 5)
		a := putPart(t, s, "u/k", id, 1, "aa", 0)
		putPart(t, s, "u/k", id, 3, "too long to stay", 2)
		b := putPart(t, s, "u/k", id, 3, "bbb", 2)
		putPart(t, s, "u/k", id, 7, "cc", 5)
		if _, err := s.CompleteUpload(t.Context(), "u/k", id, []*storage.Part{a, b, c},
			opts); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("Complete with a part that was replaced: %v", err)
		}
		c = putPart(t, s, "u/k", id, 7, "cc", 5)
		for _, bad := range [][]*storage.Part{nil, {a, c}, {b, c}, {b, a, c},
			{a, b, c, {Number: 8}}} {
			if _, err := s.CompleteUpload(t.Context(), "u/k", id, bad, opts); !errors.Is(err,
				storage.ErrInvalid) {
				t.Errorf("Complete with parts that are not the object: %v", err)
			}
		}
		var parts []*storage.Part
		lo := storage.ListPartsOptions{PageSize: 2}
		for {
			p, err := s.ListPartsPage(t.Context(), "u/k", id, &lo)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, p.Parts...)
			if lo.PageToken = p.NextToken; lo.PageToken == "" {
				break
			}
		}
		if diff := cmp.Diff([]*storage.Part{a, b, c}, parts); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
		if got := list(t, s, storage.ListOptions{}); got != nil {
			t.Errorf("before Complete there is %q", got)
		}
		id2 := createUpload(t, s, "broken", opts)
		p := putPart(t, s, "broken", id2, 1, "whole", 0)
		if _, err := s.PutPart(t.Context(), "broken", id2, 1, &source{n: 3,
			err: errors.New("broken")}, 5, new(storage.PartOptions)); err == nil {
			t.Error("a part of a broken source was taken")
		}
		_, err := s.CompleteUpload(t.Context(), "broken", id2, []*storage.Part{p},
			new(storage.PutOptions))
		if !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("Complete with a part that was half replaced: %v", err)
		}
		if err := s.AbortUpload(t.Context(), "broken", id2); err != nil {
			t.Error(err)
		}
		opts.IfMatch = "x"
		if _, err := s.CompleteUpload(t.Context(), "u/k", id, parts, opts); !errors.Is(err,
			storage.ErrPrecondition) {
			t.Errorf("Complete with IfMatch on a missing object: %v", err)
		}
		opts.IfMatch = ""
		opts.Checksums.MD5 = make([]byte, 16)
		if _, err := s.CompleteUpload(t.Context(), "u/k", id, parts, opts); !errors.Is(err,
			storage.ErrIntegrity) {
			t.Errorf("Complete with a wrong MD5: %v", err)
		}
		opts.Checksums.MD5 = sum[:]
		o, err := s.CompleteUpload(t.Context(), "u/k", id, parts, opts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o, stat(t, s, "u/k")); diff != "" {
			t.Errorf("Complete and Stat differ:\n%s", diff)
		}
		crc := crc32.Checksum([]byte("aabbbcc"), crc32.MakeTable(crc32.Castagnoli))
		if got := get(t, s, "u/k"); got != "aabbbcc" ||
			!bytes.Equal(o.Checksums.CRC32C, binary.BigEndian.AppendUint32(nil, crc)) {
			t.Errorf("the object is %q, %v", got, o.Checksums)
		}
		if _, err := s.CompleteUpload(t.Context(), "u/k", id, parts, opts); !errors.Is(err,
			storage.ErrNotExist) {
			t.Errorf("Complete again: %v", err)
		}
		_, err = s.PutPart(t.Context(), "u/k", id, 1, strings.NewReader("x"), 1,
			new(storage.PartOptions))
		if !errors.Is(err, storage.ErrNotExist) {
			t.Errorf("a part after Complete: %v", err)
		}
		if err := s.AbortUpload(t.Context(), "u/k", id); err != nil {
			t.Errorf("Abort after Complete: %v", err)
		}
		for _, size := range []int{0, 31, 33, 300} {
			if err := s.AbortUpload(t.Context(), "u/k", strings.Repeat("a", size)); err != nil {
				t.Errorf("Abort of an ID of %d digits: %v", size, err)
			}
		}
		remove(t, s, "u/k")
		if left := files(t, dir); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}

// A part whose bytes were overwritten or cut off goes into no object.
func TestPartsLost(t *testing.T) {
	s, _ := newStore(t)
	opts := new(storage.PutOptions)
	var id string
	var a, b, c *storage.Part
	for _, tt := range []struct {
		name string
		do   func()
		ok   bool
	}{
		{"overwritten by a longer part", func() { a = putPart(t, s, "k", id, 1, "aaaaa", 0) },
			false},
		{"overwritten by another part", func() {
			putPart(t, s, "k", id, 9, "xxxxxxxxxx", 1)
			a = putPart(t, s, "k", id, 1, "aaaa", 0)
		}, false},
		{"overwritten by another part, and sent again", func() {
			putPart(t, s, "k", id, 9, "xxxx", 5)
			c = putPart(t, s, "k", id, 3, "cccc", 8)
			b = putPart(t, s, "k", id, 2, "bbbb", 4)
		}, true},
		{"sent to the right place after another, and the other cut off", func() {
			c = putPart(t, s, "k", id, 3, "cccc", 20)
			c = putPart(t, s, "k", id, 3, "cccc", 8)
			wrong := &storage.PutOptions{Checksums: storage.Checksums{MD5: make([]byte, 16)}}
			if _, err := s.CompleteUpload(t.Context(), "k", id, []*storage.Part{a, b, c},
				wrong); !errors.Is(err, storage.ErrIntegrity) {
				t.Errorf("Complete with a wrong MD5: %v", err)
			}
		}, true},
		{"a part without bytes overwrites none", func() { putPart(t, s, "k", id, 9, "", 5) }, true},
		{"one that was cut off by a Complete that was refused", func() {
			wrong := &storage.PutOptions{Checksums: storage.Checksums{MD5: make([]byte, 16)}}
			if _, err := s.CompleteUpload(t.Context(), "k", id, []*storage.Part{a},
				wrong); !errors.Is(err, storage.ErrIntegrity) {
				t.Errorf("Complete with a wrong MD5: %v", err)
			}
			c = putPart(t, s, "k", id, 3, "cccc", 8)
			p, err := s.ListPartsPage(t.Context(), "k", id, new(storage.ListPartsOptions))
			if diff := cmp.Diff([]*storage.Part{a, c}, p.Parts); diff != "" || err != nil {
				t.Errorf("parts: %v (-want +got)\n%s", err, diff)
			}
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id = createUpload(t, s, "k", opts)
			a, b, c = putPart(t, s, "k", id, 1, "aaaa", 0), putPart(t, s, "k", id, 2, "bbbb", 4),
				putPart(t, s, "k", id, 3, "cccc", 8)
			tt.do()
			_, err := s.CompleteUpload(t.Context(), "k", id, []*storage.Part{a, b, c}, opts)
			if tt.ok && err != nil || !tt.ok && !errors.Is(err, storage.ErrInvalid) {
				t.Errorf("Complete: %v", err)
			}
			if err := s.AbortUpload(t.Context(), "k", id); err != nil {
				t.Error(err)
			}
		})
	}
	if got := get(t, s, "k"); got != "aaaabbbbcccc" {
		t.Errorf("the object is %q", got)
	}
	if _, err := s.PutPart(t.Context(), "k", createUpload(t, s, "k", opts), 1,
		strings.NewReader("x"), 1,
		&storage.PartOptions{Offset: math.MaxInt64}); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("a part that ends behind the largest offset: %v", err)
	}
}

// An abort in the middle of a Complete leaves nothing behind, a sidecar neither.
func TestAbortDuringComplete(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, dir)
		s.noXattr = true
		id := createUpload(t, s, "k", new(storage.PutOptions))
		p := putPart(t, s, "k", id, 1, "data", 0)
		held, err := s.lock(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := s.CompleteUpload(t.Context(), "k", id, []*storage.Part{p},
				new(storage.PutOptions))
			if !errors.Is(err, storage.ErrNotExist) {
				t.Errorf("Complete: %v", err)
			}
		})
		synctest.Wait() // all that it does before it takes the lock is done
		if err := s.AbortUpload(t.Context(), "k", id); err != nil {
			t.Error(err)
		}
		held.release()
		wg.Wait()
	})
	own := filepath.Join(dir, "tmp.")
	if left := files(t, own); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	for _, sub := range []string{"attr..", "upload.."} {
		if names, err := os.ReadDir(filepath.Join(own, sub)); err != nil || len(names) > 0 {
			t.Errorf("left behind in %s: %v, %v", sub, names, err)
		}
	}
}

func TestUploadsList(t *testing.T) {
	s, dir := newStore(t)
	var want []string
	for i := range 5 {
		for range 2 {
			key := fmt.Sprint("k", i)
			createUpload(t, s, key, new(storage.PutOptions))
			want = append(want, key)
		}
	}
	var got []string
	opts := storage.ListOptions{Prefix: "k", PageSize: 3}
	for {
		p, err := s.ListUploadsPage(t.Context(), &opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range p.Uploads {
			got = append(got, u.Key)
			if err := s.AbortUpload(t.Context(), "another key", u.ID); err != nil {
				t.Errorf("Abort under another key: %v", err)
			}
			if there, err := s.exists(uploadPath(u.ID)); err != nil || !there {
				t.Errorf("after Abort under another key the upload is there: %v, %v", there, err)
			}
			if err := s.AbortUpload(t.Context(), u.Key, u.ID); err != nil {
				t.Error(err)
			}
		}
		if opts.PageToken = p.NextToken; opts.PageToken == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("uploads (-want +got):\n%s", diff)
	}
	for _, other := range []storage.ListOptions{{Delimiter: "/"}, {StartAfter: "k"}} {
		if _, err := s.ListUploadsPage(t.Context(), &other); !errors.Is(err,
			errors.ErrUnsupported) {
			t.Errorf("ListUploadsPage with %+v: %v", other, err)
		}
	}
	for _, id := range []string{"", "..", "../../x", "0/../..", strings.Repeat("0", 32), "\x00"} {
		_, err := s.PutPart(t.Context(), "k", id, 1, strings.NewReader(""), 0,
			new(storage.PartOptions))
		if !errors.Is(err, storage.ErrNotExist) {
			t.Errorf("PutPart to upload %q: %v", id, err)
		}
	}
	if left := files(t, filepath.Join(dir, "tmp.")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestUploadsCompeting(t *testing.T) {
	s, _ := newStore(t)
	opts := &storage.PutOptions{IfAbsent: true}
	var mu sync.Mutex
	var wg sync.WaitGroup
	won := ""
	for i := range 16 {
		wg.Go(func() {
			data := fmt.Sprint(i)
			id := createUpload(t, s, "k", opts)
			p := putPart(t, s, "k", id, 1, data, 0)
			_, err := s.CompleteUpload(t.Context(), "k", id, []*storage.Part{p}, opts)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && won == "":
				won = data
			case err == nil:
				t.Errorf("%s and %s both created the object", won, data)
			case !errors.Is(err, storage.ErrExist):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := get(t, s, "k"); got != won {
		t.Errorf("the object is %q, want %q", got, won)
	}
}

func TestCopy(t *testing.T) {
	eachKind(t, func(t *testing.T, s *Store, dir string) {
		ctx := t.Context()
		o := put(t, s, "src", "0123456789", fullOptions())
		r, err := s.Copy(ctx, "src/copy", "src", &storage.CopyOptions{IfAbsent: true,
			SourceIfMatch: o.ETag})
		if err != nil {
			t.Fatal(err)
		}
		o.Key, o.ETag, o.ModTime = "src/copy", r.Object.ETag, r.Object.ModTime
		if diff := cmp.Diff(o, stat(t, s, "src/copy")); diff != "" ||
			get(t, s, "src/copy") != "0123456789" {
			t.Errorf("the copy differs:\n%s", diff)
		}
		for _, tt := range []struct {
			dst, src string
			opts     storage.CopyOptions
			want     error
		}{
			{"src/copy", "src", storage.CopyOptions{IfAbsent: true}, storage.ErrExist},
			{"src/copy", "src", storage.CopyOptions{IfMatch: "x"}, storage.ErrPrecondition},
			{"new", "src", storage.CopyOptions{IfMatch: "x"}, storage.ErrPrecondition},
			{"new", "src", storage.CopyOptions{SourceIfMatch: "x"}, storage.ErrPrecondition},
			{"new", "none", storage.CopyOptions{}, storage.ErrNotExist},
			{"new", "src", storage.CopyOptions{SourceVersionID: "1"}, errors.ErrUnsupported},
			{"new", "src", storage.CopyOptions{StorageClass: "COLD"}, errors.ErrUnsupported},
		} {
			if _, err := s.Copy(ctx, tt.dst, tt.src, &tt.opts); !errors.Is(err, tt.want) {
				t.Errorf("Copy(%q, %q, %+v) = %v, want %v", tt.dst, tt.src, tt.opts, err, tt.want)
			}
		}
		if r, err = s.Copy(ctx, "src", "src", &storage.CopyOptions{Replace: true,
			ContentType: "x/y"}); err != nil {
			t.Fatal(err)
		}
		got := stat(t, s, "src")
		if got.ContentType != "x/y" || got.Metadata != nil || got.ETag == o.ETag ||
			got.ETag != r.Object.ETag {
			t.Errorf("replaced: %+v", got)
		}
		id := createUpload(t, s, "parts", new(storage.PutOptions))
		p, err := s.CopyPart(ctx, "parts", id, 1, "src", &storage.CopyPartOptions{SourceOffset: 2,
			SourceLength: 5, SourceIfMatch: got.ETag})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.CompleteUpload(ctx, "parts", id, []*storage.Part{p},
			new(storage.PutOptions)); err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, "parts"); got != "23456" {
			t.Errorf("copied part is %q", got)
		}
	})
}

// gate is a source that says when it is read, and then waits.
type gate struct {
	strings.Reader
	reading, open chan struct{}
	once          sync.Once
}

func (g *gate) Read(p []byte) (int, error) {
	g.once.Do(func() {
		close(g.reading)
		<-g.open
	})
	return g.Reader.Read(p)
}

// A part that is still being written never goes into an object that can be seen.
func TestCompleteWaitsForParts(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, other := openStore(t, dir), openStore(t, dir)
		opts := new(storage.PutOptions)
		id := createUpload(t, s, "k", opts)
		p := putPart(t, s, "k", id, 1, "first", 0)
		g := &gate{Reader: *strings.NewReader("again"), reading: make(chan struct{}),
			open: make(chan struct{})}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := other.PutPart(t.Context(), "k", id, 2, g, 5,
				&storage.PartOptions{Offset: 5}); err != nil {
				t.Errorf("PutPart: %v", err)
			}
		})
		<-g.reading
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := s.CompleteUpload(ctx, "k", id, []*storage.Part{p}, opts); !errors.Is(err,
			context.DeadlineExceeded) {
			t.Errorf("Complete while a part is written: %v", err)
		}
		close(g.open)
		wg.Wait()
		if _, err := s.CompleteUpload(t.Context(), "k", id, []*storage.Part{p}, opts); err != nil {
			t.Error(err)
		}
	})
}

// The sums that a caller gave of an object in parts are kept, as those of an object in one request.
func TestSumsOfParts(t *testing.T) {
	s, err := New(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(s, &storage.Options{PartSize: 10})
	defer b.Close()
	data := bytes.Repeat([]byte("1234567"), 9)
	sum := md5.Sum(data)
	opts := &storage.PutOptions{Checksums: storage.Checksums{MD5: sum[:]}}
	if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), opts); err != nil {
		t.Fatal(err)
	}
	o, err := b.Stat(t.Context(), "k", nil)
	if err != nil || !bytes.Equal(o.Checksums.MD5, sum[:]) || o.Checksums.CRC32C == nil {
		t.Errorf("Stat: %+v, %v", o, err)
	}
}
