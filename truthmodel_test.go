package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// What may become of one request for a write.
const (
	served   = iota // carried out, and answered
	unsent          // not sent: certainly not carried out
	lostAway        // not carried out, and in doubt
	lostBack        // carried out if it can be, and the answer lost, whatever it is
	doubled         // delivered twice, and the second answer is given
	fateCount
	heldBack = fateCount // in doubt, and delivered when the test says so
)

// What another program may do between two requests. The last two can break an assumption that
// stands at PutOptions.IfAbsent.
const (
	nothing    = iota
	creates    // with IfAbsent, by this library
	swaps      // upon what it has read, by this library
	swapsBlind // upon what it has only listed, so that it knows no lineage
	overwrites // without a condition, by another library
	retags     // the same bytes again, without a condition, with the metadata kept
	deletes
	acts // as the test says
)

const kept = retags // the last event that breaks no assumption

// model is a Store in which one write of "ours" runs through a script: what becomes of each of its
// requests, and what another program does before each request.
type model struct {
	storage.FullStore
	key   string
	fates []int // of the writes; served when they are used up
	// before each request, Stats included; nothing when they are used up
	events []int
	act    func(context.Context) error     // of the event
	stale  func() (*storage.Object, error) // what a Stat answers; nil: what there is
	before func()                          // called when the base is there
	passed string                          // the ETag that a Get has; empty: the right one
	held   func(deliver func() error)      // takes a held request
	landed int                             // how often ours was carried out
	twice  bool                            // ours was delivered twice
	// and a write without our lineage came behind it, which breaks an assumption
	hidden bool
	other  *storage.Bucket
	wrong  error // of the script itself
}

func (m *model) event(ctx context.Context) {
	if len(m.events) == 0 {
		return
	}
	event := m.events[0]
	m.events = m.events[1:]
	o, err := m.other.Stat(ctx, m.key, nil)
	there := err == nil
	switch {
	case event == creates:
		_, err = m.other.WriteAll(ctx, m.key, []byte("theirs"), &storage.PutOptions{IfAbsent: true})
	case event == overwrites:
		err = m.writes(ctx, []byte("foreign"), nil)
	case event == acts:
		err = m.act(ctx)
	case event == nothing || !there:
		err = nil
	case event == swaps:
		upon := &storage.PutOptions{IfMatch: o.ETag}
		_, err = m.other.WriteAll(ctx, m.key, []byte("swapped"), upon)
	case event == swapsBlind:
		blind := storage.New(m.FullStore, quick)
		_, err = blind.WriteAll(ctx, m.key, []byte("swapped"), &storage.PutOptions{IfMatch: o.ETag})
	case event == retags:
		err = m.rewrite(ctx)
	case event == deletes:
		err = m.FullStore.Delete(ctx, m.key, &storage.DeleteOptions{})
	}
	if err != nil && !errors.Is(err, storage.ErrExist) {
		m.wrong = err
	}
	m.hidden = m.hidden || m.twice && (event == overwrites || event == swapsBlind)
}

// writes is another library's write.
func (m *model) writes(ctx context.Context, data []byte, metadata map[string]string) error {
	opts := &storage.PutOptions{Metadata: metadata}
	_, err := m.FullStore.Put(ctx, m.key, bytes.NewReader(data), int64(len(data)), opts)
	return err
}

// rewrite is a tool that changes the storage class, say: bytes and metadata stay, the ETag does
// not.
func (m *model) rewrite(ctx context.Context) error {
	r, err := m.FullStore.Get(ctx, m.key, &storage.GetOptions{})
	if err != nil {
		return err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	return m.writes(ctx, data, r.Object.Metadata)
}

func (m *model) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	m.event(ctx)
	fate := served
	if len(m.fates) > 0 {
		fate, m.fates = m.fates[0], m.fates[1:]
	}
	doubt := &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true}
	if fate == unsent {
		return nil, &storage.Error{Kind: storage.ErrUnavailable}
	}
	if fate == lostAway {
		return nil, doubt
	}
	if fate == heldBack {
		data, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		late := *opts
		m.held(func() error {
			_, err := m.FullStore.Put(context.WithoutCancel(ctx), key, bytes.NewReader(data), size,
				&late)
			return err
		})
		return nil, doubt
	}
	o, err := m.put(ctx, key, body, size, opts)
	if fate == doubled {
		m.twice = true
		o, err = m.put(ctx, key, body, size, opts)
	}
	if fate == lostBack {
		return nil, doubt
	}
	return o, err
}

func (m *model) put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	o, err := m.FullStore.Put(ctx, key, body, size, opts)
	if err == nil {
		m.landed++
	}
	return o, err
}

func (m *model) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	m.event(ctx)
	if m.stale != nil {
		return m.stale()
	}
	return m.FullStore.Stat(ctx, key, opts)
}

func (m *model) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	r, err := m.FullStore.Get(ctx, key, opts)
	if err == nil && m.passed != "" {
		r.Object.ETag = m.passed
	}
	return r, err
}

var quick = &storage.Options{
	Retry: storage.RetryOptions{Attempts: 2, MinDelay: 1, MaxDelay: 1, Budget: -1},
}

func isRefused(err error) bool {
	return errors.Is(err, storage.ErrExist) || errors.Is(err, storage.ErrPrecondition)
}

// bases are what ours is made upon. One that is passed was replaced, and its ETag came with a Get
// of what replaced it: on versitygw a Get reads the ETag first and the entry with the bytes.
var bases = []string{"none", "seen", "unseen", "foreign", "passed"}

// run makes ours upon a base and holds its end against what happened. It returns what is a lie.
func (m *model) run(
	ctx context.Context, base string, fates, events []int,
) (end, lie string, err error) {
	m.landed, m.twice, m.hidden, m.fates, m.events = 0, false, false, nil, nil
	b := storage.New(m, quick)
	m.other = storage.New(m.FullStore, quick)
	opts := &storage.PutOptions{IfAbsent: true}
	if base != "none" {
		by := m.other
		if base == "seen" {
			by = storage.New(m.FullStore, quick)
		}
		create := &storage.PutOptions{IfAbsent: base != "foreign"}
		o, err := by.WriteAll(ctx, m.key, []byte("base"), create)
		if err != nil {
			return "", "", err
		}
		if base == "seen" {
			if _, err := b.Stat(ctx, m.key, nil); err != nil { // which tells b the lineage
				return "", "", err
			}
		}
		opts = &storage.PutOptions{IfMatch: o.ETag}
		if base == "passed" {
			if _, err := m.other.WriteAll(ctx, m.key, []byte("passed"), opts); err != nil {
				return "", "", err
			}
			m.passed = o.ETag
			if _, err := b.ReadAll(ctx, m.key, nil); err != nil {
				return "", "", err
			}
			m.passed = ""
		}
	}
	if m.before != nil {
		m.before()
	}
	m.fates, m.events = fates, events
	o, err := b.WriteAll(ctx, m.key, []byte("ours"), opts)
	if m.wrong != nil {
		return "", "", m.wrong
	}
	switch {
	case err == nil && m.landed == 0:
		lie = "nil, and it never happened"
	case isRefused(err) && m.landed > 0 && !m.hidden:
		lie = fmt.Sprintf("%v, and it happened", err)
	case err == nil && o.ETag != storage.ETagNone && m.landed > 1:
		lie = "it happened twice"
	}
	switch {
	case err == nil:
		end = "nil"
	case errors.Is(err, storage.ErrUnknownOutcome):
		end = "unknown"
	case isRefused(err):
		end = "refused"
	default:
		end = "failed"
	}
	return end, lie, m.FullStore.Delete(ctx, m.key, &storage.DeleteOptions{})
}

// each calls f for every row of n numbers below k.
func each(n, k int, f func(row []int)) {
	row := make([]int, n)
	for {
		f(append([]int(nil), row...))
		i := 0
		for i < n && row[i] == k-1 {
			row[i] = 0
			i++
		}
		if i == n {
			return
		}
		row[i]++
	}
}

// TestTruthModel runs every history of two attempts and three events of another program that keeps
// to the assumptions at PutOptions.IfAbsent, against the very code that decides, and looks for
// lies.
func TestTruthModel(t *testing.T) {
	ends := make(map[string]int)
	m := newModel(t)
	for _, base := range bases {
		each(2, fateCount, func(fates []int) {
			each(3, kept+1, func(events []int) {
				end, lie, err := m.run(t.Context(), base, fates, events)
				if err != nil {
					t.Fatalf("base %s, fates %v, events %v: %v", base, fates, events, err)
				}
				ends[end]++
				if lie != "" {
					t.Errorf("base %s, fates %v, events %v: %s", base, fates, events, lie)
				}
			})
		})
	}
	t.Logf("histories by their end: %v", ends)
	for _, end := range []string{"nil", "refused", "unknown"} {
		if ends[end] == 0 {
			t.Errorf("no history ends in %s: the model is too small", end)
		}
	}
}

func newModel(t *testing.T) *model {
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &model{FullStore: storage.Full(s), key: "k"}
}
