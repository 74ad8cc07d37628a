package testenv

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/polystore/storage/internal/testenv/program"
)

// dataPrefix begins the names of all data directories.
const dataPrefix = "polystore-testenv-"

// dataDir is a server's directory. Its lock is held as long as this process lives.
type dataDir struct {
	path  string
	owner *flock.Flock
}

// newDataDir makes a data directory, in memory where there is plenty, and removes those of
// processes that were killed before they could.
func newDataDir(ctx context.Context) (*dataDir, error) {
	cache, err := program.Cache()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	// No other process is between the making of a directory and the taking of its lock.
	guard := flock.New(filepath.Join(cache, "data.lock"))
	if _, err := guard.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, err
	}
	defer guard.Close()
	base := memoryDir()
	if base == "" {
		base = os.TempDir()
	}
	removeAbandoned(base)
	path, err := os.MkdirTemp(base, dataPrefix)
	if err != nil {
		return nil, err
	}
	d := &dataDir{path: path, owner: ownerLock(path)}
	if _, err := d.owner.TryLock(); err != nil {
		d.remove()
		return nil, err
	}
	return d, nil
}

func ownerLock(path string) *flock.Flock { return flock.New(filepath.Join(path, "owner.lock")) }

// removeAbandoned removes the data directories in base that no living process owns. What cannot be
// looked at is left alone.
func removeAbandoned(base string) {
	dirs, _ := filepath.Glob(filepath.Join(base, dataPrefix+"*")) // the pattern is well-formed
	for _, path := range dirs {
		lock := ownerLock(path)
		if free, err := lock.TryLock(); err == nil && free {
			(&dataDir{path, lock}).remove()
		}
	}
}

// remove leaves nothing; a failure shows up as an abandoned directory at the next start.
func (d *dataDir) remove() {
	d.owner.Close() // some systems do not remove what is open
	os.RemoveAll(d.path)
}
