package gcsfake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"

	"github.com/polystore/storage/internal/gcsfake"
)

// status is the code of the client's error; 404 where the client has an error of its own for that.
func status(err error) int {
	if e, ok := errors.AsType[*googleapi.Error](err); ok {
		return e.Code
	}
	if errors.Is(err, storage.ErrObjectNotExist) || errors.Is(err, storage.ErrBucketNotExist) {
		return http.StatusNotFound
	}
	return 0
}

func TestClientBuckets(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{})
	c := newClient(t, s)
	b := c.Bucket("bucket")
	if _, err := b.Attrs(t.Context()); !errors.Is(err, storage.ErrBucketNotExist) {
		t.Errorf("Attrs of a missing bucket: %v", err)
	}
	if err := b.Create(t.Context(), "p", &storage.BucketAttrs{Location: "EU",
		StorageClass: "NEARLINE"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(t.Context(), "p", nil); status(err) != http.StatusConflict {
		t.Errorf("Create again: %v, want 409", err)
	}
	if a, err := c.Buckets(t.Context(), "p").Next(); err != nil || a.Name != "bucket" {
		t.Errorf("Buckets: %+v, %v", a, err)
	}
	a, err := b.Attrs(t.Context())
	if err != nil || a.Location != "EU" || a.StorageClass != "NEARLINE" {
		t.Errorf("Attrs = %+v, %v", a, err)
	}
	if o := mustWrite(t, t.Context(), b.Object("k"), "x"); o.StorageClass != "NEARLINE" {
		t.Errorf("the object's class is %s, want the bucket's", o.StorageClass)
	}
	if err := b.Delete(t.Context()); status(err) != http.StatusConflict {
		t.Errorf("Delete of a bucket with an object: %v, want 409", err)
	}
	if err := b.Object("k").Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if err := b.Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := b.Attrs(t.Context()); !errors.Is(err, storage.ErrBucketNotExist) {
		t.Errorf("Attrs of a deleted bucket: %v", err)
	}
}

func TestClientAttributes(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	o := newClient(t, s).Bucket("bucket").Object("dir/ключ %2F?#")
	w := o.NewWriter(t.Context())
	w.ObjectAttrs = storage.ObjectAttrs{
		Name: w.Name, ContentType: "text/x", ContentEncoding: "br", ContentDisposition: "inline",
		ContentLanguage: "de", CacheControl: "no-store",
		Metadata:     map[string]string{"Mixed-Case": "v", "uni": "grüße €", "ключ": "x"},
		StorageClass: "COLDLINE",
		CustomTime:   time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	if _, err := io.WriteString(w, "hello"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := o.Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.Attrs(), got); diff != "" {
		t.Errorf("Attrs: -as written +as read\n%s", diff)
	}
	if diff := cmp.Diff(w.ObjectAttrs.Metadata, got.Metadata); diff != "" {
		t.Errorf("metadata: -want +got\n%s", diff)
	}
	if got.ContentType != "text/x" || got.ContentEncoding != "br" ||
		got.ContentDisposition != "inline" || got.ContentLanguage != "de" ||
		got.CacheControl != "no-store" || got.StorageClass != "COLDLINE" ||
		!got.CustomTime.Equal(w.CustomTime) || got.Metageneration != 1 {
		t.Errorf("Attrs = %+v", got)
	}
	updated, err := o.Update(t.Context(), storage.ObjectAttrsToUpdate{ContentType: "text/y",
		CacheControl: "", Metadata: map[string]string{"uni": "2"}})
	if err != nil {
		t.Fatal(err)
	}
	if updated.Generation != got.Generation || updated.Metageneration != 2 ||
		updated.ContentType != "text/y" || updated.CacheControl != "" ||
		updated.Metadata["uni"] != "2" || updated.Metadata["Mixed-Case"] != "v" {
		t.Errorf("Update = %+v", updated)
	}
	cleared, err := o.Update(t.Context(),
		storage.ObjectAttrsToUpdate{Metadata: map[string]string{}})
	if err != nil || len(cleared.Metadata) != 0 || cleared.Metageneration != 3 {
		t.Errorf("Update without metadata = %+v, %v", cleared, err)
	}
}

func TestClientConditions(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	b := newClient(t, s).Bucket("bucket")
	write := func(name string, c storage.Conditions, chunk, size int) error {
		w := b.Object(name).If(c).NewWriter(t.Context())
		w.ChunkSize = chunk
		if _, err := w.Write(make([]byte, size)); err != nil {
			return err
		}
		return w.Close()
	}
	for _, chunk := range []int{0, 256 << 10, 16 << 20} {
		t.Run(fmt.Sprint("chunk ", chunk), func(t *testing.T) {
			name, size := fmt.Sprint("k", chunk), 600<<10
			if err := write(name, storage.Conditions{GenerationMatch: 77}, chunk,
				size); status(err) != 412 {
				t.Errorf("a generation of a missing object: %v, want 412", err)
			}
			if err := write(name, storage.Conditions{DoesNotExist: true}, chunk, size); err != nil {
				t.Errorf("create: %v", err)
			}
			a, err := b.Object(name).Attrs(t.Context())
			if err != nil || a.Size != int64(size) {
				t.Fatalf("Attrs = %+v, %v", a, err)
			}
			if err := write(name, storage.Conditions{DoesNotExist: true}, chunk,
				size); status(err) != 412 {
				t.Errorf("create again: %v, want 412", err)
			}
			if err := write(name, storage.Conditions{GenerationMatch: a.Generation}, chunk, size+
				1); err != nil {
				t.Errorf("the right generation: %v", err)
			}
			if err := write(name, storage.Conditions{GenerationMatch: a.Generation}, chunk,
				size); status(err) != 412 {
				t.Errorf("a stale generation: %v, want 412", err)
			}
			if a, err = b.Object(name).Attrs(t.Context()); err != nil || a.Size != int64(size)+1 {
				t.Errorf("Attrs = %+v, %v; want what was written last", a, err)
			}
		})
	}
}

// A writer whose context ends before Close leaves nothing, however far it came.
func TestClientCancelledWrite(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	b := newClient(t, s).Bucket("bucket")
	for _, chunk := range []int{0, 256 << 10} {
		ctx, cancel := context.WithCancel(t.Context())
		w := b.Object("k").NewWriter(ctx)
		w.ChunkSize = chunk
		w.Write(make([]byte, 1<<20))
		cancel()
		// Close alone may send the end of the object before the client has noticed that its context
		// ended.
		//lint:ignore SA1019 it is what the client does when it notices
		w.CloseWithError(context.Canceled)
		if err := w.Close(); err == nil {
			t.Error("Close of a cancelled writer: nil")
		}
		if _, err := b.Object("k").Attrs(t.Context()); !errors.Is(err, storage.ErrObjectNotExist) {
			t.Errorf("chunk %d: Attrs after a cancelled write: %v", chunk, err)
		}
	}
}

func TestClientReads(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	o := newClient(t, s).Bucket("bucket").Object("k")
	mustWrite(t, t.Context(), o, "0123456789")
	for _, test := range []struct {
		offset, length int64
		want           string
		status         int
	}{
		{0, -1, "0123456789", 0}, {2, 3, "234", 0}, {7, -1, "789", 0}, {-3, -1, "789", 0},
		{-30, -1, "0123456789", 0},
		{8, 100, "89", 0}, {0, 0, "", 0}, {10, -1, "", 416}, {11, 2, "", 416},
	} {
		r, err := o.NewRangeReader(t.Context(), test.offset, test.length)
		if err != nil || test.status != 0 {
			if status(err) != test.status {
				t.Errorf("range %d, %d: %v, want %d", test.offset, test.length, err, test.status)
			}
			continue
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || string(got) != test.want || r.Attrs.Size != 10 && test.length != 0 {
			t.Errorf("range %d, %d: %q of %d, %v; want %q", test.offset, test.length, got,
				r.Attrs.Size, err, test.want)
		}
	}
}

func TestClientGzip(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	o := newClient(t, s).Bucket("bucket").Object("k")
	plain := strings.Repeat("gzip me ", 100)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, plain)
	z.Close()
	w := o.NewWriter(t.Context())
	w.ContentEncoding, w.ContentType = "gzip", "text/plain"
	w.Write(packed.Bytes())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		compressed           bool
		offset, length, size int64
		want                 string
	}{
		{false, 0, -1, -1, plain},
		{false, 5, 3, -1, plain}, // a range of what is not stored cannot be had
		{true, 0, -1, int64(packed.Len()), packed.String()},
		{true, 5, 3, int64(packed.Len()), packed.String()[5:8]},
	} {
		r, err := o.ReadCompressed(test.compressed).NewRangeReader(t.Context(), test.offset,
			test.length)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || string(got) != test.want || r.Attrs.Size != test.size ||
			r.Attrs.Decompressed == test.compressed {
			t.Errorf("compressed %v: %d bytes, %v, %+v; want %d bytes", test.compressed, len(got),
				err, r.Attrs, len(test.want))
		}
	}
}

func TestClientVersions(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	b := newClient(t, s).Bucket("bucket")
	if _, err := b.Update(t.Context(),
		storage.BucketAttrsToUpdate{VersioningEnabled: true}); err != nil {
		t.Fatal(err)
	}
	o := b.Object("k")
	first := mustWrite(t, t.Context(), o, "1").Generation
	second := mustWrite(t, t.Context(), o, "22").Generation
	if err := o.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Attrs(t.Context()); !errors.Is(err, storage.ErrObjectNotExist) {
		t.Errorf("Attrs after Delete: %v", err)
	}
	list := func() (generations []int64) {
		it := b.Objects(t.Context(), &storage.Query{Versions: true})
		for {
			a, err := it.Next()
			if errors.Is(err, iterator.Done) {
				return generations
			}
			if err != nil {
				t.Fatal(err)
			}
			if a.Deleted.IsZero() {
				t.Errorf("generation %d has no time of deletion", a.Generation)
			}
			generations = append(generations, a.Generation)
		}
	}
	if diff := cmp.Diff([]int64{first, second}, list()); diff != "" {
		t.Errorf("versions: -want +got\n%s", diff)
	}
	if a, err := o.Generation(first).Attrs(t.Context()); err != nil || a.Size != 1 {
		t.Errorf("Attrs of the first generation = %+v, %v", a, err)
	}
	if a, err := o.CopierFrom(o.Generation(second)).Run(t.Context()); err != nil || a.Size != 2 ||
		a.Generation <= second {
		t.Errorf("a copy of the second generation = %+v, %v", a, err)
	}
	if err := o.Generation(first).Delete(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := o.Generation(first).Attrs(t.Context()); !errors.Is(err,
		storage.ErrObjectNotExist) {
		t.Errorf("Attrs of a deleted generation: %v", err)
	}
}

// Of all that create one wins, and no update of a compare-and-swap loop is lost.
func TestClientRaces(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	b := newClient(t, s).Bucket("bucket")
	const writers, rounds = 8, 10
	var wg sync.WaitGroup
	var mu sync.Mutex
	created := 0
	for i := range writers {
		wg.Go(func() {
			w := b.Object("once").If(storage.Conditions{DoesNotExist: true}).NewWriter(t.Context())
			w.ChunkSize = (i % 2) * 256 << 10
			io.WriteString(w, fmt.Sprint(i))
			err := w.Close()
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				created++
			} else if status(err) != 412 {
				t.Error(err)
			}
		})
	}
	mustWrite(t, t.Context(), b.Object("counter"), "")
	for range writers {
		wg.Go(func() {
			for n := 0; n < rounds; {
				a, err := b.Object("counter").Attrs(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				same := storage.Conditions{GenerationMatch: a.Generation}
				w := b.Object("counter").If(same).NewWriter(t.Context())
				w.ChunkSize = 0
				w.Write(make([]byte, a.Size+1))
				if err := w.Close(); err == nil {
					n++
				} else if status(err) != 412 {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if created != 1 {
		t.Errorf("%d writers created the object, want 1", created)
	}
	if a, err := b.Object("counter").Attrs(t.Context()); err != nil || a.Size != writers*rounds {
		t.Errorf("the counter = %+v, %v; want %d", a, err, writers*rounds)
	}
}
