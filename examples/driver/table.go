package driver

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
)

// Table is the service that the driver is for: a key-value store whose every write raises a
// revision, as those of etcd, Consul and NATS are. This one lives in the process.
type Table struct {
	mu       sync.Mutex
	rows     map[string]row
	revision uint64
}

type row struct {
	key      string
	value    []byte // never changed
	revision uint64
}

// The service's errors.
var (
	errNoRow    = errors.New("no such row")
	errRevision = errors.New("the row has another revision")
)

// What a write may expect beside a row's revision: no row, and whatever is there.
const (
	noRow       = uint64(0)
	anyRevision = ^uint64(0)
)

func (t *Table) get(ctx context.Context, key string) (row, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.rows[key]
	if !ok {
		return r, errNoRow
	}
	return r, ctx.Err()
}

// write replaces a row of the expected revision, or removes it, and returns the new revision.
func (t *Table) write(
	ctx context.Context, key string, value []byte, expected uint64,
) (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case expected != anyRevision && expected != t.rows[key].revision:
		return 0, errRevision
	case t.rows == nil:
		t.rows = make(map[string]row)
	}
	t.revision++
	t.rows[key] = row{key, value, t.revision}
	if value == nil {
		delete(t.rows, key)
	}
	return t.revision, nil
}

// scan returns the first rows whose keys are from or sort behind it, at most limit.
func (t *Table) scan(ctx context.Context, from string, limit int) (rows []row, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := slices.Sorted(maps.Keys(t.rows))
	i, _ := slices.BinarySearch(keys, from)
	for _, key := range keys[i:min(i+limit, len(keys))] {
		rows = append(rows, t.rows[key])
	}
	return rows, ctx.Err()
}
