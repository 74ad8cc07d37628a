// Package driver is a complete driver, as an example for authors of drivers. docs/driver.md
// explains it step by step. It keeps a bucket in a key-value table, with one object in each row,
// and has the five methods of a Store.
package driver

import (
	"context"
	"net/url"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Store is a bucket in a [Table]. Make it with [New], use it through a [storage.Bucket].
type Store struct {
	storage.Unsupported // every optional capability, also those that later releases add

	table  *Table
	hasher driver.Hasher
}

var _ storage.FullStore = (*Store)(nil)

// New makes a bucket of a table.
func New(t *Table) (*Store, error) { return &Store{table: t}, nil }

// Client returns the table, for operations that package storage does not cover.
func (s *Store) Client() *Table { return s.table }

func init() { storage.Handle("table", storage.StoreOpener{Open: open}.OpenURL) }

// open opens table://, a fresh table each time. A real driver would connect to u.Host.
func open(_ context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
	if err := params.Err(); err != nil { // a parameter that nobody took
		return nil, err
	}
	return New(new(Table))
}
