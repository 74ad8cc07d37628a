package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// contents are what the cells write: small ones, and ones of two parts.
type contents struct{ old, new, rival, largeOld, largeNew []byte }

func newContents(part int64) *contents {
	return &contents{
		old: pattern(3000, 1), new: pattern(3001, 2), rival: pattern(3002, 3),
		largeOld: pattern(int(part)+1000, 4), largeNew: pattern(int(part)+1001, 5),
	}
}

// cell is a [FaultCell] at work.
type cell struct {
	FaultCell
	m    *matrix
	row  *faultRow // nil: without a fault
	path *faultPath
	key  string
	seen *witnessed

	misled bool          // an answer that lies has nothing but a checksum to be held against
	limit  time.Duration // StallTimeout; 0: the default of a Bucket
	clock  *overtime     // of the last try
	hasty  bool          // the last try tells of a service that takes longer, and of nothing else

	b        *storage.Bucket // its requests meet the fault
	mu       sync.Mutex
	etag     string // of what was there before
	rivalled bool   // another program has written
	rivalErr error

	dir   string // of the files of the call
	token string // of a Writer that was suspended and not taken up again
	gone  int    // keys that were reported as deleted
	many  error  // what a call of many keys returned
}

// cellLimit is how long one try of a cell may take.
const cellLimit = 2 * time.Minute

func (m *matrix) newCell(p *faultPath, row *faultRow, op string) *cell {
	c := &cell{
		m: m, row: row, path: p, limit: m.o.StallTimeout,
		seen: &witnessed{byOp: make(map[string]*traits), count: make(map[string]int)},
	}
	c.Path, c.Op = p.name, op
	if op = strings.ToLower(op); row == nil {
		c.limit, op = 0, "dry"
	}
	name := "none"
	if row != nil {
		c.Fault = row.name
		name = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '-'
		}, strings.ToLower(row.name))
	}
	c.key = m.prefix + p.name + "/" + op + "/" + name + "/o"
	return c
}

// run makes the call of the path and returns what it shows to be wrong.
func (c *cell) run(ctx context.Context) (err error) {
	looking := ctx // a look at the bucket takes as long as it takes
	ctx, cancel := context.WithTimeoutCause(ctx, cellLimit,
		errors.New("the cell did not end in time"))
	defer cancel()
	defer func() {
		if err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
			err = fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		}
	}()
	t := &fault.Transport{Base: c.transport(), Service: c.m.o.Service, Classify: c.m.o.Classify}
	s, err := c.m.o.Open(ctx, &http.Client{Transport: t})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if c.path.wrap != nil {
		s = c.path.wrap(s)
	}
	c.clock = &overtime{limit: c.limit}
	c.b = storage.New(s, &storage.Options{
		Retry: storage.RetryOptions{
			MinDelay: time.Millisecond, MaxDelay: 20 * time.Millisecond, Budget: -1,
		},
		StallTimeout: c.limit, AbortTimeout: 4 * c.limit,
		PartSize: c.m.part, Concurrency: 2, Tracer: c.clock,
	})
	defer c.b.Close()
	c.dir, c.token, c.gone, c.many = "", "", 0, nil
	if err := c.path.before(ctx, c); err != nil {
		return fmt.Errorf("before: %w", err)
	}
	t.Reset() // what Open has asked does not count
	for op, f := range c.path.also {
		t.Next(op, f)
	}
	if c.row != nil {
		rule := fault.Rule{Op: c.Op, Fault: c.row.fault(c)}
		if c.row.ever {
			rule.Times = fault.Always
		}
		// The fault of the path comes first where both are of one operation.
		if _, ok := c.path.also[c.Op]; ok {
			rule.Skip = 1
		}
		t.Add(rule)
	}
	c.Result = c.path.call(ctx, c)
	c.Met = t.Met() - len(c.path.also)
	t.Wait()
	c.mu.Lock()
	rivalErr := c.rivalErr
	c.mu.Unlock()
	switch {
	case rivalErr != nil:
		return fmt.Errorf("the other program: %w", rivalErr)
	case c.row == nil:
		c.note(t.Calls())
		return errors.Join(c.Result, c.path.after(ctx, c, c.Result))
	}
	state := c.path.after(looking, c, c.Result)
	err = errors.Join(
		c.missed(), c.kind(c.Result), c.uploads(looking, t.Count("CreateUpload")),
	)
	due := 0
	if c.row.waits {
		due = c.Met // they took as long as the limit because of the fault
	}
	c.hasty = state == nil && err != nil && c.clock.count() > due && excusable(c.Result)
	return errors.Join(state, err)
}

// missed says that the fault was for nothing.
func (c *cell) missed() error {
	if c.Met < 1 {
		return errors.New("no request met the fault")
	}
	return nil
}

// uploads says that an upload is left behind although the trouble was short. An upload whose ID
// nobody learnt may be, where its creation was sent more than once, and one whose end was refused:
// CleanUploads is for them.
func (c *cell) uploads(ctx context.Context, creations int) error {
	caps := c.m.store.Capabilities()
	refused := c.Op == "AbortUpload" && len(c.row.fails) > 0
	if c.row.ever || c.Op == "CreateUpload" || refused || !c.path.writes || !caps.ListUploads ||
		!caps.AbortUpload {
		return nil
	}
	page, err := c.m.store.ListUploadsPage(ctx, &storage.ListOptions{Prefix: c.key})
	if err != nil {
		return fmt.Errorf("looking for uploads: %w", err)
	}
	if n := len(page.Uploads); n > max(creations-1, 0) {
		return fmt.Errorf("%d uploads are left behind; the call returned %v", n, c.Result)
	}
	return nil
}

// kind holds the kind of an error against those that the contract names.
func (c *cell) kind(err error) error {
	if err == nil {
		return nil
	}
	fails := append(slices.Clone(c.row.fails), c.path.fails[c.row.name]...)
	if c.misled {
		fails = append(fails, misled...)
	}
	var e *storage.Error
	switch {
	case !errors.As(err, &e):
		return fmt.Errorf("%w is no *storage.Error", err)
	case e.InDoubt && c.row.sure && c.path.also == nil:
		return fmt.Errorf("%w: in doubt, and nothing was sent", err)
	case e.Kind == nil && slices.Contains(fails, errNoKind):
		return nil
	case e.Kind == storage.ErrUnknownOutcome && c.path.writes &&
		!(c.row.sure && c.path.also == nil) &&
		(len(c.row.fails) > 0 || c.path.unknown || c.midway()):
		return nil
	case slices.ContainsFunc(fails, func(kind error) bool { return e.Kind == kind }):
		return nil
	case len(fails) == 0:
		return fmt.Errorf("it fails: %w", err)
	}
	return fmt.Errorf("%w; the contract names %v", err, fails)
}

// midway reports whether a service can answer that an upload has ended before its object is there:
// the late completion is still at work when the next one is refused, so that every look finds the
// object of before.
func (c *cell) midway() bool { return c.row.late && c.Op == "CompleteUpload" }

// transport carries requests to the service; without a fault it notes what they have.
func (c *cell) transport() http.RoundTripper {
	if c.row != nil {
		return c.m.o.Transport
	}
	classify := c.m.o.Classify
	if classify == nil {
		classify = c.m.o.Service.Classify
	}
	return &witnessTransport{c.m.o.Transport, classify, func(op string, t traits) {
		c.mu.Lock()
		defer c.mu.Unlock()
		have := c.seen.byOp[op]
		if have == nil {
			have = &traits{sized: true}
			c.seen.byOp[op] = have
		}
		have.sent, have.received = max(have.sent, t.sent), max(have.received, t.received)
		have.ranged, have.sized = have.ranged || t.ranged, have.sized && t.sized
	}}
}

// note keeps the operations of a call, in order.
func (c *cell) note(calls []fault.Call) {
	for _, call := range calls {
		c.seen.count[call.Op]++
		if call.Op != "" && !slices.Contains(c.seen.order, call.Op) {
			c.seen.order = append(c.seen.order, call.Op)
		}
	}
}

// rivalNow is another program that writes over the object.
func (c *cell) rivalNow() {
	_, err := c.m.clean.WriteAll(context.Background(), c.key, c.m.data().rival, nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rivalled, c.rivalErr = true, err
}

func (c *cell) rivalHook(context.Context, storage.FullStore, fault.Call) error {
	c.rivalNow()
	return nil
}

// put writes what is there before the call.
func (c *cell) put(ctx context.Context, key string, data []byte) error {
	o, err := c.m.clean.WriteAll(ctx, key, data, &storage.PutOptions{PartSize: c.m.part})
	if err == nil && key == c.key {
		c.etag = o.ETag
	}
	return err
}

// holds says what is wrong with what is stored, given the error of a write of want over was; nil
// stands for no object.
func (c *cell) holds(ctx context.Context, result error, was, want []byte) error {
	var e *storage.Error
	errors.As(result, &e)
	rival := [][]byte(nil)
	if c.rivalled {
		rival = [][]byte{c.m.data().rival}
	}
	var may [][]byte
	switch {
	case result == nil:
		may = append(rival, want)
		if c.rivalled && c.path.exclusive && c.Op != "Stat" {
			may = [][]byte{want}
		}
	case errors.Is(result, storage.ErrExist), errors.Is(result, storage.ErrPrecondition):
		if may = rival; !c.rivalled {
			if !c.path.mayRefuse[c.row.name] {
				return fmt.Errorf("refused, and nobody else wrote: %w", result)
			}
			may = [][]byte{was, want}
		}
	case errors.Is(result, storage.ErrUnknownOutcome), e != nil && e.InDoubt:
		may = append(rival, was, want)
	default:
		may = append(rival, was)
	}
	return c.isOne(ctx, c.key, result, may)
}

// isOne says that the object under key is none of those that it may be.
func (c *cell) isOne(ctx context.Context, key string, result error, may [][]byte) error {
	for _, data := range may {
		if ok, err := c.is(ctx, key, data); err != nil {
			return err
		} else if ok {
			return nil
		}
	}
	o, err := c.m.clean.Stat(ctx, key, nil)
	now := "no object"
	if err == nil {
		now = fmt.Sprintf("%d bytes", o.Size)
	}
	var sizes []string
	for _, data := range may {
		if data == nil {
			sizes = append(sizes, "no object")
		} else {
			sizes = append(sizes, fmt.Sprintf("%d bytes", len(data)))
		}
	}
	return fmt.Errorf("reported %v, but the bucket has %s, want %s", result, now,
		strings.Join(sizes, " or "))
}

// is reports whether the object under key has the bytes of data; nil stands for no object. Of large
// objects it looks at the ends and at the seam of the parts. It looks again where something that
// was given up arrives meanwhile.
func (c *cell) is(ctx context.Context, key string, data []byte) (bool, error) {
	for n := 1; ; n++ {
		o, err := c.m.clean.Stat(ctx, key, nil)
		switch {
		case errors.Is(err, storage.ErrNotExist):
			return data == nil, nil
		case err != nil:
			return false, fmt.Errorf("looking: %w", err)
		case data == nil || o.Size != int64(len(data)):
			return false, nil
		}
		ok, err := c.reads(ctx, key, o.ETag, data)
		changed := errors.Is(err, storage.ErrPrecondition) || errors.Is(err, storage.ErrNotExist) ||
			errors.Is(err, storage.ErrChanged)
		if !changed || n == 5 {
			return ok, err
		}
	}
}

// reads reports whether the version of the object under key has the bytes of data.
func (c *cell) reads(ctx context.Context, key, etag string, data []byte) (bool, error) {
	size := int64(len(data))
	pieces := [][2]int64{{0, min(size, 4000)}}
	if size > 4000 {
		pieces = append(pieces, [2]int64{size - 2000, 2000})
	}
	for _, p := range pieces {
		got, err := c.m.clean.ReadAll(ctx, key, &storage.GetOptions{
			Offset: p[0], Length: p[1], IfMatch: etag,
		})
		if err != nil {
			return false, fmt.Errorf("looking: %w", err)
		}
		if !bytes.Equal(got, data[p[0]:p[0]+p[1]]) {
			return false, nil
		}
	}
	return true, nil
}
