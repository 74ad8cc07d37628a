package memory

import (
	"bytes"
	"crypto/rand"
	"maps"
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

// version is one version of an object. Nothing in it changes once it is in a Store.
type version struct {
	object *storage.Object
	tags   map[string]string
	data   []byte
}

// describe returns the version's Object, the caller's own.
func (v *version) describe() *storage.Object {
	o := *v.object
	o.Metadata = maps.Clone(o.Metadata)
	o.TagCount = len(v.tags)
	o.Checksums = ownSums(o.Checksums)
	return &o
}

// ownSums returns a copy that shares no bytes with c.
func ownSums(c storage.Checksums) storage.Checksums {
	for _, sum := range [...]*[]byte{
		&c.CRC32, &c.CRC32C, &c.CRC64NVME, &c.MD5, &c.SHA1, &c.SHA256,
	} {
		*sum = bytes.Clone(*sum)
	}
	return c
}

// newVersion is a version that commit has yet to place.
func newVersion(
	key string, data []byte, sums storage.Checksums, opts *storage.PutOptions,
) *version {
	o := driver.NewObject(key, int64(len(data)), opts)
	o.Checksums = ownSums(sums)
	return &version{object: o, tags: maps.Clone(opts.Tags), data: data}
}

// commit makes v the current version of its key, if the conditions hold. s.mu is held.
func (s *Store) commit(v *version, ifAbsent bool, ifMatch string) (*storage.Object, error) {
	key := v.object.Key
	if err := driver.CheckWrite(ifAbsent, ifMatch, s.current(key)); err != nil {
		return nil, err
	}
	v.object.ETag = newETag()
	v.object.ModTime = now()
	if s.versions {
		v.object.VersionID = rand.Text()
		s.history[key] = append(s.history[key], v)
	}
	s.objects.set(key, v)
	return v.describe(), nil
}

// current returns the object that a write would replace, nil if there is none. s.mu is held.
func (s *Store) current(key string) *storage.Object {
	if v := s.objects.get(key); v != nil {
		return v.object
	}
	return nil
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
		if v.object.VersionID == id {
			return v, nil
		}
	}
	return nil, driver.Errorf(storage.ErrNotExist, "no such version")
}

// newETag never returns the same text twice: it holds 130 random bits.
func newETag() string { return `"` + rand.Text() + `"` }

// now is the time without the reading of the monotonic clock, which no other process could compare.
func now() time.Time { return time.Now().UTC().Round(0) }
