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

// Status is the kind of outcome of a check.
type Status int

const (
	Kept        Status = iota // the promise is kept
	Broken                    // it is not kept, or a declaration of the Store or a Limit is wrong
	Unsupported               // the Store lacks the feature and returned errors.ErrUnsupported
	Defect                    // declared as a Limit and confirmed
	NotRun                    // see Result.Reason
)

func (s Status) String() string {
	return [...]string{"kept", "BROKEN", "unsupported", "defect", "not run"}[s]
}

// Result is the outcome of one check.
type Result struct {
	Check    string
	Feature  Feature
	Rule     string
	Status   Status
	Reason   string // why it was not run or is unsupported, or the declared reason of a defect
	Err      error  // what the check found; also set for Unsupported and Defect
	Requests int64  // calls of the Store, including clean-up
	Duration time.Duration
}

// Report holds the results of a run.
type Report struct {
	Results   []Result
	Seed      uint64  // repeats the run as Options.Seed
	Requests  int64   // calls of the Store, each one request where the service allows it
	Again     int64   // further calls, repeated after ErrThrottled or ErrUnavailable
	Leftovers []error // what could not be cleaned up
	Closed    error   // the error of closing the Store
}

// Err returns nil if no check is Broken, everything was cleaned up and the Store was closed without
// an error. Otherwise it returns all of these errors, joined.
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

// Count returns the number of checks that ended with s.
func (r *Report) Count(s Status) int {
	n := 0
	for _, res := range r.Results {
		if res.Status == s {
			n++
		}
	}
	return n
}

// Table writes the report to w, one line for each feature, followed by the checks that were broken,
// declared or not run.
func (r *Report) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "FEATURE\tVERDICT\tCHECKS\tSECONDS\n")
	for _, group := range byFeature(r.Results) {
		var took time.Duration
		for _, res := range group {
			took += res.Duration
		}
		verdict, count := verdictOf(group)
		fmt.Fprintf(t, "%s\t%s\t%s\t%.2f\n", group[0].Feature, verdict, tally(count),
			took.Seconds())
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
	return fmt.Sprintf("%d checks: %d kept, %d broken, %d unsupported, %d defects, %d not run; "+
		"%d requests, %d sent again, seed %d",
		len(r.Results), r.Count(Kept), r.Count(Broken), r.Count(Unsupported), r.Count(Defect),
		r.Count(NotRun), r.Requests, r.Again, r.Seed)
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
	var lacks *lacking
	if errors.As(res.Err, &lacks) {
		res.Status, res.Reason, res.Err = Unsupported, lacks.reason, nil
		return
	}
	l, limited := o.limitOf(c)
	why := can.lacks(c.feature)
	switch {
	case limited && (why == "" || l.Check != ""):
		switch {
		case res.Err == nil:
			res.Status = Kept // judge asks for a check that shows the defect
		case shows(res.Err):
			res.Status, res.Reason = Defect, l.Reason
		default:
			res.Status = Broken
		}
	case why != "" && refusal(res.Err):
		res.Status, res.Reason = Unsupported, why
	case why != "" && res.Err == nil:
		res.Status = Broken
		res.Err = &Failure{
			Rule: c.rule, Feature: c.feature, Check: c.name, works: true,
			Errs: []error{fmt.Errorf("it works, although %s", can.because(why))},
		}
	case why != "":
		res.Status = Broken
		res.Err = fmt.Errorf("%w\n\twant errors.ErrUnsupported, as %s", res.Err, can.because(why))
	case res.Err == nil:
		res.Status = Kept
	case refusal(res.Err) && can.mayRefuse(c):
		res.Status, res.Reason = Unsupported,
			"answered with errors.ErrUnsupported; the Store has no Capabilities"
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
	return !slices.ContainsFunc(f.Errs, func(err error) bool {
		return !errors.Is(err, errors.ErrUnsupported)
	})
}

// shows reports whether err is about the service and not about reaching it.
func shows(err error) bool {
	return !errors.Is(err, storage.ErrUnavailable) && !errors.Is(err, storage.ErrThrottled) &&
		!errors.Is(err, storage.ErrPermission)
}

// declared begins the names of results that are about a Limit and no check.
const declared = "declared/"

// judge refuses declarations of defects that nothing has shown.
func (r *run) judge() {
	for _, l := range r.opts.Limits {
		shown, ran := false, false
		for _, res := range r.report.Results {
			if res.Status != NotRun &&
				(l.Check == res.Check || l.Check == "" && l.Feature == res.Feature) {
				ran = true
				shown = shown || res.Status == Defect || res.Status == Broken
			}
		}
		if ran && !shown {
			r.report.Results = append(r.report.Results, Result{
				Check: declared + l.names(), Feature: l.Feature, Status: Broken, Reason: l.Reason,
				Err: fmt.Errorf("the declared defect of %q is not shown: remove the declaration",
					l.names()),
			})
		}
	}
}
