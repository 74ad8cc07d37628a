package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// crashKeys are written each by a goroutine of its own; the last by multipart.
var crashKeys = []string{"a", "a/b", "a/b/c", "x/y", "m/parts"}

// writeForever puts and deletes the crash keys, and prints what it begins and what it was told is
// done.
func writeForever(s *Store) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failure error
	// one write each
	say := func(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }
	ctx := context.Background()
	for _, key := range crashKeys {
		wg.Go(func() {
			for v := 1; ; v++ {
				say("begin %s %d", key, v)
				var err error
				switch {
				case v%5 == 0:
					err = s.Delete(ctx, key, new(storage.DeleteOptions))
				case strings.HasPrefix(key, "m/"):
					err = putParts(ctx, s, key, crashData(key, v), crashOptions(v))
				default:
					_, err = tryPut(ctx, s, key, crashData(key, v), crashOptions(v))
				}
				if err != nil {
					mu.Lock()
					failure = err
					mu.Unlock()
					return
				}
				say("done %s %d", key, v)
			}
		})
	}
	wg.Wait()
	return failure
}

func crashData(key string, v int) string {
	return strings.Repeat(fmt.Sprint(key, " ", v, "\n"), 1+v%700)
}

func crashOptions(v int) *storage.PutOptions {
	return &storage.PutOptions{Metadata: map[string]string{"v": fmt.Sprint(v)}}
}

func putParts(ctx context.Context, s *Store, key, data string, opts *storage.PutOptions) error {
	id, err := s.CreateUpload(ctx, key, opts)
	if err != nil {
		return err
	}
	var parts []*storage.Part
	for n, offset := 1, 0; offset < len(data); n++ {
		part := data[offset:min(len(data), offset+1000)]
		p, err := s.PutPart(ctx, key, id, n, strings.NewReader(part), int64(len(part)),
			&storage.PartOptions{Offset: int64(offset)})
		if err != nil {
			return err
		}
		parts, offset = append(parts, p), offset+len(part)
	}
	_, err = s.CompleteUpload(ctx, key, id, parts, opts)
	return err
}

// A process that is killed at any moment loses nothing that it was told is done, and shows nothing
// half-done.
func TestKill(t *testing.T) {
	rounds := 25
	if testing.Short() {
		rounds = 5
	}
	for _, work := range []string{"write", "write with sidecars"} {
		t.Run(work, func(t *testing.T) {
			dir := t.TempDir()
			state := make(map[string]string) // what each key's last line says
			for round := range rounds {
				killOnce(t, work, dir, state)
				s := openStore(t, dir)
				s.noXattr = work != "write"
				checkCrash(t, s, state)
				for _, path := range tree(t, dir) {
					if strings.HasSuffix(path, "/") {
						t.Errorf("an empty directory is left: %s", path)
					}
				}
				if t.Failed() {
					t.Fatalf("in round %d", round)
				}
				for _, key := range crashKeys { // known again, for the next round
					if rand.IntN(2) == 0 {
						remove(t, s, key)
						state[key] = "done 0"
					}
				}
			}
			// What the killed processes left goes, once it is old, and nothing else does.
			old := time.Now().Add(-time.Hour)
			for _, path := range files(t, filepath.Join(dir, "tmp.")) {
				if !strings.Contains(path, "attr..") && !strings.Contains(path, "upload..") {
					if err := os.Chtimes(path, old, old); err != nil {
						t.Fatal(err)
					}
				}
			}
			s := openStore(t, dir)
			s.noXattr = work != "write"
			checkCrash(t, s, state)
			for _, path := range files(t, filepath.Join(dir, "tmp.")) {
				if !strings.Contains(path, "attr..") && !strings.Contains(path, "upload..") {
					t.Errorf("left behind: %s", path)
				}
			}
			page, err := s.ListUploadsPage(t.Context(), new(storage.ListOptions))
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page.Uploads {
				if err := s.AbortUpload(t.Context(), u.Key, u.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// killOnce lets a child write for a moment and brings state up to date by what it said.
func killOnce(t *testing.T, work, dir string, state map[string]string) {
	t.Helper()
	// A file, since the child's last lines are in it whatever happens to the child.
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c := startChildTo(t, work, dir, out)
	// Not before it is at work.
	deadline := time.Now().Add(time.Minute)
	for {
		if fi, err := out.Stat(); err == nil && fi.Size() > 0 || time.Now().After(deadline) {
			break
		}
		<-time.After(time.Millisecond)
	}
	<-time.After(time.Duration(rand.IntN(60_000)) * time.Microsecond)
	c.Process.Kill()
	mustBeKilled(t, c)
	b, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	if len(b) == 0 {
		t.Fatal("the child did nothing")
	}
	for line := range bytes.Lines(b) {
		var what, key, v string
		if n, _ := fmt.Sscan(string(line), &what, &key, &v); n == 3 && line[len(line)-1] == '\n' {
			if what == "begin" {
				state[key] = "begun " + v + " after " + state[key]
			} else {
				state[key] = "done " + v
			}
		}
	}
}

// checkCrash checks that each key is what its state says that it may be.
func checkCrash(t *testing.T, s *Store, state map[string]string) {
	t.Helper()
	keys := list(t, s, storage.ListOptions{PageSize: 2})
	for _, key := range keys {
		if state[key] == "" {
			t.Errorf("list has %q, which nobody put", key)
		}
	}
	for key, st := range state {
		var allowed []string
		for _, v := range strings.Split(strings.NewReplacer("begun ", "", "done ", "").Replace(st),
			" after ") {
			allowed = append(allowed, v)
			if strings.HasPrefix(st, "done") {
				break
			}
		}
		data, o, err := tryGet(t.Context(), s, key)
		ok := false
		for _, v := range allowed {
			var n int
			fmt.Sscan(v, &n)
			if n%5 == 0 {
				ok = ok || errors.Is(err, storage.ErrNotExist)
			} else {
				ok = ok || err == nil && data == crashData(key, n) && o.Metadata["v"] == v
			}
		}
		if !ok {
			t.Errorf("%s: after %q: %.40q, %v, %v", key, st, data, o, err)
		}
		if err == nil {
			state[key] = "done " + o.Metadata["v"]
		} else {
			state[key] = "done 0"
		}
	}
}
