package file

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/polystore/storage"
)

// Bytes are written once, by Put and by parts.
func TestWrittenOnce(t *testing.T) {
	s, _ := newStore(t)
	written := func() (n int64) {
		t.Helper()
		b, err := os.ReadFile("/proc/self/io")
		if err != nil {
			t.Skip(err)
		}
		for line := range strings.Lines(string(b)) {
			fmt.Sscanf(line, "write_bytes: %d", &n)
		}
		return n
	}
	const size, part = 64 << 20, 8 << 20
	before := written()
	if _, err := s.Put(t.Context(), "put", zeros(size), size, new(storage.PutOptions)); err != nil {
		t.Fatal(err)
	}
	byPut := written() - before
	before = written()
	id := createUpload(t, s, "parts", new(storage.PutOptions))
	var parts []*storage.Part
	for n := range size / part {
		p, err := s.PutPart(t.Context(), "parts", id, n+1, zeros(part), part,
			&storage.PartOptions{Offset: int64(n) * part})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	if _, err := s.CompleteUpload(t.Context(), "parts", id, parts,
		new(storage.PutOptions)); err != nil {
		t.Fatal(err)
	}
	byParts := written() - before
	t.Logf("write_bytes of %d bytes: Put %d, parts %d", size, byPut, byParts)
	if byPut == 0 {
		t.Skip("the file system does not count written bytes")
	}
	if most := int64(size) * 11 / 10; byPut > most || byParts > most {
		t.Errorf("write_bytes of %d bytes: Put %d, parts %d, want at most %d", size, byPut, byParts,
			most)
	}
}

// On ext4 the attributes of a plain object cost no block.
func TestAttrsBesideInode(t *testing.T) {
	s, dir := newStore(t)
	root, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if fsType(root) != unix.EXT4_SUPER_MAGIC {
		t.Skip("the directory of tests is not on ext4")
	}
	blocks := func(key string) int64 {
		fi, err := os.Stat(filepath.Join(dir, key))
		if err != nil {
			t.Fatal(err)
		}
		return fi.Sys().(*syscall.Stat_t).Blocks
	}
	if err := os.WriteFile(filepath.Join(dir, "theirs"), []byte("data"), 0o666); err != nil {
		t.Fatal(err)
	}
	syscall.Sync() // blocks are given out late
	put(t, s, "ours", "data", &storage.PutOptions{ContentType: "text/html; charset=utf-8"})
	if ours, theirs := blocks("ours"), blocks("theirs"); ours > theirs {
		t.Errorf("an object takes %d blocks, a file with the same bytes %d", ours, theirs)
	}
}
