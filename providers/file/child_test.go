package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/polystore/storage"
)

// Some tests need other processes: they run this test binary again with these set.
const (
	childWork = "POLYSTORE_FILE_TEST_WORK"
	childDir  = "POLYSTORE_FILE_TEST_DIR"
)

func startChild(t *testing.T, work, dir string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	out := new(bytes.Buffer)
	return startChildTo(t, work, dir, out), out
}

func startChildTo(t *testing.T, work, dir string, out io.Writer) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childWork+"="+work, childDir+"="+dir)
	c.Stdout, c.Stderr = out, os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// mustBeKilled waits for a child and fails if it ended by itself.
func mustBeKilled(t *testing.T, c *exec.Cmd) {
	t.Helper()
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the child ended before it was killed: %v", err)
	}
}

// works is what children can do.
var works = map[string]func(s *Store) error{
	"count": func(s *Store) error { return count(context.Background(), s, 50) },
	"write": writeForever,
	"write with sidecars": func(s *Store) error {
		s.noXattr = true
		return writeForever(s)
	},
}

// child is the main function of a child.
func child(work, dir string) int {
	s, err := New(dir, nil)
	if err == nil {
		err = works[work](s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// count adds n to the number in the object "n", one by one, by compare-and-swap, and creates as
// many objects as it can.
func count(ctx context.Context, s *Store, n int) error {
	for i := range n {
		_, err := tryPut(ctx, s, fmt.Sprint("once/", i), strconv.Itoa(os.Getpid()),
			&storage.PutOptions{IfAbsent: true})
		switch {
		case err == nil:
			fmt.Println("created", i)
		case !errors.Is(err, storage.ErrExist):
			return err
		}
	}
	for n > 0 {
		data, o, err := tryGet(ctx, s, "n")
		if err != nil {
			return err
		}
		v, err := strconv.Atoi(data)
		if err != nil {
			return err
		}
		_, err = tryPut(ctx, s, "n", strconv.Itoa(v+1), &storage.PutOptions{IfMatch: o.ETag})
		switch {
		case err == nil:
			n--
		case !errors.Is(err, storage.ErrPrecondition):
			return err
		}
	}
	return nil
}

func TestLockBetweenProcesses(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "n", "0", nil)
	var children []*exec.Cmd
	var outs []*bytes.Buffer
	for range 3 {
		c, out := startChild(t, "count", dir)
		children, outs = append(children, c), append(outs, out)
	}
	if err := count(t.Context(), s, 50); err != nil {
		t.Error(err)
	}
	created := 0
	for i, c := range children {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
		created += strings.Count(outs[i].String(), "created")
	}
	if got := get(t, s, "n"); got != "200" {
		t.Errorf("the counter is %s, want 200: updates are lost", got)
	}
	if created > 50 {
		t.Errorf("50 objects were created %d times", created)
	}
}

// A lock that another process holds is waited for until the context ends, and its keys only.
func TestLockHeldElsewhere(t *testing.T) {
	s, dir := newStore(t)
	other := openStore(t, dir)
	held, err := other.lock(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := tryPut(ctx, s, "k", "x", nil)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Put while the lock is held: %v", err)
		}
	})
	put(t, s, "another", "x", nil)
	cancel()
	wg.Wait()
	if _, err := s.Stat(t.Context(), "k", new(storage.StatOptions)); !errors.Is(err,
		storage.ErrNotExist) {
		t.Errorf("Stat: %v", err)
	}
	held.release()
	put(t, s, "k", "x", nil)
}
