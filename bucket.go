package storage

import "hash/crc32"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Bucket is being written.
type Bucket struct {
	store  FullStore
	prefix string
	owner  bool
}

func New(s Store, opts *Options) *Bucket { return &Bucket{store: Full(s)} }

func (b *Bucket) Prefix(p string) *Bucket { return &Bucket{store: b.store, prefix: b.prefix + p} }
