package conformance

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/polystore/storage"
)

// Status is how a check ended.
type Status int

const (
	Kept        Status = iota // the promise is kept
	Broken                    // it is not, or the Store or a Limit does not say what is
	Unsupported               // the Store cannot, says so, and answered with errors.ErrUnsupported
	Defect                    // declared as a Limit, and shown
	NotRun                    // Reason says why
)

func (s Status) String() string {
	return [...]string{"kept", "BROKEN", "unsupported", "defect", "not run"}[s]
}

// Result is how one check ended.
type Result struct {
	Check    string
	Feature  Feature
	Rule     string
	Status   Status
	Reason   string // why it was not run; why it is unsupported; of a defect, what was declared
	Err      error  // what was found; also of Unsupported and Defect
	Requests int64  // as the Store was called, cleaning up included
	Duration time.Duration
}

// Report is what a run found.
type Report struct {
	Results   []Result
	Seed      uint64  // for Options.Seed
	Requests  int64   // calls of the Store, each one request where the service allows it
	Again     int64   // sent again beside these, as the answer was ErrThrottled or ErrUnavailable
	Leftovers []error // what could not be cleaned up
	Closed    error   // what closing the Store said
}

// Err is nil when every promise was kept and nothing was left behind.
func (r *Report) Err() error {
	errs := slices.Clone(r.Leftovers)
	for _, res := range r.Results {
		if res.Status == Broken {
			errs = append(errs, fmt.Errorf("%s: %w", res.Check, res.Err))
		}
	}
	if r.Closed != nil {
		errs = append(errs, fmt.Errorf("rule 25: Close: %w", r.Closed))
	}
	return errors.Join(errs...)
}

// Count is how many checks ended with s.
func (r *Report) Count(s Status) int {
	n := 0
	for _, res := range r.Results {
		if res.Status == s {
			n++
		}
	}
	return n
}

// Table prints the report, one line a feature, and behind it what was broken, declared and not run.
func (r *Report) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "FEATURE\tVERDICT\tCHECKS\tSECONDS\n")
	for _, group := range byFeature(r.Results) {
		var took time.Duration
		count := make([]int, NotRun+1)
		for _, res := range group {
			took += res.Duration
			count[res.Status]++
		}
		verdict := Kept
		for _, s := range [...]Status{Broken, Defect, Unsupported} {
			if count[s] > 0 {
				verdict = s
				break
			}
		}
		if count[NotRun] == len(group) {
			verdict = NotRun
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.2f\n", group[0].Feature, verdict, tally(count), took.Seconds())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, s := range [...]Status{Broken, Defect, Unsupported, NotRun} {
		for _, res := range r.Results {
			if res.Status == s {
				fmt.Fprintf(w, "\n%s %s\n", s, res.Check)
				if res.Reason != "" {
					fmt.Fprintf(w, "    %s\n", res.Reason)
				}
				if res.Err != nil && s != Unsupported {
					fmt.Fprintf(w, "    %s\n", strings.ReplaceAll(res.Err.Error(), "\n", "\n    "))
				}
			}
		}
	}
	for _, err := range r.Leftovers {
		fmt.Fprintf(w, "\nleft behind: %v\n", err)
	}
	if r.Closed != nil {
		fmt.Fprintf(w, "\nClose: %v\n", r.Closed)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.summary())
	return err
}

func (r *Report) summary() string {
	return fmt.Sprintf("%d checks: %d kept, %d broken, %d unsupported, %d defects, %d not run; %d requests, %d sent again, seed %d",
		len(r.Results), r.Count(Kept), r.Count(Broken), r.Count(Unsupported), r.Count(Defect), r.Count(NotRun), r.Requests, r.Again, r.Seed)
}

func tally(count []int) string {
	var words []string
	for s, n := range count {
		if n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, Status(s)))
		}
	}
	return strings.Join(words, ", ")
}

// classify holds what the check found against what the Store and the Limits say.
func (res *Result) classify(c *check, o *Options, can *can) {
	var skip *skipped
	if errors.As(res.Err, &skip) {
		res.Status, res.Reason, res.Err = NotRun, skip.reason, nil
		return
	}
	l, limited := o.limitOf(c)
	lacks := can.lacks(c.feature)
	switch {
	case limited && (lacks == "" || l.Check != ""):
		switch {
		case res.Err == nil:
			res.Status = Kept // judge asks for a check that shows the defect
		case shows(res.Err):
			res.Status, res.Reason = Defect, l.Reason
		default:
			res.Status = Broken
		}
	case lacks != "" && refusal(res.Err):
		res.Status, res.Reason = Unsupported, lacks
	case lacks != "" && res.Err == nil:
		res.Status = Broken
		res.Err = &Failure{
			Rule: c.rule, Feature: c.feature, Check: c.name, works: true,
			Errs: []error{fmt.Errorf("it works, although %s", lacks)},
		}
	case lacks != "":
		res.Status = Broken
		res.Err = fmt.Errorf("%w\n\twant errors.ErrUnsupported, as %s", res.Err, lacks)
	case res.Err == nil:
		res.Status = Kept
	case refusal(res.Err) && can.mayRefuse(c):
		res.Status, res.Reason = Unsupported, "answered with errors.ErrUnsupported; the Store has no Capabilities"
	default:
		res.Status = Broken
	}
}

// refusal reports whether everything that a check found is errors.ErrUnsupported.
func refusal(err error) bool {
	var f *Failure
	if !errors.As(err, &f) {
		return errors.Is(err, errors.ErrUnsupported)
	}
	return !slices.ContainsFunc(f.Errs, func(err error) bool { return !errors.Is(err, errors.ErrUnsupported) })
}

// shows reports whether err is about the service and not about reaching it.
func shows(err error) bool {
	return !errors.Is(err, storage.ErrUnavailable) && !errors.Is(err, storage.ErrThrottled) && !errors.Is(err, storage.ErrPermission)
}

// declared begins the names of results that are about a Limit and no check.
const declared = "declared/"

// judge refuses declarations of defects that nothing has shown.
func (r *run) judge() {
	for _, l := range r.opts.Limits {
		shown, ran := false, false
		for _, res := range r.report.Results {
			if res.Status != NotRun && (l.Check == res.Check || l.Check == "" && l.Feature == res.Feature) {
				ran = true
				shown = shown || res.Status == Defect || res.Status == Broken
			}
		}
		if ran && !shown {
			r.report.Results = append(r.report.Results, Result{
				Check: declared + l.names(), Feature: l.Feature, Status: Broken, Reason: l.Reason,
				Err: fmt.Errorf("the declared defect of %q is not shown: remove the declaration", l.names()),
			})
		}
	}
}
