package fivestores

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/polystore/storage/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const (
	size = 64 << 20

	// A Bucket may have 32 MiB of buffers for parts, beside one of 8 MiB, and another may wait in
	// the pool. An object that was held as a whole would be more.
	growthLimit = 56 << 20

	// What is on its way into memory, four parts at once, is there twice.
	toMemory = 32 << 20

	// The whole program, in kB: garbage as much again, and the code of all SDKs.
	residentLimit = 192 << 10
)

var (
	pairLine     = regexp.MustCompile(`(?m)^pair from=(\w+) to=(\w+) summed=(\w+) growth=(\d+)$`)
	residentLine = regexp.MustCompile(`(?m)^VmHWM=(\d+) kB$`)
)

// CopyObject takes 64 MiB from each store to each other with headers and metadata, in bounded
// memory; the bytes are the same by SHA-256, and the copy has a checksum of the whole, which every
// read is held against.
func TestCopyObject(t *testing.T) {
	stores := All(t)
	child := filepath.Join(t.TempDir(), "child")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", child,
		"./child").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	args := []string{strconv.Itoa(size)}
	for _, s := range stores {
		args = append(args, s.URL)
	}
	out, err := exec.CommandContext(t.Context(), child, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	pairs := pairLine.FindAllStringSubmatch(string(out), -1)
	if want := len(stores) * (len(stores) - 1); len(pairs) != want {
		t.Errorf("%d pairs, want %d", len(pairs), want)
	}
	for _, p := range pairs {
		if p[3] == "false" && p[2] != "s3" { // MinIO keeps sums of the parts, and none of the whole
			t.Errorf("from %s to %s: the copy has no checksum", p[1], p[2])
		}
		limit := int64(growthLimit)
		if p[2] == "mem" {
			limit += toMemory
		}
		if growth, _ := strconv.ParseInt(p[4], 10, 64); growth > limit {
			t.Errorf("from %s to %s: the heap grew by %d bytes, want at most %d", p[1], p[2],
				growth, limit)
		}
	}
	if m := residentLine.FindStringSubmatch(string(out)); m != nil {
		if kb, _ := strconv.Atoi(m[1]); kb > residentLimit {
			t.Errorf("%d kB resident, want at most %d", kb, residentLimit)
		}
	}
}
