package memory

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Options are the options of [New]. The zero value of each field means its default.
type Options struct {
	// Versions keeps every version of every object: Object.VersionID is set and VersionID in
	// options is taken. Delete hides an object and drops no version of it, so memory grows with
	// every write.
	Versions bool
}

// Store is a bucket in memory. Make it with [New]. All methods may be called concurrently.
type Store struct {
	storage.Unsupported // SignURL, and Close, which has nothing to do

	versions bool

	hasher driver.Hasher

	mu      sync.RWMutex          // never held over reading a body
	objects index                 // the current version of each key
	history map[string][]*version // with Options.Versions: all versions, oldest first
	uploads map[string]*upload    // by upload ID
}

var _ storage.FullStore = (*Store)(nil)

// New makes an empty bucket. The error is always nil.
func New(opts *Options) (*Store, error) {
	if opts == nil {
		opts = &Options{}
	}
	return &Store{
		versions: opts.Versions,
		history:  make(map[string][]*version),
		uploads:  make(map[string]*upload),
	}, nil
}

// newVersion is a version that commit has yet to place.
func newVersion(data []byte, sums storage.Checksums, opts *storage.PutOptions) *version {
	v := &version{data: data}
	a := attributes{
		headers: headers{
			contentType: opts.ContentType, contentEncoding: opts.ContentEncoding,
			contentDisposition: opts.ContentDisposition, contentLanguage: opts.ContentLanguage,
			cacheControl: opts.CacheControl, storageClass: opts.StorageClass,
		},
		metadata: newPairs(opts.Metadata),
	}
	copy(v.crc32c[:], sums.CRC32C)
	if sums.CRC32C = nil; !sums.IsZero() || len(opts.Tags) > 0 {
		a.extra = &extra{newPairs(opts.Tags), ownSums(sums)}
	}
	v.setAttributes(a)
	return v
}

// commit makes v the current version of key, if the conditions hold. s.mu is held.
func (s *Store) commit(
	key string, v *version, ifAbsent bool, ifMatch string,
) (*storage.Object, error) {
	old := s.objects.get(key)
	if err := check(old, ifAbsent, ifMatch); err != nil {
		return nil, err
	}
	v.etag = newETag()
	v.written = time.Now().UnixNano()
	if old != nil {
		v.written = max(v.written, old.written) // the clock may have been set back
	}
	if s.versions {
		a := v.attributes()
		a.versionID = rand.Text()
		v.setAttributes(a)
		s.history[key] = append(s.history[key], v)
	}
	s.objects.set(key, v)
	return v.describe(key), nil
}

// check holds the conditions of a write against the version that it would replace, nil if there is
// none.
func check(v *version, ifAbsent bool, ifMatch string) error {
	if v == nil {
		return driver.CheckWrite(ifAbsent, ifMatch, nil)
	}
	return driver.CheckWrite(ifAbsent, ifMatch, &storage.Object{ETag: v.etag})
}

// find returns a version of key, the current one where id is empty.
func (s *Store) find(key, id string) (*version, error) {
	if id != "" && !s.versions {
		return nil, driver.Unsupportedf("this bucket keeps no versions")
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if id == "" {
		if v := s.objects.get(key); v != nil {
			return v, nil
		}
		return nil, &storage.Error{Kind: storage.ErrNotExist}
	}
	for _, v := range s.history[key] {
		if v.attributes().versionID == id {
			return v, nil
		}
	}
	return nil, driver.Errorf(storage.ErrNotExist, "no such version")
}

// newETag never returns the same text twice: it holds 130 random bits.
func newETag() string { return `"` + rand.Text() + `"` }

// now is the time without the reading of the monotonic clock, which no other process could compare.
func now() time.Time { return time.Now().UTC().Round(0) }
