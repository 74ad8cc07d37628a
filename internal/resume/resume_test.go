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
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/fivestores"
	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv"
	_ "github.com/polystore/storage/providers/all"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var rounds = flag.Int("rounds", 1, "transfers of each kind, for each store")

const (
	size      = 48 << 20
	partSize  = 5 << 20
	bandwidth = 60 << 20 // bytes a second, so that there is time for kills
	slow      = 20 << 20 // of the first child, whose kill is never too late
	workers   = 3        // of the child
)

// TestKill lets a child process upload a file, write from memory and download on each store, and
// kills it at random moments until it ends by itself. It sends and fetches what is missing and no
// more: what is missing is told by the state file that the child before left, and by the service.
func TestKill(t *testing.T) {
	child := buildChild(t)
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
			kills, lost, tried := make(map[string]int), 0, 0
			tally.Later(t, func() tally.Row {
				all := 0
				for _, n := range kills {
					all += n
				}
				return tally.Row{
					What: "transfers that were killed and went on", On: s.Name, Tried: tried,
					Note: fmt.Sprintf("a file up, memory up and a file down, %d kills; the last "+
						"call moved what was missing; %d uploads that the service lost", all, lost),
					Seeds: fmt.Sprint(seed),
				}
			})
			up := "create"
			if s.Name == "gcs" { // a conditional write is one session there
				up = "up"
			}
			for i := range *rounds {
				r := &run{
					child: child, url: s.URL, key: fmt.Sprintf("resume-%d", i), dir: t.TempDir(),
					random: random, data: data, kills: kills,
				}
				tried += 3
				r.all(t, up)
				lost += r.lost
			}
			if lost > max(1, *rounds/5) {
				t.Errorf("the service lost %d uploads in %d rounds", lost, *rounds)
			}
			for _, kind := range []string{up, "at", "down"} {
				if kills[kind] < *rounds {
					t.Errorf("%s: %d kills in %d rounds, want one in each", kind, kills[kind],
						*rounds)
				}
			}
		})
	}
}

func buildChild(t *testing.T) string {
	t.Helper()
	child := filepath.Join(t.TempDir(), "child")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", child, "./child")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return child
}

// run is a transfer of each kind.
type run struct {
	child, url, key, dir string
	random               *rand.Rand
	data                 []byte
	kills                map[string]int // by the kind of transfer, as the child takes it
	lost                 int            // uploads that the service has lost
}

func (r *run) all(t *testing.T, up string) {
	source, target := filepath.Join(r.dir, "source"), filepath.Join(r.dir, "target")
	if err := os.WriteFile(source, r.data, 0o600); err != nil {
		t.Fatal(err)
	}
	b := r.open(t)
	for _, kind := range []string{up, "at"} {
		r.through(t, kind, source)
		got, err := b.ReadAll(t.Context(), r.key, nil)
		if err != nil || !bytes.Equal(got, r.data) {
			t.Fatalf("%s: the object has %d bytes, %v, and they are not those of the source", kind,
				len(got), err)
		}
		if n, err := b.CleanUploads(t.Context(), 0, nil); err == nil && n > 1 {
			t.Errorf("%s: %d uploads are left, want at most the one that was begun at a kill",
				kind, n)
		}
		if kind == up { // the next object shall not be there already
			if err := b.Delete(t.Context(), r.key, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.through(t, "down", target)
	if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, r.data) {
		t.Errorf("the target has %d bytes, %v, and they are not those of the object", len(got), err)
	}
	names, err := filepath.Glob(filepath.Join(r.dir, ".storage-*.part"))
	if err != nil || len(names) > 1 {
		t.Errorf("%v are left, %v, want at most the one that was made at a kill", names, err)
	}
}

func (r *run) open(t *testing.T) *storage.Bucket {
	t.Helper()
	b, err := storage.Open(t.Context(), r.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// through kills the child until three kills have hit, if it does not end before, and lets it end.
// The first hits as soon as the state has something to go on with. Where this process stood still
// meanwhile, and it was too late, the transfer begins anew.
func (r *run) through(t *testing.T, kind, path string) {
	t.Helper()
	state := filepath.Join(r.dir, kind+"-state")
	anew := 3
	for kills := 0; ; kills++ {
		was := r.before(t, state)
		var out, failure bytes.Buffer
		speed := bandwidth
		if kills == 0 {
			speed = slow
		}
		cmd := exec.CommandContext(t.Context(), r.child, kind, r.url, r.key, path, state,
			fmt.Sprint(speed))
		cmd.Stdout, cmd.Stderr = &out, &failure
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		switch {
		case kills == 0:
			r.killEarly(cmd.Process, state)
		case kills < 3:
			r.kill(cmd.Process, state)
		}
		err := cmd.Wait()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == -1 {
			r.kills[kind]++
			if kind == "create" && gone(state) && r.made(t) {
				t.Logf("%s was complete at kill %d", kind, kills+1)
				return
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s after %d kills: %v\n%s", kind, kills, err, &failure)
		}
		t.Logf("%s after %d kills, with %d bytes: %s", kind, kills, was.bytes(), &out)
		if !was.judge(t, kind, out.Bytes()) {
			r.lost++
		}
		if !gone(state) {
			t.Errorf("%s: the state is left", kind)
		}
		if kills > 0 || anew == 0 {
			return
		}
		anew--
		kills = -1
		if kind == "create" { // the object shall not be there already
			if err := r.open(t).Delete(t.Context(), r.key, nil); err != nil {
				t.Fatal(err)
			}
		}
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
	there, err := r.open(t).Exists(t.Context(), r.key)
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// killEarly kills p at a random moment after its state names as many bytes as up to five parts
// have, well before its end. A child whose state does not get there ends before.
func (r *run) killEarly(p *os.Process, state string) {
	least := int64(1+r.random.IntN(5)) * partSize
	for range 5000 {
		if text, err := os.ReadFile(state); err == nil && decoded(text).bytes() >= least {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	time.Sleep(time.Duration(r.random.IntN(300)) * time.Millisecond)
	p.Kill()
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
