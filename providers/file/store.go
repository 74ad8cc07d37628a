package file

import (
	"context"
	"errors"
	"hash"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/minio/crc64nvme"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Options are the options of New. The zero value opens a directory that exists.
type Options struct {
	CreateDir bool // make the directory, and its parents, if it is not there

	// FileMode is the permissions of new files, including the driver's own. DirMode is those of new
	// directories. Both are set whatever the umask is. The defaults are 0666 and 0777, less the
	// umask. The owner must be able to read and write, and to search directories. An overwritten
	// object keeps its own permissions.
	FileMode, DirMode os.FileMode
}

// Store is a directory as a bucket. Any number of Stores, in any number of processes, may share one
// directory of a local file system. Its methods may be called concurrently.
type Store struct {
	storage.Unsupported // SignURL

	root *handle

	mu     sync.Mutex
	calls  int // under way
	closed bool

	locks     locks
	indexes   indexes
	durable   durable
	syncs     syncs
	hasher    driver.Hasher
	buffers   sync.Pool   // of *[]byte, bufferSize long
	exactCase atomic.Bool // the file system folds names: spelling is checked with the directory
	rewrites  atomic.Bool // it keeps names in another form than they are given
	maxIndex  int         // bytes of names that lists hold

	fileMode, dirMode os.FileMode // of Options

	dir           string // of root, absolute; "" if it is not known
	above         sync.Mutex
	aboveDone     bool // the directories above root are synced
	noDirSync     bool // the file system does not sync directories
	stampsRenames bool // a rename gives a file a new ctime

	// For tests: behave as on a file system
	noXattr bool          // without extended attributes
	tick    time.Duration // with times that are multiples of it
	// whose directories cannot be synced where it returns an error
	failSync func(dir string) error
	// that loses power before a sync
	beforeSync func()
	// that is busy when a directory has been opened to be read
	rewound func()
	// that takes a name for another
	sameName func(string) string
	// that keeps a name in another form
	keptName func(string) string
}

var _ storage.FullStore = (*Store)(nil)

// New opens the directory dir as a bucket. A missing directory is ErrNoBucket unless opts.CreateDir
// is set. Anything else that is not a directory is ErrInvalid. New removes what killed processes
// left behind. It tries out names in the driver's own directory if that exists and is writable. It
// writes nothing else, so a directory on a read-only file system can be read.
func New(dir string, opts *Options) (*Store, error) {
	if dir == "" {
		return nil, driver.Invalidf("no directory given")
	}
	if opts == nil {
		opts = new(Options)
	}
	if err := checkModes(opts); err != nil {
		return nil, err
	}
	if opts.CreateDir {
		if err := makeRoot(dir, opts.DirMode); err != nil {
			return nil, openError(dir, err)
		}
	}
	switch fi, err := os.Stat(dir); {
	case err != nil:
		return nil, openError(dir, err)
	case !fi.IsDir():
		return nil, driver.Invalidf("%s is not a directory", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, openError(dir, err)
	}
	s := &Store{root: newHandle(root), maxIndex: maxIndex}
	s.fileMode, s.dirMode = opts.FileMode, opts.DirMode
	s.dir, _ = filepath.Abs(dir)
	s.hasher.NewCRC64NVME = func() hash.Hash { return crc64nvme.New() }
	s.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	s.locks.init()
	if err := s.probeNames(); err != nil {
		s.root.Close()
		return nil, driver.Invalidf("%s: %w", dir, err)
	}
	s.probeSync()
	s.clean()
	return s, nil
}

func openError(dir string, err error) error {
	switch {
	case isNotExist(err):
		return &storage.Error{Kind: storage.ErrNoBucket, Err: err}
	case isNotDir(err):
		return driver.Invalidf("%s: a parent is not a directory", dir)
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL):
		return driver.Invalidf("%w", err)
	}
	return classify(err)
}

// Client returns the directory, as the driver uses it. It is closed with the Store.
func (s *Store) Client() *os.Root { return s.root.root }

// Close closes the directory, once the calls that are under way have ended. Bodies that are open
// stay readable.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.calls > 0 {
		return nil // the last of them closes it
	}
	s.indexes.close()
	return s.root.Close()
}

// begin is asked before a call does anything; where it returns nil, end is what the call does last.
// A call that has begun can clean up behind itself although the Store is closed meanwhile.
func (s *Store) begin(ctx context.Context) error {
	if err := driver.ContextErr(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return kind(storage.ErrClosed)
	}
	s.calls++
	return nil
}

func (s *Store) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls--; s.calls == 0 && s.closed {
		s.indexes.close()
		s.root.Close()
	}
}

// missing is the error of a look that found nothing: nothing is there, or the whole directory has
// been removed.
func (s *Store) missing() error {
	if s.removed() {
		return kind(storage.ErrNoBucket)
	}
	return kind(storage.ErrNotExist)
}

// removed reports whether the bucket's directory has been removed since it was opened.
func (s *Store) removed() bool {
	fi, err := s.root.Lstat(".")
	return isGone(err) || err == nil && unlinked(fi)
}
