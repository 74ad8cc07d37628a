package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/services"
)

// metFaults are the names of the faults that the requests of one call met.
type metFaults struct {
	mu    sync.Mutex
	names []string
}

type metKey struct{}

func (m *metFaults) add(f fault.Fault) {
	name, _, _ := strings.Cut(f.String(), "(")
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names = append(m.names, name)
}

// any reports whether one of them was met.
func (m *metFaults) any(names ...string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.names, func(n string) bool { return slices.Contains(names, n) })
}

// presence is whether there is an object.
type presence int

const (
	nobodyKnows presence = iota
	there
	missing
)

// A worker makes one call after the other. Nobody else works on its keys.
type worker struct {
	n     int
	b     *storage.Bucket
	s     services.Service
	rand  *rand.Rand
	holds map[string]presence
	known bool // a key that is not in holds is missing
}

func (w *worker) at(key string) presence {
	if p, ok := w.holds[key]; ok || !w.known {
		return p
	}
	return missing
}

// The calls of a soak.
const (
	soakPut    = "Put"
	soakCreate = "Put with IfAbsent"
	soakGet    = "Get"
	soakCopy   = "Copy"
	soakStat   = "Stat"
	soakList   = "List"
	soakClose  = "Close without Commit"
	soakDelete = "Delete"
)

// call makes one call. It returns an error that the contract does not name for what it met.
func (w *worker) call(ctx context.Context) error {
	key := fmt.Sprintf("w%d/%d", w.n, w.rand.IntN(3))
	sizes := []int{0, 10, 1000, 30_000, 30_000, 200_000, int(w.s.PartSize) * 5 / 2}
	size := sizes[w.rand.IntN(len(sizes))]
	parts := &storage.PutOptions{PartSize: w.s.PartSize}
	met := new(metFaults)
	ctx = context.WithValue(ctx, metKey{}, met)
	what, written := "", key
	var err error
	switch n := w.rand.IntN(20); {
	case n < 7:
		what = soakPut
		_, err = w.b.Put(ctx, key, bytes.NewReader(bytes.Repeat([]byte{byte(n)}, size)), parts)
	case n < 9:
		what = soakCreate
		_, err = w.b.WriteAll(ctx, key, []byte("x"), &storage.PutOptions{IfAbsent: true})
	case n < 15:
		what = soakGet
		var rd *storage.Reader
		if rd, err = w.b.Get(ctx, key, nil); err == nil {
			_, err = io.Copy(io.Discard, rd)
			rd.Close()
		}
	case n < 16:
		what, written = soakCopy, key+"c"
		_, err = w.b.Copy(ctx, written, key, nil)
	case n < 17:
		what = soakStat
		_, err = w.b.Stat(ctx, key, nil)
	case n < 18:
		what = soakList
		opts := &storage.ListOptions{Prefix: fmt.Sprintf("w%d/", w.n)}
		for _, e := range w.b.List(ctx, opts) {
			err = e
		}
	case n < 19:
		what = soakClose
		wr := w.b.NewWriter(ctx, key, parts)
		wr.Write(make([]byte, size))
		if err = wr.Close(); err == nil {
			err = errors.New("Close without Commit returned nil")
		}
	default:
		what = soakDelete
		err = w.b.Delete(ctx, key, nil)
	}
	before := w.at(key)
	w.learn(what, written, err)
	return judge(what, before, met, err)
}

// learn notes what a call has left at key.
func (w *worker) learn(what, key string, err error) {
	switch what {
	case soakPut, soakCreate, soakCopy, soakDelete:
	default:
		return
	}
	switch {
	case err == nil && what == soakDelete:
		w.holds[key] = missing
	case err == nil, what == soakCreate && is(err, storage.ErrExist):
		w.holds[key] = there
	case what == soakCopy && is(err, storage.ErrNotExist):
	default:
		w.holds[key] = nobodyKnows
	}
}

// judge returns err, of a call upon a key, if the contract does not name it for the faults that the
// call has met.
func judge(what string, before presence, met *metFaults, err error) error {
	writes := what != soakGet && what != soakStat && what != soakList
	broken := []string{"Lost", "Doubt", "Unsent", "Cut", "Short"}
	ok := false
	switch {
	case err == nil && what == soakCreate:
		ok = before != there
	case err == nil && (what == soakGet || what == soakStat || what == soakCopy):
		ok = before != missing
	case err == nil:
		ok = true
	case is(err, storage.ErrNotCommitted):
		ok = what == soakClose
	case is(err, storage.ErrExist):
		ok = what == soakCreate && before != missing
	case is(err, storage.ErrNotExist):
		ok = (what == soakGet || what == soakStat || what == soakCopy) && before != there
	case is(err, storage.ErrUnavailable):
		ok = met.any(broken...)
	case is(err, storage.ErrThrottled):
		ok = met.any("Throttle")
	case is(err, storage.ErrIntegrity):
		ok = what == soakGet && met.any("Flip")
	case is(err, storage.ErrUnknownOutcome):
		ok = writes && what != soakClose && met.any("Lost", "Doubt", "Twice")
	}
	switch {
	case ok:
		return nil
	case err == nil:
		return fmt.Errorf("%s succeeded although the object is there or missing: %v", what, before)
	}
	return fmt.Errorf("%s (of an object: %v, having met %q): %w", what, before, met.names, err)
}

// An error that another call could have had, or the same call after another fault, is told.
func TestSoakJudge(t *testing.T) {
	all := []string{
		soakPut, soakCreate, soakGet, soakCopy, soakStat, soakList, soakClose, soakDelete,
	}
	reads := []string{soakGet, soakStat, soakCopy}
	for _, test := range []struct {
		name   string
		kind   error
		before presence
		met    string
		may    []string // the calls that may have it
	}{
		{"nothing wrong", nil, nobodyKnows, "", all},
		{"what is there", nil, there, "", slices.DeleteFunc(slices.Clone(all),
			func(c string) bool { return c == soakCreate })},
		{"what is missing", nil, missing, "", []string{soakPut, soakCreate, soakList, soakClose,
			soakDelete}},
		{"not there", storage.ErrNotExist, missing, "", reads},
		{"not there, who knows", storage.ErrNotExist, nobodyKnows, "", reads},
		{"not there, and it is", storage.ErrNotExist, there, "Lost", nil},
		{"there", storage.ErrExist, there, "", []string{soakCreate}},
		{"there, and it is not", storage.ErrExist, missing, "Lost", nil},
		{"a precondition that nobody set", storage.ErrPrecondition, there, "Lost", nil},
		{"unavailable", storage.ErrUnavailable, there, "Cut", all},
		{"unavailable for nothing", storage.ErrUnavailable, there, "", nil},
		{"unavailable for another fault", storage.ErrUnavailable, there, "Throttle", nil},
		{"throttled", storage.ErrThrottled, there, "Throttle", all},
		{"throttled for nothing", storage.ErrThrottled, there, "Lost", nil},
		{"a flipped bit", storage.ErrIntegrity, there, "Flip", []string{soakGet}},
		{"a flipped bit that was not", storage.ErrIntegrity, there, "Cut", nil},
		{"unknown", storage.ErrUnknownOutcome, there, "Lost",
			[]string{soakPut, soakCreate, soakCopy, soakDelete}},
		{"unknown for nothing", storage.ErrUnknownOutcome, there, "Unsent", nil},
		{"changed by nobody", storage.ErrChanged, there, "Cut", nil},
		{"not committed", storage.ErrNotCommitted, there, "", []string{soakClose}},
	} {
		for _, what := range all {
			met := &metFaults{names: []string{test.met}}
			var err error
			if test.kind != nil {
				err = &storage.Error{Kind: test.kind}
			}
			got := judge(what, test.before, met, err)
			if may := slices.Contains(test.may, what); (got == nil) != may {
				t.Errorf("%s: %s: %v, may be: %v", test.name, what, got, may)
			}
		}
	}
}
