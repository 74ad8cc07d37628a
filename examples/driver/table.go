package driver

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// Table is the service that the driver is for: a key-value store whose every write raises a revision, as those of etcd,
// Consul and NATS are. This one lives in the process; nothing in the driver depends on that.
type Table struct {
	mu       sync.Mutex
	rows     map[string]row
	revision uint64
}

type row struct {
	value    []byte
	revision uint64
}

// The service's errors.
var (
	errNoRow    = errors.New("no such row")
	errRevision = errors.New("the row has another revision")
)

// anyRevision lets a write happen whatever is there; revision 0 is that of a row that does not exist.
const anyRevision = ^uint64(0)

func (t *Table) get(ctx context.Context, key string) ([]byte, uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.rows[key]
	if !ok {
		return nil, 0, errors.Join(ctx.Err(), errNoRow)
	}
	return r.value, r.revision, ctx.Err()
}

// set writes a row if it has the expected revision, and returns the new one.
func (t *Table) set(ctx context.Context, key string, value []byte, expected uint64) (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if expected != anyRevision && t.rows[key].revision != expected {
		return 0, errRevision
	}
	if t.rows == nil {
		t.rows = make(map[string]row)
	}
	t.revision++
	t.rows[key] = row{bytes.Clone(value), t.revision}
	return t.revision, nil
}

func (t *Table) remove(ctx context.Context, key string, expected uint64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if expected != anyRevision && t.rows[key].revision != expected {
		return errRevision
	}
	delete(t.rows, key)
	return nil
}

// keys returns the keys that begin with prefix, in the order of their bytes.
func (t *Table) keys(ctx context.Context, prefix string) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var keys []string
	for key := range t.rows {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, ctx.Err()
}
