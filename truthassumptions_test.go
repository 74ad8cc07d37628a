package storage_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// hashed is a Store whose ETags are hashes of the bytes, as those of S3.
type hashed struct{ storage.FullStore }

func (h *hashed) tag(ctx context.Context, key string) (string, error) {
	r, err := h.FullStore.Get(ctx, key, &storage.GetOptions{})
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	return fmt.Sprintf("\"%x\"", sha256.Sum256(data)), err
}

func (h *hashed) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o, err := h.FullStore.Stat(ctx, key, opts)
	if err == nil {
		o.ETag, err = h.tag(ctx, key)
	}
	return o, err
}

func (h *hashed) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	put := *opts
	if put.IfMatch != "" {
		if tag, err := h.tag(ctx, key); err != nil || tag != put.IfMatch {
			return nil, &storage.Error{Kind: storage.ErrPrecondition}
		}
		put.IfMatch = ""
	}
	o, err := h.FullStore.Put(ctx, key, body, size, &put)
	if err == nil {
		o.ETag, err = h.tag(ctx, key)
	}
	return o, err
}

// metadata returns what a program reads that knows nothing of entries.
func (m *model) metadata(t *testing.T, key string) map[string]string {
	o, err := m.FullStore.Stat(t.Context(), key, &storage.StatOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o.Metadata
}

// Each assumption at PutOptions.IfAbsent is broken, and what happens then is shown. Where a call
// tells what is not so, that is why the assumption stands there. The last one has its own test.
func TestTruthAssumptions(t *testing.T) {
	for _, tt := range []struct {
		what, base    string
		fates, events []int
		setUp         func(*testing.T, *model)
		landed        int
		end           string
	}{
		{"a delete between the attempts of a create makes it happen twice", "none",
			[]int{lostBack}, []int{nothing, deletes}, nil, 2, "nil"},
		{"an older version that is undeleted, or its metadata written anew, hides a create", "none",
			[]int{lostBack}, []int{nothing, acts}, undeletes, 1, "refused"},
		{"metadata of a copy that went its own way, over a write: nobody can tell", "seen",
			[]int{lostBack}, []int{nothing, acts}, forks, 1, "unknown"},
		{"where equal bytes have equal ETags, old bytes that come back make a write happen twice",
			"seen", []int{lostBack}, []int{nothing, acts}, restores, 2, "nil"},
		{"the metadata of one version with the ETag of the next, in what another has of Stat", "seen",
			[]int{lostBack}, []int{nothing, acts}, mixes, 1, "refused"},
		{"delivered twice, it is hidden by another write before the look", "none",
			[]int{doubled}, []int{nothing, overwrites}, nil, 1, "refused"},
		{"delivered twice, and no write between: the look finds it", "none",
			[]int{doubled}, []int{nothing, nothing}, nil, 1, "nil"},
		{"delivered twice, and the look is older than the write", "none",
			[]int{doubled}, nil, looksBack, 1, "refused"},
		{"a look that is older than the write, after a lost answer: nobody can tell", "none",
			[]int{lostBack}, nil, looksBack, 1, "unknown"},
	} {
		m := newModel(t)
		if tt.setUp != nil {
			tt.setUp(t, m)
		}
		end, _, err := m.run(t.Context(), tt.base, tt.fates, tt.events)
		if err != nil || end != tt.end || m.landed != tt.landed {
			t.Errorf("%s: %s, it happened %d times, %v; want %s, %d times",
				tt.what, end, m.landed, err, tt.end, tt.landed)
		}
	}
}

// undeletes has somebody bring back an object that was deleted before the call.
func undeletes(t *testing.T, m *model) {
	b := storage.New(m.FullStore, quick)
	absent := &storage.PutOptions{IfAbsent: true}
	if _, err := b.WriteAll(t.Context(), m.key, []byte("old"), absent); err != nil {
		t.Fatal(err)
	}
	old := m.metadata(t, m.key)
	if err := b.Delete(t.Context(), m.key, nil); err != nil {
		t.Fatal(err)
	}
	m.act = func(ctx context.Context) error { return m.writes(ctx, []byte("old"), old) }
}

// forks has somebody copy the base elsewhere and write upon the copy, which is then copied back.
func forks(t *testing.T, m *model) {
	m.before = func() {
		b := storage.New(m.FullStore, quick)
		ctx := t.Context()
		copied := &storage.PutOptions{Metadata: m.metadata(t, m.key)}
		if _, err := m.FullStore.Put(ctx, "fork", strings.NewReader(""), 0, copied); err != nil {
			t.Fatal(err)
		}
		o, err := b.Stat(ctx, "fork", nil)
		if err != nil {
			t.Fatal(err)
		}
		upon := &storage.PutOptions{IfMatch: o.ETag}
		if _, err := b.WriteAll(ctx, "fork", []byte("theirs"), upon); err != nil {
			t.Fatal(err)
		}
		fork := m.metadata(t, "fork")
		m.act = func(ctx context.Context) error { return m.writes(ctx, []byte("theirs"), fork) }
	}
}

// restores has somebody write the bytes of the base again.
func restores(_ *testing.T, m *model) {
	m.FullStore = &hashed{m.FullStore}
	m.act = func(ctx context.Context) error { return m.writes(ctx, []byte("base"), nil) }
}

// mixed is a Store whose Stat pairs the metadata of an older version with the newest ETag.
type mixed struct {
	storage.FullStore
	metadata map[string]string
}

func (m *mixed) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o, err := m.FullStore.Stat(ctx, key, opts)
	if err == nil {
		o.Metadata = maps.Clone(m.metadata)
	}
	return o, err
}

// mixes has somebody write upon what such a Stat tells: its lineage lacks the write before.
func mixes(t *testing.T, m *model) {
	m.before = func() {
		b := storage.New(&mixed{m.FullStore, m.metadata(t, m.key)}, quick)
		m.act = func(ctx context.Context) error {
			o, err := b.Stat(ctx, m.key, nil)
			if err != nil {
				return err
			}
			upon := &storage.PutOptions{IfMatch: o.ETag}
			_, err = b.WriteAll(ctx, m.key, []byte("theirs"), upon)
			return err
		}
	}
}

// looksBack has every Stat answer what was there before the call.
func looksBack(_ *testing.T, m *model) {
	m.stale = func() (*storage.Object, error) {
		return nil, &storage.Error{Kind: storage.ErrNotExist}
	}
}

// An attempt that was given up and lands after the call makes an object that was deleted since.
func TestTruthOfLateAttempt(t *testing.T) {
	m := newModel(t)
	var late func() error
	m.held = func(deliver func() error) { late = deliver }
	b := storage.New(m, quick)
	ctx := t.Context()
	absent := &storage.PutOptions{IfAbsent: true}
	m.fates = []int{heldBack}
	if _, err := b.WriteAll(ctx, m.key, []byte("ours"), absent); err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(ctx, m.key, nil); err != nil {
		t.Fatal(err)
	}
	if err := late(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Stat(ctx, m.key, nil); err != nil {
		t.Errorf("the object is not there again: %v", err)
	}
}
