package file

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// syncLog counts the syncs of a Store's directories, and lets them fail.
type syncLog struct {
	mu   sync.Mutex
	dirs map[string]int
	err  error
}

func logSyncs(s *Store) *syncLog {
	l := &syncLog{dirs: make(map[string]int)}
	s.failSync = func(dir string) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.dirs[dir]++
		return l.err
	}
	return l
}

func (l *syncLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// take returns how often dir was synced since the last time.
func (l *syncLog) take(dir string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.dirs[dir]
	clear(l.dirs)
	return n
}

// A promise is what a call says of an object that somebody else has changed, and not synced.
var promises = []struct {
	name   string
	before []string // keys that are there, durably
	change func(t *testing.T, s *Store) error
	ask    func(t *testing.T, s *Store) error
	want   error
}{
	{"ErrExist", nil, putK, func(t *testing.T, s *Store) error {
		_, err := tryPut(t.Context(), s, "d/k", "x", &storage.PutOptions{IfAbsent: true})
		return err
	}, storage.ErrExist},
	{"ErrPrecondition of another version", []string{"d/k"}, putK,
		func(t *testing.T, s *Store) error {
			_, err := tryPut(t.Context(), s, "d/k", "x", &storage.PutOptions{IfMatch: `"x"`})
			return err
		}, storage.ErrPrecondition},
	{"ErrPrecondition of nothing", []string{"d/k", "d/l"}, removeK,
		func(t *testing.T, s *Store) error {
			_, err := tryPut(t.Context(), s, "d/k", "x", &storage.PutOptions{IfMatch: `"x"`})
			return err
		}, storage.ErrPrecondition},
	{"second Delete", []string{"d/k", "d/l"}, removeK, func(t *testing.T, s *Store) error {
		return s.Delete(t.Context(), "d/k", new(storage.DeleteOptions))
	}, nil},
	{"second DeleteBatch", []string{"d/k", "d/l"}, removeK, func(t *testing.T, s *Store) error {
		return errors.Join(deleteBatch(t, s, "d/k")...)
	}, nil},
	{"ErrPrecondition of Delete", []string{"d/k"}, putK, func(t *testing.T, s *Store) error {
		return s.Delete(t.Context(), "d/k", &storage.DeleteOptions{IfMatch: `"x"`})
	}, storage.ErrPrecondition},
	{"ErrExist of Copy", []string{"src"}, putK, func(t *testing.T, s *Store) error {
		_, err := s.Copy(t.Context(), "d/k", "src", &storage.CopyOptions{IfAbsent: true})
		return err
	}, storage.ErrExist},
	{"ErrExist of CompleteUpload", nil, putK, func(t *testing.T, s *Store) error {
		opts := &storage.PutOptions{IfAbsent: true}
		id := createUpload(t, s, "d/k", opts)
		_, err := s.CompleteUpload(t.Context(), "d/k", id, nil, opts)
		return err
	}, storage.ErrExist},
	{"second CompleteUpload", nil, putK, func(t *testing.T, s *Store) error {
		_, err := s.CompleteUpload(t.Context(), "d/k", "abcd", nil, new(storage.PutOptions))
		return err
	}, storage.ErrNotExist},
}

func putK(t *testing.T, s *Store) error {
	_, err := tryPut(t.Context(), s, "d/k", "theirs", nil)
	return err
}

func removeK(t *testing.T, s *Store) error {
	return s.Delete(t.Context(), "d/k", new(storage.DeleteOptions))
}

func deleteBatch(t *testing.T, s *Store, keys ...string) []error {
	t.Helper()
	errs, err := s.DeleteBatch(t.Context(), keys, new(storage.DeleteBatchOptions))
	if err != nil {
		t.Fatal(err)
	}
	return errs
}

// What another process has changed, and was killed before it synced, is synced before a call
// promises anything about it; where it cannot be synced there is no promise.
func TestPromisesAreSynced(t *testing.T) {
	for _, tt := range promises {
		t.Run(tt.name, func(t *testing.T) {
			s, dir := newStore(t)
			for _, key := range tt.before {
				put(t, s, key, "before", nil)
			}
			syncs := logSyncs(s)
			other := openStore(t, dir)
			logSyncs(other).fail(syscall.EIO)
			var e *storage.Error
			if err := tt.change(t, other); !errors.As(err, &e) || !e.InDoubt {
				t.Fatalf("a change that cannot be synced: %v, want doubt", err)
			}
			if tt.name != "ErrExist of CompleteUpload" { // it syncs the upload first
				syncs.fail(syscall.EMFILE)
				if err := tt.ask(t, s); !errors.Is(err, storage.ErrUnavailable) {
					t.Errorf("without a sync: %v, want ErrUnavailable", err)
				}
				syncs.fail(nil)
			}
			syncs.take("")
			if err := tt.ask(t, s); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if syncs.take("d") == 0 {
				t.Error("the directory was not synced")
			}
			// Known by now, if it is about a file; what is not there takes a quiet directory.
			err := tt.ask(t, s)
			if n := syncs.take("d"); errors.Is(err, storage.ErrExist) && n > 0 {
				t.Errorf("synced %d times more for what is known to be on disk", n)
			}
		})
	}
}

// A change of our own that failed to be synced is not reported by the look that finds out what
// became of it, unless it is on disk by then; other looks sync nothing.
func TestLookAfterFailedSync(t *testing.T) {
	s, _ := newStore(t)
	syncs := logSyncs(s)
	syncs.fail(syscall.EIO)
	if err := putK(t, s); err == nil {
		t.Fatal("Put succeeded without a sync")
	}
	if _, err := s.Stat(t.Context(), "d/k", new(storage.StatOptions)); !errors.Is(err,
		syscall.EIO) {
		t.Errorf("Stat: %v, want EIO", err)
	}
	syncs.fail(nil)
	syncs.take("")
	stat(t, s, "d/k")
	if syncs.take("d") == 0 {
		t.Error("Stat of a change in doubt did not sync")
	}
	stat(t, s, "d/k")
	get(t, s, "d/k")
	list(t, s, storage.ListOptions{})
	if n := syncs.take("d"); n > 0 {
		t.Errorf("reading synced %d times", n)
	}
}

// A Bucket whose first sync fails says that the object is there only when it is on disk.
func TestBucketAfterFailedSync(t *testing.T) {
	s, _ := newStore(t)
	b := storage.New(s, nil)
	failed := false
	synced := 0
	s.failSync = func(dir string) error {
		if dir != "d" {
			return nil
		}
		if !failed {
			failed = true
			return syscall.EMFILE
		}
		synced++
		return nil
	}
	_, err := b.WriteAll(t.Context(), "d/k", []byte("x"), &storage.PutOptions{IfAbsent: true})
	if err != nil || synced == 0 {
		t.Errorf("WriteAll: %v after %d syncs", err, synced)
	}
}

// Own writes are known to be on disk: a refusal costs no sync.
func TestRefusalOfOwnWrite(t *testing.T) {
	s, _ := newStore(t)
	put(t, s, "d/k", "", nil)
	opts := &storage.PutOptions{IfAbsent: true}
	syncs := logSyncs(s)
	put(t, s, "d/other", "", nil) // which changes the directory
	syncs.take("")
	for range 3 {
		if _, err := tryPut(t.Context(), s, "d/k", "x", opts); !errors.Is(err, storage.ErrExist) {
			t.Error(err)
		}
	}
	if n := syncs.take("d"); n > 0 {
		t.Errorf("synced %d times", n)
	}
}

// DeleteBatch syncs each directory once, also where some keys are gone already.
func TestDeleteBatchSyncsOnce(t *testing.T) {
	s, _ := newStore(t)
	var keys []string
	for i := range 20 {
		key := fmt.Sprintf("d%d/%02d", i%2, i)
		put(t, s, key, "", nil)
		keys = append(keys, key)
	}
	put(t, s, "d0/stays", "", nil)
	keys = append(keys, "d0/none", "d0/none/below", keys[0], "a/", "d1/none")
	syncs := logSyncs(s)
	for i, err := range deleteBatch(t, s, keys...) {
		if bad := keys[i] == "a/"; errors.Is(err, storage.ErrInvalidKey) != bad ||
			(err != nil) != bad {
			t.Errorf("%q: %v", keys[i], err)
		}
	}
	syncs.mu.Lock()
	defer syncs.mu.Unlock()
	for dir, want := range map[string]int{".": 1, "d0": 1, "d1": 0} { // d1 is gone, too
		if n := syncs.dirs[dir]; n != want {
			t.Errorf("%s was synced %d times, want %d", dir, n, want)
		}
	}
	if got := list(t, s, storage.ListOptions{}); fmt.Sprint(got) != "[d0/stays]" {
		t.Errorf("list = %q", got)
	}
}

// Whoever asks for a sync while one runs shares the next one; nobody is given one that began
// before.
func TestSharedSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g syncs
		var wg sync.WaitGroup
		proceed := make(chan struct{})
		runs := 0
		run := func() {
			wg.Go(func() {
				if err := g.do(syncKey{path: "d"},
					func() error { runs++; <-proceed; return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		run()
		synctest.Wait()
		for range 10 {
			run()
		}
		synctest.Wait()
		if runs != 1 {
			t.Errorf("%d syncs run at once", runs)
		}
		close(proceed)
		wg.Wait()
		if runs != 2 || len(g.last) != 0 {
			t.Errorf("11 callers took %d syncs, want 2; %d are kept", runs, len(g.last))
		}
	})
}

// A file system that does not sync directories is found out by New, and no write fails for it;
// elsewhere the same error is one.
func TestNoDirectorySync(t *testing.T) {
	for _, refusal := range []error{syscall.EINVAL, syscall.EOPNOTSUPP, syscall.EIO} {
		for _, probed := range []bool{true, false} {
			s, _ := newStore(t)
			s.noDirSync = probed
			s.failSync = func(string) error { return refusal }
			err := putK(t, s)
			if want := probed && refusal != syscall.EIO; (err == nil) != want {
				t.Errorf("%v, probed %v: Put = %v", refusal, probed, err)
			}
		}
	}
}

// Other keys of the same stripe do not wait for the sync of a directory. They do where old
// attributes in a sidecar are removed after it.
func TestSyncWithoutLock(t *testing.T) {
	for _, sidecars := range []bool{false, true} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			s := openStore(t, dir)
			s.noXattr = sidecars
			asked := false
			s.failSync = func(dir string) error {
				if dir != "d" {
					return nil
				}
				asked = true
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				held, err := s.lock(ctx, "d/k")
				if err == nil {
					held.release()
				}
				if free := err == nil; free == sidecars {
					t.Errorf("with sidecars %v, the lock during a sync: %v", sidecars, err)
				}
				return nil
			}
			put(t, s, "d/k", "data", nil)
			if !asked {
				t.Error("the directory was not synced")
			}
		})
	}
}
