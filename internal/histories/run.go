package histories

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/polystore/storage"
)

// Config says what a history is made of. The zero value of each field but Seed means its default.
type Config struct {
	Seed    uint64
	Clients int    // that call at the same time; default 8
	Ops     int    // of all clients together; default 200
	Keys    int    // default 4
	Prefix  string // of the keys
	Flat    bool   // no key is below another
	First   int    // the number of the first client: processes of one history have their own

	// Large is the size of every eighth object, in bytes, and PartSize is PutOptions.PartSize.
	// Default 0: no object is larger than 2 KiB.
	Large, PartSize int64

	// BareParts says that objects in parts have no checksum: a wrong byte of one is what no client
	// could find. Such a Get has failed.
	BareParts bool

	// Patience is after what time every other call is given up; 0: none is.
	Patience time.Duration

	// Wait, if not nil, waits for requests that are delivered when their calls have returned.
	Wait func()

	// Log is told each call before it is made, and again when it has returned, as a line of JSON
	// that one call of Write gets.
	Log io.Writer
}

func (c *Config) setDefaults() {
	for _, d := range []struct {
		field *int
		value int
	}{{&c.Clients, 8}, {&c.Ops, 200}, {&c.Keys, 4}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
}

// keys are the keys of a history, one of three below another.
func (c *Config) keys() []string {
	all := make([]string, c.Keys)
	for i := range all {
		all[i] = fmt.Sprintf("%sk%d", c.Prefix, i)
		if !c.Flat && i%3 == 2 {
			all[i] = all[i-1] + "/below"
		}
	}
	return all
}

// History is what the clients did and saw.
type History struct {
	Ops  []*Op
	Keys []string

	// Initial is what each key holds at the beginning; nil: no key holds anything.
	Initial map[string]Version

	// ContentETags says that equal bytes have equal ETags, as on S3.
	ContentETags bool

	// MixedGets says that the service may answer a Get with the ETag of one version and the rest of
	// another, which is a defect: such a Get is counted and tells nothing.
	MixedGets bool

	// BlocksBlock says that a Copy or a write in parts that is under way, or that failed, can leave
	// something at its key that is no object and keeps a Create from it, which is a defect: a
	// Create that is refused then tells nothing.
	BlocksBlock bool

	// DeletesPass says that the service may let a Delete pass between the moment at which it finds
	// that the condition of a write holds and the moment at which it makes the write, which is a
	// defect: both then succeed, and the object is there. Nothing but Deletes passes. A key that
	// fits an order with such a Delete, and none without, is counted.
	DeletesPass bool

	// Counted says that a Counter was below the Bucket.
	Counted bool
}

// Run lets the clients work on b, and returns when they are through. The keys must hold nothing.
func Run(ctx context.Context, b *storage.Bucket, c Config) *History {
	c.setDefaults()
	h := &History{Keys: c.keys()}
	r := &recorder{begin: time.Now(), log: c.Log}
	clients := make([]*client, c.Clients)
	var wg sync.WaitGroup
	for i := range c.Clients {
		share := c.Ops / c.Clients
		if i < c.Ops%c.Clients {
			share++
		}
		cl := &client{
			n: c.First + i, b: b, c: &c, keys: h.Keys, rec: r, caps: b.Capabilities(),
			rand: rand.New(rand.NewPCG(c.Seed, uint64(c.First+i))), known: make(map[string]Version),
			landed: make(map[*Op]*landings),
		}
		clients[i] = cl
		wg.Go(func() {
			for cl.done < share && ctx.Err() == nil {
				cl.next(ctx)
			}
		})
	}
	wg.Wait()
	if c.Wait != nil {
		c.Wait()
	}
	for _, cl := range clients {
		for o, l := range cl.landed {
			o.Landed = l.list()
		}
	}
	h.Ops = r.ops
	return h
}

// After is the history of processes that wrote logs and are no more: what they did, and what a look
// at each key through b shows now. c is theirs. It also returns what each key holds, which is
// Initial of what comes next.
func After(
	ctx context.Context, b *storage.Bucket, c Config, logs ...io.Reader,
) (*History, map[string]Version, error) {
	c.setDefaults()
	ops, err := Read(logs...)
	if err != nil {
		return nil, nil, err
	}
	h := &History{Keys: c.keys()}
	r := &recorder{log: io.Discard, ops: ops}
	cl := &client{
		n: -1, b: b, c: &c, keys: h.Keys, rec: r, rand: rand.New(rand.NewPCG(c.Seed, 0)),
		known: make(map[string]Version), landed: make(map[*Op]*landings),
	}
	for _, key := range h.Keys {
		cl.get(ctx, key)
		cl.stat(ctx, key)
	}
	cl.list(ctx)
	h.Ops = r.ops
	return h, cl.known, nil
}

// recorder numbers the operations and notes when they begin and end.
type recorder struct {
	begin time.Time
	log   io.Writer

	mu  sync.Mutex
	ops []*Op
}

// now is the monotonic time, in nanoseconds. With a log it is that of the machine, so that the
// times of several processes compare.
func (r *recorder) now() int64 {
	if r.log != nil {
		return machineTime()
	}
	return int64(time.Since(r.begin)) + 1
}

func (r *recorder) call(o *Op) {
	r.mu.Lock()
	o.N = len(r.ops)
	r.ops = append(r.ops, o)
	r.mu.Unlock()
	o.Call = r.now()
	r.write(o)
}

func (r *recorder) returned(o *Op) {
	o.Return = r.now()
	r.write(o)
}

func (r *recorder) write(o *Op) {
	if r.log == nil {
		return
	}
	line, err := json.Marshal(o)
	if err != nil {
		panic(err) // an Op has strings and numbers
	}
	r.log.Write(append(line, '\n'))
}

// Read reads what logs hold, of processes that may have been killed: a call that did not return has
// an unknown outcome, and a last line that is not whole is no line.
func Read(logs ...io.Reader) ([]*Op, error) {
	var ops []*Op
	for _, log := range logs {
		text, err := io.ReadAll(log)
		if err != nil {
			return nil, err
		}
		byN := make(map[int]*Op)
		for _, line := range wholeLines(text) {
			o := new(Op)
			if err := json.Unmarshal(line, o); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			if was := byN[o.N]; was != nil {
				*was = *o
				continue
			}
			byN[o.N] = o
			ops = append(ops, o)
		}
	}
	for i, o := range ops {
		if o.N = i; o.Return == 0 {
			o.Outcome = Unknown
		}
	}
	return ops, nil
}

func wholeLines(text []byte) (lines [][]byte) {
	begin := 0
	for i, c := range text {
		if c == '\n' {
			lines = append(lines, text[begin:i])
			begin = i + 1
		}
	}
	return lines
}
