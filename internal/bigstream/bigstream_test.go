// Package bigstream shows that a stream of 4 GiB whose length nobody knows goes through in bounded
// memory.
package bigstream

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/polystore/storage/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const (
	size  = 4 << 30
	limit = 128 << 10 // kB of VmHWM
)

func TestFile(t *testing.T) {
	stream(t, "file://"+t.TempDir(), nil)
}

func TestMinIO(t *testing.T) {
	s := testenv.MinIO(t)
	q := url.Values{"endpoint": {s.Endpoint}, "region": {s.Region}, "provider": {"minio"}}
	stream(t, "s3://"+s.NewBucket(t)+"?"+q.Encode(), []string{"AWS_ACCESS_KEY_ID=" + s.AccessKey,
		"AWS_SECRET_ACCESS_KEY=" + s.SecretKey})
}

func stream(t *testing.T, bucket string, env []string) {
	if runtime.GOOS != "linux" {
		testenv.NotRun(t, "4 GiB stream", "memory is read from /proc")
	}
	child := filepath.Join(t.TempDir(), "child")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", child,
		"./child").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), child, bucket, strconv.Itoa(size))
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); name != "GOGC" && name != "GOMEMLIMIT" &&
			!strings.HasPrefix(name, "AWS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	m := regexp.MustCompile(`VmHWM=(\d+) kB`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("no VmHWM in %q", out)
	}
	if kb, _ := strconv.Atoi(string(m[1])); kb > limit {
		t.Errorf("VmHWM %d kB, want at most %d kB", kb, limit)
	}
	fmt.Printf("bigstream: %s: %s", strings.SplitN(bucket, "://", 2)[0], out)
}
