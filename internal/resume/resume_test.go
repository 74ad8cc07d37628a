// Package resume kills transfers that keep a StateFile, again and again, and lets them go on.
package resume

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/fivestores"
	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv"
	_ "github.com/polystore/storage/providers/all"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var rounds = flag.Int("rounds", 1, "transfers in each direction, for each store")

const (
	size      = 48 << 20
	partSize  = 5 << 20
	bandwidth = 60 << 20 // bytes a second, so that there is time for kills
	workers   = 3        // of the child
)

// TestKill lets a child process upload and download a file on each store, and kills it at random
// moments until it ends by itself. It sends and fetches what is missing and no more.
func TestKill(t *testing.T) {
	child := filepath.Join(t.TempDir(), "child")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", child, "./child")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	for _, s := range fivestores.All(t) {
		if s.Name == "memory" {
			continue // its objects end with the process
		}
		t.Run(s.Name, func(t *testing.T) {
			kills, lost := 0, 0
			for i := range *rounds {
				r := &run{
					child: child, url: s.URL, up: "create", key: fmt.Sprintf("resume-%d", i),
					dir:    t.TempDir(),
					random: random, data: data,
				}
				if s.Name == "gcs" { // a conditional write is one session there
					r.up = "up"
				}
				r.both(t)
				kills += r.kills
				lost += r.lost
			}
			if lost > max(1, *rounds/5) {
				t.Errorf("the service lost %d uploads in %d rounds", lost, *rounds)
			}
			tally.Add(t, tally.Row{
				What: "transfers that were killed and went on", On: s.Name, Tried: 2 * *rounds,
				Note: fmt.Sprintf("up and down, %d kills; the last call moved what was missing; %d "+
					"uploads that the service lost", kills, lost),
				Seeds: fmt.Sprint(seed),
			})
		})
	}
}

// lostUploads are why a transfer to MinIO may begin again: a completion whose client goes away can
// end the upload, or take its parts, and make no object, once in two hundred.
var lostUploads = []string{
	"the upload no longer exists",
	"a part was replaced by an earlier attempt of it that came late",
}

// run is a transfer up and one down.
type run struct {
	child, url, key, dir string
	up                   string // as the child takes it
	random               *rand.Rand
	data                 []byte
	kills                int
	lost                 int // uploads that the service has lost
}

func (r *run) both(t *testing.T) {
	source, target := filepath.Join(r.dir, "source"), filepath.Join(r.dir, "target")
	if err := os.WriteFile(source, r.data, 0o600); err != nil {
		t.Fatal(err)
	}
	r.through(t, r.up, source)
	b, err := storage.Open(t.Context(), r.url)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	got, err := b.ReadAll(t.Context(), r.key, nil)
	if err != nil || !bytes.Equal(got, r.data) {
		t.Fatalf("the object has %d bytes, %v, and they are not those of the source", len(got), err)
	}
	r.through(t, "down", target)
	if got, err = os.ReadFile(target); err != nil || !bytes.Equal(got, r.data) {
		t.Errorf("the target has %d bytes, %v, and they are not those of the object", len(got), err)
	}
	if n, err := b.CleanUploads(t.Context(), 0, nil); err == nil && n > 1 {
		t.Errorf("%d uploads are left, want at most the one that was begun at a kill", n)
	}
	names, err := filepath.Glob(filepath.Join(r.dir, ".storage-*.part"))
	if err != nil || len(names) > 1 {
		t.Errorf("%v are left, %v, want at most the one that was made at a kill", names, err)
	}
}

// through kills the child twice at least, if it does not end before, and lets it end.
func (r *run) through(t *testing.T, direction, path string) {
	t.Helper()
	state := filepath.Join(r.dir, direction+"-state")
	kills := 0
	for {
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), r.child, direction, r.url, r.key, path, state,
			fmt.Sprint(bandwidth))
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if kills < 3 {
			r.kill(cmd.Process, state)
		}
		err := cmd.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == -1 {
			kills++
			if direction == "create" && gone(state) && r.made(t) {
				t.Logf("%s was complete at kill %d", direction, kills)
				r.kills += kills
				return
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s after %d kills: %v\n%s", direction, kills, err, &out)
		}
		t.Logf("%s after %d kills: %s", direction, kills, &out)
		r.kills += kills
		r.judge(t, direction, kills, out.String())
		break
	}
	if !gone(state) {
		t.Errorf("%s: the state is left", direction)
	}
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// made reports whether the object is there. A child that is killed behind the end of its account
// has made it, and told nobody: a further create would be refused.
func (r *run) made(t *testing.T) bool {
	t.Helper()
	b, err := storage.Open(t.Context(), r.url)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	there, err := b.Exists(t.Context(), r.key)
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// kill kills p at a random moment after the state is there, or around the commit.
func (r *run) kill(p *os.Process, state string) {
	for range 500 {
		if !gone(state) {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	if r.random.IntN(2) == 0 {
		time.Sleep(time.Duration(r.random.IntN(500)) * time.Millisecond)
	} else {
		for range 500 {
			text, err := os.ReadFile(state)
			if err != nil || bytes.Contains(text, []byte(`"complete":true`)) {
				break
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(r.random.IntN(30_000)) * time.Microsecond)
	}
	p.Kill()
}

// judge compares what the last run moved with what was missing.
func (r *run) judge(t *testing.T, direction string, kills int, out string) {
	t.Helper()
	var moved, resumed, parts int64
	var why string
	_, err := fmt.Sscanf(out, "moved=%d resumed=%d parts=%d restarted=%q", &moved, &resumed, &parts,
		&why)
	if err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	if slices.Contains(lostUploads, why) && strings.HasPrefix(r.url, "s3:") {
		r.lost++
		return
	}
	if why != "" {
		t.Errorf("%s began again: %s", direction, why)
	}
	if moved > size-resumed {
		t.Errorf("%s moved %d bytes, although only %d were missing", direction, moved, size-resumed)
	}
	if most := (size - resumed + partSize - 1) / partSize; parts > most {
		t.Errorf("%s sent %d parts, want at most %d", direction, parts, most)
	}
}
