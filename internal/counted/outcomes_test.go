// Package counted counts what conditional writes and deletes report when their answers are lost or
// when a proxy delivers them twice, on real servers, with writers that race.
package counted

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/services"
	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv"
)

// writeCount is how many conditional writes meet each trouble on each service, and how many deletes
// do.
var writeCount = flag.Int("writes", defaultWrites,
	"conditional writes of each kind on each service, and as many deletes")

// kept is how many writes an entry holds upon the create that it begins with: see rule 11. The ID
// of a write is pushed out by as many others upon it.
const kept = 4

func TestMain(m *testing.M) { testenv.Main(m) }

// trouble is what happens to the first request of every write.
type trouble struct {
	name  string
	fault fault.Fault
}

var troubles = []trouble{
	{"lost", fault.Lost()},     // it is carried out, and its answer does not arrive
	{"doubled", fault.Twice()}, // it is delivered twice, and the second answer is passed on
}

// No conditional write is reported as done that did not happen, or as refused that did.
func TestOutcomes(t *testing.T) {
	for _, s := range services.All {
		if !s.HTTP {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			connect := s.Connect(t)
			for _, trouble := range troubles {
				for _, writers := range []int{3, 8} {
					t.Run(fmt.Sprintf("%s by %d", trouble.name, writers), func(t *testing.T) {
						r := open(t, s, connect, trouble)
						r.writers = writers
						r.run(t, *writeCount/2)
					})
				}
			}
		})
	}
}

// run is one service under one trouble.
type run struct {
	on      services.Service
	trouble trouble
	writers int
	b       *storage.Bucket // its requests meet the trouble
	raw     *storage.Bucket
	landed  *landings
	part    int64
	foreign string // the ETag of an object that was written without an ID

	mu      sync.Mutex
	writes  counts
	beside  counts // writes of an object that others delete: no assumption of rule 11 holds
	deletes counts
}

func open(
	t *testing.T, s services.Service,
	connect func(context.Context, *http.Client) (storage.Store, error), trouble trouble,
) *run {
	transport := httpdriver.NewTransport(nil)
	t.Cleanup(transport.CloseIdleConnections)
	over := newTroubled(transport, s.Protocol, trouble.fault)
	r := &run{
		on: s, trouble: trouble, beside: counts{silent: true}, deletes: counts{silent: true},
		landed: over.below.(*landings), part: cmp.Or(s.PartSize, 5<<20),
	}
	for client, b := range map[*http.Client]**storage.Bucket{
		{Transport: over}: &r.b, {Transport: transport}: &r.raw,
	} {
		store, err := connect(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		*b = storage.New(store, &storage.Options{
			PartSize: r.part,
			Retry:    storage.RetryOptions{MinDelay: time.Millisecond, Budget: -1},
		})
		t.Cleanup(func() { (*b).Close() })
	}
	return r
}

// counts are how the calls of a run ended.
type counts struct {
	silent bool // nothing may be left that tells of a call: an object that was deleted

	total, done, refused       int
	falseSuccess, falseRefusal int
	pushedOut                  int            // refused, although they happened: see kept
	untold                     int            // the same where nothing is left
	unknown                    map[string]int // by cause
	settled, requests          int            // calls whose first write did it, and their requests
	unexpected                 []error
}

// run makes rounds of as many conditional writes as there are writers, and deletes beside. Where
// the service has conditional deletes, as many of these follow.
func (r *run) run(t *testing.T, total int) {
	ctx := t.Context()
	prefix := fmt.Sprintf("%s-%d/", r.trouble.name, r.writers)
	deletes := r.raw.Capabilities().DeleteIfMatch
	shared := prefix + "shared"
	base, err := r.raw.WriteAll(ctx, shared, []byte("base"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.foreign = base.ETag
	// In parts go few where parts are large.
	every := 40
	if r.part > 1<<20 {
		every = 100
	}
	for round := range (total + r.writers - 1) / r.writers {
		key, create := shared, round%2 == 0
		if create {
			key = fmt.Sprintf("%snew-%d", prefix, round)
		}
		var wg sync.WaitGroup
		for range r.writers {
			wg.Go(func() { r.write(t, &r.writes, key, create, round%every < 2) })
		}
		wg.Wait()
		if create && deletes && round%4 == 0 { // of what was just created
			for range 2 {
				wg.Go(func() {
					if now, err := r.b.Stat(ctx, key, nil); err == nil {
						r.delete(t, key, now.ETag)
					}
				})
			}
			wg.Go(func() { r.write(t, &r.beside, key, false, false) })
			wg.Wait()
		}
	}
	r.report(t, "conditional writes", &r.writes)
	if deletes {
		r.deleteAll(t, prefix, total)
		r.report(t, "conditional writes beside deletes", &r.beside)
		r.report(t, "conditional deletes", &r.deletes)
	}
}

// write makes one conditional write and counts what it reports in c.
func (r *run) write(t *testing.T, c *counts, key string, create, parts bool) {
	opts := &storage.PutOptions{IfAbsent: create}
	if !create {
		// By the Bucket that writes, which learns the lineage of what it writes upon.
		now, err := r.b.Stat(t.Context(), key, nil)
		if errors.Is(err, storage.ErrNotExist) {
			return // a delete was faster
		}
		if err != nil {
			t.Errorf("Stat: %v", err)
			return
		}
		opts.IfMatch = now.ETag
	}
	// On S3 equal bytes have equal ETags: no two writes are alike.
	data := rand.Text()
	if parts {
		data += strings.Repeat("x", int(r.part))
	}
	r.count(t, c, key, opts.IfMatch, func(ctx context.Context) error {
		_, err := r.b.WriteAll(ctx, key, []byte(data), opts)
		return err
	})
}

// deleteAll lets all writers delete one object after another, until there have been total deletes.
func (r *run) deleteAll(t *testing.T, prefix string, total int) {
	for round := 0; r.deletes.total < total; round++ {
		key := fmt.Sprintf("%sgone-%d", prefix, round)
		o, err := r.raw.WriteAll(t.Context(), key, []byte(rand.Text()), nil)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range r.writers {
			wg.Go(func() { r.delete(t, key, o.ETag) })
		}
		wg.Wait()
	}
}

// delete makes one conditional delete and counts what it reports.
func (r *run) delete(t *testing.T, key, etag string) {
	r.count(t, &r.deletes, key, etag, func(ctx context.Context) error {
		return r.b.Delete(ctx, key, &storage.DeleteOptions{IfMatch: etag})
	})
}

// count makes a call upon the version with the ETag base and counts how it ended.
func (r *run) count(
	t *testing.T, c *counts, key, base string, call func(context.Context) error,
) {
	o := new(op)
	before := r.landed.count(key)
	err := call(context.WithValue(t.Context(), opKey{}, o))
	after := r.landed.count(key)
	happened := o.happened.Load() > 0
	others := after - before - int64(o.happened.Load()) // landed meanwhile
	onTop := after - o.place.Load()
	r.mu.Lock()
	defer r.mu.Unlock()
	c.total++
	switch {
	case err == nil:
		c.done++
		if !happened {
			c.falseSuccess++
		}
		if o.writes.Load() == 1 {
			c.settled++
			c.requests += int(o.requests.Load())
		}
	case errors.Is(err, storage.ErrExist), errors.Is(err, storage.ErrPrecondition):
		c.refused++
		switch {
		case !happened:
		case c.silent:
			c.untold++
		case onTop >= kept:
			c.pushedOut++
		default:
			c.falseRefusal++
		}
	case errors.Is(err, storage.ErrUnknownOutcome):
		if c.unknown == nil {
			c.unknown = make(map[string]int)
		}
		c.unknown[cause(happened, others, base == r.foreign, c.silent)]++
	default:
		c.unexpected = append(c.unexpected, err)
	}
}

// cause says why nobody could tell the history from one in which the outcome was the other.
func cause(happened bool, others int64, foreign, silent bool) string {
	what := "not carried out"
	if happened {
		what = "carried out"
	}
	switch {
	case silent:
		return what + ", and no object is left that tells"
	case foreign:
		return what + ", upon an object without an ID that others wrote upon, too"
	case others == 0:
		return what + ", and nobody else wrote"
	}
	return what + ", and others wrote meanwhile"
}

func (r *run) report(t *testing.T, what string, c *counts) {
	unknown := 0
	var causes []string
	for why, n := range c.unknown {
		unknown += n
		causes = append(causes, fmt.Sprintf("%d %s", n, why))
	}
	slices.Sort(causes)
	note := fmt.Sprintf("%d done, %d refused, %d unknown (%.1f %%)", c.done, c.refused, unknown,
		100*float64(unknown)/float64(max(c.total, 1)))
	if c.settled > 0 {
		note += fmt.Sprintf("; %.2f requests for one that its first request did",
			float64(c.requests)/float64(c.settled))
	}
	if c.pushedOut > 0 {
		note += fmt.Sprintf("; %d refused whose ID others pushed out", c.pushedOut)
	}
	if c.untold > 0 {
		note += fmt.Sprintf("; %d refused that happened and leave nothing to find", c.untold)
	}
	if len(causes) > 0 {
		note += "; unknown: " + strings.Join(causes, ", ")
	}
	tally.Add(t, tally.Row{
		What: fmt.Sprintf("%s, each first request %s, %d writers", what, r.trouble.name, r.writers),
		On:   r.on.Name, Tried: c.total, Lost: c.falseSuccess + c.falseRefusal, Note: note,
	})
	if c.falseSuccess > 0 || c.falseRefusal > 0 {
		t.Errorf("%s: %d false successes, %d false refusals; %d writes landed upon an ETag that "+
			"another had replaced", what, c.falseSuccess, c.falseRefusal, r.landed.forks())
	}
	if c == &r.writes && (c.done == 0 || c.refused == 0) {
		t.Error("no write was done, or none was refused: nothing was tested")
	}
	for _, err := range c.unexpected {
		t.Errorf("an error that the contract does not name: %v", err)
	}
}
