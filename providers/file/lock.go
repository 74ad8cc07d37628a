package file

import (
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"time"

	"github.com/polystore/storage"
)

// stripes is how many locks there are: keys whose hashes meet share one. A lock is held for the
// commit of a write only, not while its bytes arrive, so sharing costs little; and there are never
// more lock files than this.
const stripes = 256

// locks are the locks of a Store's keys between goroutines: a full channel is a held lock. Lock
// files do the same between processes, and between Stores of one process. Both are needed: a
// goroutine waits for another one without polling.
type locks [stripes]chan struct{}

func (l *locks) init() {
	for i := range l {
		l[i] = make(chan struct{}, 1)
	}
}

// The pause between two looks at a lock file that another process holds.
const (
	minLockPause = 200 * time.Microsecond
	maxLockPause = 10 * time.Millisecond
)

// A held is the lock of a key, and of all keys of its stripe.
type held struct {
	s      *Store
	turn   chan struct{} // of the stripe, among goroutines
	f      *os.File
	note   string // the key that the file names: see willChange
	failed bool   // what the note is about may be left half-done
}

// lock waits for the lock of key against all its writers, until ctx ends. Nobody holds two.
func (s *Store) lock(ctx context.Context, key string) (*held, error) {
	sum := fnv.New32a()
	sum.Write([]byte(key))
	n := sum.Sum32() % stripes
	turn := s.locks[n]
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, &storage.Error{Err: ctx.Err()}
	}
	f, err := s.lockFile(ctx, fmt.Sprintf("%s/%02x", lockDir, n))
	if err != nil {
		<-turn
		return nil, err
	}
	h := &held{s: s, turn: turn, f: f}
	h.recover()
	return h, nil
}

// release gives the lock up, once.
func (h *held) release() {
	if h.f == nil {
		return
	}
	h.strike()
	h.f.Close() // gives up the file's lock
	h.f = nil
	<-h.turn
}

func (s *Store) lockFile(ctx context.Context, path string) (*os.File, error) {
	for range maxMoves {
		f, err := s.create(path, os.O_RDWR|os.O_CREATE, s.newFileMode())
		if err != nil {
			return nil, err
		}
		there := false
		if err = waitLock(ctx, f, false); err == nil {
			there, err = s.isAt(f, path)
		}
		if there {
			return f, nil
		}
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, &fs.PathError{Op: "lock", Path: path, Err: errMoved}
}

// waitLock takes the lock of an open file, which ends with it, and with the process. It polls,
// since waiting in a system call could not be given up.
func waitLock(ctx context.Context, f *os.File, shared bool) error {
	for pause := minLockPause; ; pause = min(2*pause, maxLockPause) {
		if ok, err := tryLock(f, shared); ok || err != nil {
			return err
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return &storage.Error{Err: ctx.Err()}
		}
	}
}

// isAt reports whether path still names the open file: a lock on a file that somebody has removed
// locks nobody out.
func (s *Store) isAt(f *os.File, path string) (bool, error) {
	opened, err := f.Stat()
	if err != nil {
		return false, err
	}
	return isIn(s.root, path, opened)
}

// isIn reports whether path, below d, names the file.
func isIn(d *handle, path string, fi fs.FileInfo) (bool, error) {
	there, err := d.Lstat(path)
	if isGone(err) {
		return false, nil
	}
	return err == nil && sameFile(fi, there), err
}
