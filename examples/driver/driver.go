// Package driver is a complete driver, for those who write one: docs/driver.md leads through it. It keeps a bucket in a
// key-value table, an object in a row, and has nothing but the five methods that a Store must have. What it lacks,
// package storage does by other means or refuses.
package driver

import (
	"errors"
	"strconv"
	"strings"

	"github.com/polystore/storage"
)

// Store is a bucket in a [Table]. Make it with [New], use it through a [storage.Bucket].
type Store struct {
	storage.Unsupported // every optional capability, also those that later releases add

	table *Table
}

var _ storage.FullStore = (*Store)(nil)

// New makes a bucket of a table.
func New(t *Table) (*Store, error) {
	if t == nil {
		return nil, &storage.Error{Kind: storage.ErrInvalid, Err: errors.New("nil Table")}
	}
	return &Store{table: t}, nil
}

// Client returns the table: the way to what only this service can.
func (s *Store) Client() *Table { return s.table }

// etag is a revision as an ETag: in quotes, opaque to everyone else, never repeated, the same from
// every method.
func etag(revision uint64) string { return `"` + strconv.FormatUint(revision, 10) + `"` }

// expected is the revision that a write under these conditions must find.
func expected(ifAbsent bool, ifMatch string) (uint64, error) {
	switch {
	case ifAbsent:
		return 0, nil
	case ifMatch == "":
		return anyRevision, nil
	}
	n, err := strconv.ParseUint(strings.Trim(ifMatch, `"`), 10, 64)
	if err != nil || n == 0 || n == anyRevision || etag(n) != ifMatch {
		// No ETag of ours: it matches nothing. Revision 0 would mean "create", which is not what was
		// asked for.
		err := errors.New("not an ETag of this store")
		return 0, &storage.Error{Kind: storage.ErrPrecondition, Err: err}
	}
	return n, nil
}
