package conformance

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// FaultOptions configures a run of the faults of HTTP. Open is required.
type FaultOptions struct {
	// Open opens the bucket with a client whose transport makes requests fail. It is called for
	// every cell, and every Store that it returns is closed. It must not retry by itself.
	Open func(ctx context.Context, client *http.Client) (storage.Store, error)

	// Transport carries the requests that reach the service. If nil, http.DefaultTransport does.
	Transport http.RoundTripper

	// Service names the requests, and has the dialect of refusals.
	Service fault.Service

	// Classify names the requests of a service that Service does not know, as in fault.Transport.
	Classify func(*http.Request) fault.Call

	// Exclude names the cells that are not run, with the reasons.
	Exclude []FaultExclusion

	// StallTimeout is that of the Buckets; default 200 ms. A cell whose requests took longer
	// although no fault held them up is tried again under twice the limit, up to 32 times the
	// first, where that alone can be the reason that its call failed: never where the bucket holds
	// something else than what was reported.
	StallTimeout time.Duration

	// Concurrency is how many cells that wait are run at once, default 32. Of others there are
	// fewer, and the fewer the more bytes they move.
	Concurrency int

	// Cover runs a part of the matrix: each fault meets each operation on one of its paths, which
	// take turns. So each fault meets each operation, and each operation of each path meets faults.
	Cover bool

	// Prefix is the prefix below which the run makes its own random prefix.
	Prefix string

	// Only selects paths by patterns of package path. If empty, all are run.
	Only []string
}

// A FaultExclusion leaves cells out. Each field but Reason is a pattern of package path; an empty
// one matches all.
type FaultExclusion struct {
	Fault, Op, Path string
	Reason          string // why this service cannot be tried with it
}

func (e *FaultExclusion) matches(c *FaultCell) bool {
	for _, m := range [][2]string{{e.Fault, c.Fault}, {e.Op, c.Op}, {e.Path, c.Path}} {
		if ok, err := path.Match(m[0], m[1]); m[0] != "" && (err != nil || !ok) {
			return false
		}
	}
	return true
}

// FaultCell is one cell of the matrix: a call of a Bucket whose first request of one operation
// meets a fault.
type FaultCell struct {
	Fault string // its name in the table
	Op    string // the method of storage.FullStore whose request met it
	Path  string // what was called: "put-if-absent"

	Excluded string // why it was not run
	Left     bool   // it is one of those that FaultOptions.Cover leaves out
	Met      int    // how many of its requests met the fault
	Repeats  int    // how often it was tried again, under twice the stall limit each time
	Result   error  // what the call returned
	Err      error  // what is wrong with that; nil: the contract is kept
	Duration time.Duration
}

// FaultReport holds the cells of a run: all faults, with all operations that each path has.
type FaultReport struct {
	Cells    []FaultCell
	Faults   int // how many there are
	Paths    int // that the service has
	Pairs    int // of a path and an operation of it
	Leftover error
}

// Ran returns the number of cells that were run.
func (r *FaultReport) Ran() int {
	return r.count(func(c *FaultCell) bool { return c.ran() })
}

func (c *FaultCell) ran() bool { return c.Excluded == "" && !c.Left }

// Met returns the number of cells whose fault was met.
func (r *FaultReport) Met() int { return r.count(func(c *FaultCell) bool { return c.Met > 0 }) }

// Operations returns the operations of each path, in the order of their first requests.
func (r *FaultReport) Operations() map[string][]string {
	ops := make(map[string][]string)
	for i := range r.Cells {
		if c := &r.Cells[i]; !slices.Contains(ops[c.Path], c.Op) {
			ops[c.Path] = append(ops[c.Path], c.Op)
		}
	}
	return ops
}

func (r *FaultReport) count(is func(*FaultCell) bool) (n int) {
	for i := range r.Cells {
		if is(&r.Cells[i]) {
			n++
		}
	}
	return n
}

// Err returns nil if every cell that was run kept the contract, and the cells are complete: as many
// as there are faults for each pair of a path and an operation, each fault was met by each
// operation, and a fault by each pair, as far as they are not excluded. A cell that was run does
// not count where no request met the fault.
func (r *FaultReport) Err() error {
	var errs []error
	if len(r.Cells) != r.Faults*r.Pairs {
		errs = append(errs, fmt.Errorf("%d cells, want %d faults x %d operations of paths",
			len(r.Cells), r.Faults, r.Pairs))
	}
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Err != nil {
			errs = append(errs, fmt.Errorf("%s: %s of %s: %w", c.Fault, c.Op, c.Path, c.Err))
		}
	}
	errs = append(errs, r.covered(), r.spread())
	if r.Leftover != nil {
		errs = append(errs, fmt.Errorf("cleaning up: %w", r.Leftover))
	}
	return errors.Join(errs...)
}

// Table writes one line for each fault: how many cells met it, how many ended with which kind of
// error, and how many were excluded. The reasons follow.
func (r *FaultReport) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "FAULT\tCELLS\tMET\tSUCCEEDED\tFAILED\tEXCLUDED\tLEFT OUT\tBROKEN\tKINDS\n")
	excluded := make(map[string]int)
	for _, row := range faultRows {
		var ran, met, ok, out, left, broken int
		kinds := make(map[string]int)
		for i := range r.Cells {
			c := &r.Cells[i]
			switch {
			case c.Fault != row.name:
				continue
			case c.Excluded != "":
				out++
				excluded[c.Excluded]++
				continue
			case c.Left:
				left++
				continue
			case c.Result == nil:
				ok++
			default:
				kinds[kindName(c.Result)]++
			}
			ran++
			if c.Met > 0 {
				met++
			}
			if c.Err != nil {
				broken++
			}
		}
		if ran+out+left == 0 {
			continue
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", row.name, ran, met, ok, ran-ok, out,
			left, broken, list(kinds))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", r.summary())
	for _, why := range slices.Sorted(keysOf(excluded)) {
		fmt.Fprintf(w, "  %d excluded: %s\n", excluded[why], why)
	}
	return nil
}

func (r *FaultReport) summary() string {
	out := r.count(func(c *FaultCell) bool { return c.Excluded != "" })
	left := r.count(func(c *FaultCell) bool { return c.Left })
	broken := r.count(func(c *FaultCell) bool { return c.Err != nil })
	repeats := 0
	for i := range r.Cells {
		repeats += r.Cells[i].Repeats
	}
	return fmt.Sprintf("%d cells run = %d faults x %d operations of %d paths - %d excluded - %d "+
		"left out; %d met their fault; %d broken; %d repeats under a longer stall limit",
		r.Ran(), r.Faults, r.Pairs, r.Paths, out, left, r.Met(), broken, repeats)
}

func keysOf(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func list(kinds map[string]int) string {
	var all []string
	for _, k := range slices.Sorted(keysOf(kinds)) {
		all = append(all, fmt.Sprintf("%d %s", kinds[k], k))
	}
	return strings.Join(all, ", ")
}

// kindName is the name of an error's kind, for the table.
func kindName(err error) string {
	var e *storage.Error
	if !errors.As(err, &e) || e.Kind == nil {
		return "without a kind"
	}
	return strings.TrimPrefix(strings.TrimPrefix(e.Kind.Error(), "storage: "), "file ")
}

// TestFaults runs CheckFaults, logs its table, fails for every cell that broke the contract, and
// returns the report.
func TestFaults(t *testing.T, o FaultOptions) *FaultReport {
	t.Helper()
	r, err := CheckFaults(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	r.Table(&table)
	t.Logf("\n%s", table.String())
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	return r
}

// CheckFaults checks that a call of a Bucket tells the truth, whatever becomes of its requests.
// Each path is a call such as a Put with IfAbsent or a parallel download. Each operation of a path
// meets each fault once, or for ever, on an object of its own. The call must succeed or fail with
// an error that the contract names for the fault, and afterwards the bucket must hold what that
// says. The error is nil if the cells could be run; what they showed is in the FaultReport.
func CheckFaults(ctx context.Context, o FaultOptions) (*FaultReport, error) {
	if o.Open == nil {
		return nil, errors.New("conformance: FaultOptions.Open is nil")
	}
	o.StallTimeout = cmp.Or(o.StallTimeout, 200*time.Millisecond)
	o.Concurrency = cmp.Or(o.Concurrency, 32)
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	clean, err := o.Open(ctx, &http.Client{Transport: o.Transport})
	if err != nil {
		return nil, fmt.Errorf("conformance: open: %w", err)
	}
	return checkFaults(ctx, &o, clean, faultPaths)
}

// checkFaults is CheckFaults of paths. clean is the Store without faults.
func checkFaults(
	ctx context.Context, o *FaultOptions, clean storage.Store, paths []faultPath,
) (*FaultReport, error) {
	m := &matrix{
		o: o, paths: paths,
		store:  &again{storage.Full(clean), new(atomic.Int64)},
		prefix: o.Prefix + "faults-" + strings.ToLower(crand.Text()[:8]) + "/",
		report: new(FaultReport),
	}
	m.part = partSizeOf(m.store)
	m.clean = storage.New(clean, &storage.Options{PartSize: m.part})
	defer m.clean.Close()
	var err error
	if m.dir, err = os.MkdirTemp("", "faults-"); err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	defer os.RemoveAll(m.dir)
	if err := m.plan(ctx); err != nil {
		return nil, err
	}
	m.run(ctx)
	m.tidy(context.WithoutCancel(ctx))
	return m.report, ctx.Err()
}

// matrix is a run.
type matrix struct {
	o      *FaultOptions
	clean  *storage.Bucket // without faults
	store  *again          // the same: a look at it may meet a busy service
	paths  []faultPath
	prefix string
	dir    string // of files
	part   int64
	ops    []string // of all paths
	report *FaultReport
	cells  []*cell
	data   func() *contents
	source func() (string, error) // a file with the large new bytes

	largeObject func() error // writes them under largeKey, once
}

// plan makes the cells: it makes each call once without a fault, and sees which requests it has.
func (m *matrix) plan(ctx context.Context) error {
	m.data = sync.OnceValue(func() *contents { return newContents(m.part) })
	m.source = sync.OnceValues(func() (string, error) {
		name := filepath.Join(m.dir, "new")
		return name, os.WriteFile(name, m.data().largeNew, 0o600)
	})
	m.largeObject = sync.OnceValue(func() error {
		_, err := m.clean.WriteAll(ctx, m.largeKey(), m.data().largeNew, nil)
		return err
	})
	caps := m.store.Capabilities()
	m.report.Faults = 0
	for _, row := range faultRows {
		if row.of(m.o.Service) {
			m.report.Faults++
		}
	}
	parallel := m.store.PartLimits(new(storage.PutOptions)).Parallel
	for i := range m.paths {
		p := &m.paths[i]
		if p.needs != nil && !p.needs(&caps) || p.parallel && !parallel || !m.selected(p.name) {
			continue
		}
		m.report.Paths++
		dry := m.newCell(p, nil, "")
		if err := dry.run(ctx); err != nil {
			return fmt.Errorf("conformance: %s without a fault: %w", p.name, err)
		}
		for _, op := range dry.seen.ops() {
			if _, taken := p.also[op]; taken && dry.seen.count[op] == 1 {
				continue // the path's own fault takes the only request: none is left for another
			}
			m.report.Pairs++
			if !slices.Contains(m.ops, op) {
				m.ops = append(m.ops, op)
			}
			for j := range faultRows {
				row := &faultRows[j]
				if !row.of(m.o.Service) {
					continue
				}
				c := m.newCell(p, row, op)
				c.Excluded = row.pointless(p, op, dry.seen)
				for k := range m.o.Exclude {
					if e := &m.o.Exclude[k]; c.Excluded == "" && e.matches(&c.FaultCell) {
						c.Excluded = e.Reason
					}
				}
				c.misled = row.lies && op == "Get" && !dry.seen.byOp[op].sized
				m.cells = append(m.cells, c)
			}
		}
	}
	if m.o.Cover {
		m.cover()
	}
	return nil
}

func (m *matrix) selected(name string) bool {
	return len(m.o.Only) == 0 || slices.ContainsFunc(m.o.Only, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}

// run runs the cells, the slow ones first.
func (m *matrix) run(ctx context.Context) {
	slots := make(chan struct{}, m.o.Concurrency)
	var wg sync.WaitGroup
	order := slices.Clone(m.cells)
	slices.SortStableFunc(order, func(a, b *cell) int {
		return cmp.Compare(b.row.slow(), a.row.slow())
	})
	for _, c := range order {
		if !c.ran() {
			continue
		}
		n := m.weight(c)
		for range n {
			slots <- struct{}{}
		}
		wg.Go(func() {
			start := time.Now()
			c.try(ctx)
			c.Duration = time.Since(start)
			for range n {
				<-slots
			}
		})
	}
	wg.Wait()
	for _, c := range m.cells {
		m.report.Cells = append(m.report.Cells, c.FaultCell)
	}
}

// weight is how many of the slots a cell takes: one if it waits most of the time, and else as many
// as it keeps a processor busy.
func (m *matrix) weight(c *cell) int {
	n := 1
	if !c.row.waits {
		n = 4
	}
	if c.path.large {
		n += int(m.part >> 20)
	}
	return min(n, m.o.Concurrency)
}

// tidy removes what the run has made.
func (m *matrix) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err := m.clean.DeletePrefix(ctx, m.prefix, nil)
	caps := m.store.Capabilities()
	if caps.ListUploads && caps.ListUploadsPrefix && caps.AbortUpload {
		_, e := m.clean.CleanUploads(ctx, 0, &storage.CleanOptions{Prefix: m.prefix})
		err = errors.Join(err, e)
	}
	m.report.Leftover = err
}

// partSizeOf is the smallest part that a Store takes, 64 KiB at least.
func partSizeOf(s storage.FullStore) int64 {
	limits := s.PartLimits(&storage.PutOptions{IfAbsent: true})
	plain := s.PartLimits(new(storage.PutOptions))
	n := max(limits.Min, plain.Min, 64<<10)
	if m := max(limits.Multiple, plain.Multiple); m > 1 {
		n = (n + m - 1) / m * m
	}
	return n
}
