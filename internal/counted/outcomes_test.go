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

	// untold says that a call upon an object that is deleted may be refused although it happened:
	// see DeleteOptions.IfMatch.
	untold bool
}

var troubles = []trouble{
	// it is carried out, and its answer does not arrive
	{"lost", fault.Lost(), false},
	// it is delivered twice, and the second answer is passed on
	{"doubled", fault.Twice(), true},
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
		on: s, trouble: trouble, beside: counts{deleted: true},
		deletes: counts{deleted: true, remove: true},
		landed:  over.below.(*landings), part: cmp.Or(s.PartSize, 5<<20),
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
	deleted bool // the calls are upon objects that others delete
	remove  bool // the calls are Deletes

	total, done, refused       int
	falseSuccess, falseRefusal int
	pushedOut                  int            // refused, although they happened: see kept
	untold                     int            // the same where nothing is left
	unknown                    map[string]int // by cause, those that may be
	decidable                  map[string]int // by cause, those that may not be
	settled, requests          int            // calls whose first write did it, and their requests
	unexpected                 []error
}

// run makes rounds of as many conditional writes as there are writers, and deletes beside. Where
// the service has conditional deletes, as many of these follow.
func (r *run) run(t *testing.T, total int) {
	ctx := t.Context()
	prefix := fmt.Sprintf("%s-%d/", r.trouble.name, r.writers)
	judgements := []func(){r.row(t, writesOnly, &r.writes)}
	deletes := r.raw.Capabilities().DeleteIfMatch
	if deletes {
		judgements = append(judgements, r.row(t, besideDeletes, &r.beside),
			r.row(t, deletesOnly, &r.deletes))
	}
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
					before := r.landed.count(key)
					if now, err := r.b.Stat(ctx, key, nil); err == nil {
						r.delete(t, key, now.ETag, before)
					}
				})
			}
			wg.Go(func() { r.write(t, &r.beside, key, false, false) })
			wg.Wait()
		}
	}
	if deletes {
		r.deleteAll(t, prefix, total)
	}
	for _, judge := range judgements {
		judge()
	}
}

// write makes one conditional write and counts what it reports in c.
func (r *run) write(t *testing.T, c *counts, key string, create, parts bool) {
	opts := &storage.PutOptions{IfAbsent: create}
	before := r.landed.count(key)
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
	r.count(t, c, key, opts.IfMatch, before, func(ctx context.Context) error {
		_, err := r.b.WriteAll(ctx, key, []byte(data), opts)
		return err
	})
}

// deleteAll lets all writers delete one object after another, until there have been total deletes.
func (r *run) deleteAll(t *testing.T, prefix string, total int) {
	for round := 0; r.deletes.total < total; round++ {
		key := fmt.Sprintf("%sgone-%d", prefix, round)
		before := r.landed.count(key)
		o, err := r.raw.WriteAll(t.Context(), key, []byte(rand.Text()), nil)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range r.writers {
			wg.Go(func() { r.delete(t, key, o.ETag, before) })
		}
		wg.Wait()
	}
}

// delete makes one conditional delete and counts what it reports.
func (r *run) delete(t *testing.T, key, etag string, before tallied) {
	r.count(t, &r.deletes, key, etag, before, func(ctx context.Context) error {
		return r.b.Delete(ctx, key, &storage.DeleteOptions{IfMatch: etag})
	})
}

// count makes a call upon the version with the ETag base and counts how it ended. before is what
// had landed before that version was seen.
func (r *run) count(
	t *testing.T, c *counts, key, base string, before tallied, call func(context.Context) error,
) {
	o := &op{key: key}
	err := call(context.WithValue(t.Context(), opKey{}, o))
	after := r.landed.count(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	c.end(r, o, err, base == r.foreign, before, after)
}

// end counts the end of a call.
func (c *counts) end(r *run, o *op, err error, foreign bool, before, after tallied) {
	happened := o.happened.Load() > 0
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
		case c.deleted && r.trouble.untold:
			c.untold++
		case after.writes+after.flying-o.place.Load() >= kept: // see others, below
			c.pushedOut++
		default:
			c.falseRefusal++
		}
	case errors.Is(err, storage.ErrUnknownOutcome):
		// What others have under way may have landed, too.
		others := after.writes + after.flying - before.writes - int64(o.happened.Load())
		deletes := after.deletes + after.flying - before.deletes
		if !c.deleted {
			deletes = 0
		}
		c.unknowable(cause(others, deletes, foreign), happened)
	default:
		c.unexpected = append(c.unexpected, err)
	}
}

// unknowable counts a call of which its caller was told that nobody knows.
func (c *counts) unknowable(why string, happened bool) {
	in := &c.decidable
	if isUndecidable(why, c.remove) {
		in = &c.unknown
	}
	if *in == nil {
		*in = make(map[string]int)
	}
	if happened {
		(*in)["carried out, and "+why]++
	} else {
		(*in)["not carried out, and "+why]++
	}
}

// list are the counts of m, and their sum.
func list(m map[string]int) (text string, sum int) {
	var causes []string
	for why, n := range m {
		sum += n
		causes = append(causes, fmt.Sprintf("%d %s", n, why))
	}
	slices.Sort(causes)
	return strings.Join(causes, ", "), sum
}

// note says what happened on the way.
func (c *counts) note() string {
	causes, unknown := list(c.unknown)
	_, more := list(c.decidable)
	note := fmt.Sprintf("%d done, %d refused, %d unknown (%.1f %%)", c.done, c.refused,
		unknown+more, 100*c.share())
	if c.settled > 0 {
		note += fmt.Sprintf("; %.2f requests for one that its first request did", 1+c.extra())
	}
	if c.pushedOut > 0 {
		note += fmt.Sprintf("; %d refused whose ID others pushed out", c.pushedOut)
	}
	if c.untold > 0 {
		note += fmt.Sprintf("; %d refused that happened and leave nothing to find", c.untold)
	}
	if causes != "" {
		note += "; unknown: " + causes
	}
	return note
}

// wrong is what may not be in c.
func (c *counts) wrong() (texts []string) {
	if c.falseSuccess > 0 || c.falseRefusal > 0 {
		texts = append(texts, fmt.Sprintf("%d false successes, %d false refusals", c.falseSuccess,
			c.falseRefusal))
	}
	if causes, n := list(c.decidable); n > 0 {
		texts = append(texts, "unknown, although no two histories look alike: "+causes)
	}
	for _, err := range c.unexpected {
		texts = append(texts, fmt.Sprintf("an error that the contract does not name: %v", err))
	}
	return texts
}

// row prepares the row of c. What it returns judges c and adds the row.
func (r *run) row(t *testing.T, what string, c *counts) (judge func()) {
	g := goal{r.on.Name, what, r.trouble.name, r.writers}
	var missed []string
	now := tally.Later(t, func() tally.Row {
		_, decidable := list(c.decidable)
		lost := c.falseSuccess + c.falseRefusal + decidable + len(c.unexpected)
		return tally.Row{
			What: fmt.Sprintf("%s, each first request %s, %d writers", what, r.trouble.name,
				r.writers),
			On: r.on.Name, Tried: c.total, Lost: max(lost, min(len(missed), 1)), Note: c.note(),
		}
	})
	return func() {
		missed = g.missed(c)
		if c == &r.writes && (c.done == 0 || c.refused == 0) {
			missed = append(missed, "no write was done, or none was refused: nothing was tested")
		}
		if forks := r.landed.forks(); c == &r.writes && forks > 0 {
			missed = append(missed, fmt.Sprintf("%d calls, Deletes included, landed upon a version "+
				"that another had replaced", forks))
		}
		now() // before it fails for what another row has
		t.Cleanup(func() {
			for _, text := range append(c.wrong(), missed...) {
				t.Errorf("%s: %s", what, text)
			}
		})
	}
}
