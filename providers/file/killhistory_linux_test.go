package file

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/histories"
	"github.com/polystore/storage/internal/tally"
)

var kills = flag.Int("kills", 100, "processes that TestKillHistories kills")

// killFirst names the first client of a child.
const killFirst = "POLYSTORE_FILE_TEST_FIRST"

func init() { works["history"] = historyForever }

// killConfig is the history of one child: it ends when the child is killed.
func killConfig(first int) histories.Config {
	return histories.Config{
		Seed: uint64(first), First: first, Clients: 3, Ops: 1 << 30, Prefix: "h/",
		Large: 200_000, PartSize: 64 << 10,
	}
}

func historyForever(s *Store) error {
	first, err := strconv.Atoi(os.Getenv(killFirst))
	if err != nil {
		return err
	}
	c := killConfig(first)
	c.Log = os.Stdout
	histories.Run(context.Background(), storage.New(s, nil), c)
	return nil
}

// Two processes work on the same keys, by every kind of call, and are killed at random instants.
// Nothing that one of them was told is lost, nothing half-done is to be seen, what the other saw
// fits, and the keys can be written at once.
func TestKillHistories(t *testing.T) {
	dir := t.TempDir()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	var total histories.Report
	killed := 0
	tally.Later(t, func() tally.Row {
		return tally.Row{
			What: "SIGKILL of one of two processes", On: "file", Tried: killed,
			Note: fmt.Sprintf("%d calls, %d cut off, judged linearizable", total.Ops,
				total.Unknown),
			Seeds: fmt.Sprint(seed),
		}
	})
	var initial map[string]histories.Version
	const together = 2
	for round := range (*kills + together - 1) / together {
		logs := killTogether(t, dir, together, round*100, random)
		killed += len(logs)
		s := openStore(t, dir)
		b := storage.New(s, nil)
		h, now, err := histories.After(t.Context(), b, killConfig(round*100), logs...)
		if err != nil {
			t.Fatal(err)
		}
		h.Initial, initial = initial, now
		r, err := h.Check(time.Minute)
		if err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		total.Add(r)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		for _, key := range h.Keys {
			if err := writeOnce(ctx, b, key, initial); err != nil {
				t.Errorf("round %d: writing %s does not go on: %v", round, key, err)
			}
		}
		cancel()
		s.Close()
	}
	left := litterAfter(t, dir)
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// writeOnce writes what is there once more and notes its ETag, or writes an object and deletes it.
func writeOnce(
	ctx context.Context, b *storage.Bucket, key string, now map[string]histories.Version,
) error {
	r, err := b.Get(ctx, key, nil)
	if errors.Is(err, storage.ErrNotExist) {
		if _, err := b.WriteAll(ctx, key, nil, nil); err != nil {
			return err
		}
		return b.Delete(ctx, key, nil)
	}
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	o, err := b.WriteAll(ctx, key, data, &storage.PutOptions{Metadata: r.Object().Metadata})
	if err == nil {
		v := now[key]
		v.ETag = o.ETag
		now[key] = v
	}
	return err
}

// killTogether runs children until each is killed, and returns their logs. None ends before, and
// each has done something.
func killTogether(t *testing.T, dir string, n, first int, random *rand.Rand) (logs []io.Reader) {
	t.Helper()
	var children []*exec.Cmd
	for i := range n {
		log, err := os.CreateTemp(t.TempDir(), "log")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close() })
		t.Setenv(killFirst, strconv.Itoa(first+10*i))
		children = append(children, startChildTo(t, "history", dir, log))
		logs = append(logs, log)
	}
	for _, log := range logs { // not before they are at work
		end := time.Now().Add(time.Minute)
		for fi, err := log.(*os.File).Stat(); err == nil && fi.Size() == 0 &&
			time.Now().Before(end); {
			time.Sleep(time.Millisecond)
			fi, err = log.(*os.File).Stat()
		}
	}
	for _, c := range children {
		time.Sleep(time.Duration(random.IntN(80_000)) * time.Microsecond)
		c.Process.Kill()
	}
	for _, c := range children {
		mustBeKilled(t, c)
	}
	for _, log := range logs {
		if fi, err := log.(*os.File).Stat(); err != nil || fi.Size() == 0 {
			t.Fatalf("the child did nothing: %v", err)
		}
		if _, err := log.(*os.File).Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	return logs
}

// litterAfter ages what is in the driver's own directory, opens the directory again, and returns
// what is left beside locks, the attributes of objects, and uploads, which it aborts.
func litterAfter(t *testing.T, dir string) (left []string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	own := filepath.Join(dir, tempDir)
	err := filepath.WalkDir(own, func(path string, _ os.DirEntry, err error) error {
		if err != nil || strings.Contains(path, "attr..") {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(openStore(t, dir), nil)
	if _, err := b.CleanUploads(t.Context(), 0, nil); err != nil {
		t.Error(err)
	}
	for _, path := range files(t, own) {
		if !strings.Contains(path, "attr..") && !strings.Contains(path, "lock..") {
			left = append(left, path)
		}
	}
	return left
}
