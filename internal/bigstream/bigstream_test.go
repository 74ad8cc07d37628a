// Package bigstream shows that a large stream whose length nobody knows goes through in bounded
// memory, to a directory and by each protocol, up and down.
package bigstream

import (
	"bufio"
	"encoding/base64"
	"flag"
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
	mib = 1 << 20
	gib = 1 << 30

	little        = 32 * mib  // a quarter of the default
	defaultMemory = 128 * mib // of Options

	// littleLimit is by how much a process with a little budget may grow. Garbage is collected when
	// there is as much of it as there is in use.
	littleLimit = 80 * mib

	// defaultLimit is by how much a process with the default budget may grow that moves 1 GiB, and
	// how large it may be in all where it has no more than a directory and S3.
	defaultLimit = 160 * mib

	// perByte is the share of a part that its request may allocate beside the buffers. net/http
	// alone takes 64 KB to write a body.
	perByte = 1.0 / 64
)

var mostBytes = flag.Int64("bytes", 2*gib, "the size of the streams")

// TestStreams moves a stream to each kind of service and back by one function.
func TestStreams(t *testing.T) {
	programs := build(t)
	t.Run("little", func(t *testing.T) { testLittle(t, programs) })
	t.Run("default", func(t *testing.T) { testDefault(t, programs) })
}

// testLittle moves streams of two sizes. What that allocates and what the process has resident do
// not grow with the object.
func testLittle(t *testing.T, programs string) {
	for _, c := range []struct {
		name, program string
		open          func(*testing.T) target
	}{
		{"File", "files", file},
		{"MinIO", "files", minIO},
		{"GCS", "clouds", func(t *testing.T) target { return gcs(serve(t, programs)) }},
		{"Azure", "clouds", func(t *testing.T) target { return azure(serve(t, programs)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			exe, to := filepath.Join(programs, c.program), c.open(t)
			const small = 256 * mib
			few := move(t, exe, to, small, little)
			many := move(t, exe, to, *mostBytes, little)
			check(t, few, small, little, littleLimit)
			check(t, many, *mostBytes, little, littleLimit)
			for i, l := range many {
				if l.peak-few[i].peak > little {
					t.Errorf("%s: %d MiB resident, and %d for %d MiB", l.way, l.peak/mib,
						few[i].peak/mib, small/mib)
				}
			}
		})
	}
}

// testDefault moves 1 GiB with the default Options. Services that are far away have a client use
// its budget.
func testDefault(t *testing.T, programs string) {
	const size, rate = gib, "25000000" // bytes a second of a connection
	t.Run("MinIO", func(t *testing.T) {
		legs := move(t, filepath.Join(programs, "files"), minIO(t), size, 0)
		for _, l := range legs {
			if l.peak > defaultLimit {
				t.Errorf("%s: %d MiB resident, want at most %d", l.way, l.peak/mib,
					defaultLimit/mib)
			}
		}
	})
	for name, at := range map[string]func(string) target{"GCS": gcs, "Azure": azure} {
		t.Run(name, func(t *testing.T) {
			to := at(serve(t, programs, rate))
			legs := move(t, filepath.Join(programs, "clouds"), to, size, 0)
			check(t, legs, size, defaultMemory, defaultLimit)
			if down := legs[1]; down.peak-legs[0].base < defaultMemory*3/4 {
				t.Errorf("%d MiB resident more: the budget was not used",
					(down.peak-legs[0].base)/mib)
			}
		})
	}
}

// check holds what moving size bytes took against a budget, and against the limit of what is
// resident beside what was before all.
func check(t *testing.T, legs []leg, size, memory, limit int64) {
	t.Helper()
	for _, l := range legs {
		if grown := l.peak - legs[0].base; grown > limit {
			t.Errorf("%s of %d MiB: %d MiB resident more, want at most %d", l.way, size/mib,
				grown/mib, limit/mib)
		}
		if most := memory + 16*mib + int64(float64(size)*perByte); l.allocated > most {
			t.Errorf("%s of %d MiB: %d MiB allocated, want at most %d", l.way, size/mib,
				l.allocated/mib, most/mib)
		}
	}
}

// target is a bucket.
type target struct {
	url string
	env []string
}

func file(t *testing.T) target { return target{url: "file://" + t.TempDir()} }

func minIO(t *testing.T) target {
	s := testenv.MinIO(t)
	q := url.Values{"endpoint": {s.Endpoint}, "region": {s.Region}, "provider": {"minio"}}
	return target{"s3://" + s.NewBucket(t) + "?" + q.Encode(), []string{
		"AWS_ACCESS_KEY_ID=" + s.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.SecretKey,
	}}
}

func gcs(server string) target {
	q := url.Values{"endpoint": {server}, "anonymous": {"true"}}
	return target{url: "gs://bucket?" + q.Encode()}
}

func azure(server string) target {
	q := url.Values{"endpoint": {server + "/azure/account"}}
	key := base64.StdEncoding.EncodeToString([]byte("a key of nobody"))
	return target{"az://bucket?" + q.Encode(), []string{"AZURE_STORAGE_KEY=" + key}}
}

// serve starts the server of this package, which ends with the test, and returns its URL.
func serve(t *testing.T, programs string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "server"), args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the server says %q: %v", line, err)
	}
	return strings.TrimSpace(line)
}

// build builds the commands of this package, without the race detector, and returns where they are.
func build(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		testenv.NotRun(t, "large streams", "memory is read from /proc")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", dir+"/", "./files",
		"./clouds", "./server").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir
}

// leg is a way of a stream, and the bytes that it took: allocated in all, and resident before it
// and at the most.
type leg struct {
	way                   string
	allocated, base, peak int64
}

var legLine = regexp.MustCompile(
	`(?m)^(up|down) took=\S+ allocated=(\d+) base=(\d+) peak=(\d+)$`)

// move moves size bytes up and down.
func move(t *testing.T, exe string, to target, size, memory int64) (legs []leg) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe, to.url, strconv.FormatInt(size, 10),
		strconv.FormatInt(memory, 10))
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); name != "GOGC" && name != "GOMEMLIMIT" &&
			!strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "AZURE_") &&
			!strings.HasPrefix(name, "GOOGLE_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, to.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%d MiB, a budget of %d MiB (0: the default)\n%s", size/mib, memory/mib, out)
	for _, m := range legLine.FindAllStringSubmatch(string(out), -1) {
		l := leg{way: m[1]}
		for i, n := range []*int64{&l.allocated, &l.base, &l.peak} {
			if *n, err = strconv.ParseInt(m[i+2], 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		legs = append(legs, l)
	}
	if len(legs) != 2 {
		t.Fatalf("%d ways in %q", len(legs), out)
	}
	return legs
}
