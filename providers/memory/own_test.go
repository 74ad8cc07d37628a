package memory_test

import (
	"bytes"
	"crypto/md5"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// spoil changes all that a caller holds of an object.
func spoil(o *storage.Object) {
	spoilSums(o.Checksums)
	clear(o.Metadata)
}

func spoilSums(c storage.Checksums) {
	for _, sum := range [][]byte{c.CRC32, c.CRC32C, c.CRC64NVME, c.MD5, c.SHA1, c.SHA256} {
		clear(sum)
	}
}

// Nothing that a caller has given or been given shares bytes with what is stored.
func TestNothingIsShared(t *testing.T) {
	s, err := memory.New(&memory.Options{Versions: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	opts := func() *storage.PutOptions {
		sum := md5.Sum([]byte("data"))
		return &storage.PutOptions{
			Checksums: storage.Checksums{MD5: sum[:]},
			Metadata:  map[string]string{"a": "b"}, Tags: map[string]string{"a": "b"},
		}
	}
	given := opts()
	source := []byte("data")
	o, err := s.Put(ctx, "k", bytes.NewReader(source), 4, given)
	must(err)
	want := *o
	want.Metadata, want.Checksums = given.Metadata, opts().Checksums
	want.Metadata = map[string]string{"a": "b"}
	want.Checksums.CRC32C = bytes.Clone(o.Checksums.CRC32C)
	check := func(what string) {
		t.Helper()
		o, err := s.Stat(ctx, "k", new(storage.StatOptions))
		must(err)
		if diff := cmp.Diff(&want, o); diff != "" {
			t.Errorf("%s changes what is stored (-want +got):\n%s", what, diff)
		}
		spoil(o)
	}
	clear(source)
	spoilSums(given.Checksums)
	clear(given.Metadata)
	clear(given.Tags)
	check("what Put was given")
	spoil(o)
	check("what Put returned")
	check("what Stat returned")
	r, err := s.Get(ctx, "k", new(storage.GetOptions))
	must(err)
	data, err := io.ReadAll(r.Body)
	must(err)
	clear(data)
	spoil(r.Object)
	check("what Get returned")
	c, err := s.Copy(ctx, "copy", "k", new(storage.CopyOptions))
	must(err)
	spoil(c.Object)
	check("the copy")
	c, err = s.Copy(ctx, "k", "k", &storage.CopyOptions{})
	must(err)
	want.ETag, want.ModTime, want.VersionID = c.Object.ETag, c.Object.ModTime, c.Object.VersionID
	spoil(c.Object)
	check("the copy onto itself")

	id, err := s.CreateUpload(ctx, "parts", new(storage.PutOptions))
	must(err)
	p, err := s.PutPart(ctx, "parts", id, 1, strings.NewReader("data"), 4, new(storage.PartOptions))
	must(err)
	sums := bytes.Clone(p.Checksums.CRC32C)
	for range 2 {
		spoilSums(p.Checksums)
		page, err := s.ListPartsPage(ctx, "parts", id, new(storage.ListPartsOptions))
		must(err)
		if p = page.Parts[0]; !bytes.Equal(p.Checksums.CRC32C, sums) {
			t.Errorf("the part's sum is %x, want %x", p.Checksums.CRC32C, sums)
		}
	}
}

// The sums that a caller gave of an object in parts are kept, as those of an object in one request.
func TestSumsOfParts(t *testing.T) {
	s, err := memory.New(nil)
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
