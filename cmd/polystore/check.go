package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/limits"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/s3"
)

type checkCmd struct {
	URL  string   `arg:"" help:"The bucket. Writes go below a random prefix and are deleted again."`
	Full bool     `help:"More keys, sizes and rounds: minutes, not seconds."`
	Only []string `placeholder:"PATTERN" help:"Only the checks of this name: 'get/*'. Repeatable."`
	Seed uint64   `help:"Of the random checks, to repeat a run; 0: a random one."`

	JSON     bool `xor:"form" help:"One JSON object for each check, and one at the end."`
	Markdown bool `xor:"form" help:"A table in Markdown, and what is not kept below it."`
}

// width is how many checks run at once: most of a check is waiting for a distant service.
const width = 24

func (c *checkCmd) Run(a *app) error {
	l, err := parseLocation(c.URL)
	if err != nil {
		return err
	}
	if l.stdio {
		return usage("- is not a bucket")
	}
	o := conformance.Options{Full: c.Full, Only: c.Only, Seed: c.Seed, Concurrency: width}
	location, prefix := l.below()
	if l.dir != "" {
		location, prefix = l.whole, "" // as mb has it: the whole path is the bucket
	}
	o.Open = func(ctx context.Context) (storage.Store, error) {
		b, err := storage.Open(ctx, location)
		if err != nil {
			return nil, err
		}
		s := b.Store() // the suite closes it
		o.Prefix = b.StoreKey(prefix)
		if _, ok := s.(*azure.Store); ok {
			o.StorageClass = "Hot" // there is no STANDARD, and the others cost something
		}
		return s, nil
	}
	// The URL's own prefix= has to be known beforehand, and a bucket that is not there is not worth
	// a plan.
	s, err := o.Open(a.ctx)
	if err != nil {
		return err
	}
	b := storage.New(s, nil)
	o.Limits = knownLimits(s, location)
	err = ask(a.ctx, b, o.Prefix)
	if err == nil {
		err = c.plan(a, l, &o)
	}
	if err := errors.Join(err, b.Close()); err != nil {
		return err
	}
	report, err := conformance.Inspect(a.ctx, o)
	if err != nil {
		return err
	}
	if err := notShown(a, report); err != nil {
		return err
	}
	switch {
	case c.JSON:
		err = printResults(a, report)
	case c.Markdown:
		err = report.Markdown(a.stdout)
	default:
		err = report.Table(a.stdout)
	}
	if err == nil && report.Err() != nil {
		err = errReported // the table has shown what
	}
	return err
}

// ask makes one request: a bucket that is missing, elsewhere or closed to us is one line, and no
// report in which every promise is broken.
func ask(ctx context.Context, b *storage.Bucket, prefix string) error {
	_, err := b.ListPage(ctx, &storage.ListOptions{Prefix: prefix, PageSize: 1})
	var e *storage.Error
	if errors.As(err, &e) && e.Status != 0 && errors.Is(err, storage.ErrInvalid) {
		// The request was right, so the service wants another region or other credentials.
		return &deniedError{err}
	}
	return err
}

// knownLimits are the defects of the service that s is known to speak to.
func knownLimits(s storage.Store, rawURL string) []conformance.Limit {
	switch s := s.(type) {
	case *s3.Store:
		return limits.S3(s.Provider())
	case *azure.Store:
		return limits.Azure()
	case *gcs.Store:
		if u, err := url.Parse(rawURL); err == nil && u.Query().Get("emulator") == "true" {
			return limits.GCSEmulator()
		}
	}
	return nil
}

// notShown takes the known defects that this service does not have out of the report, and names
// them: another release can have mended them.
func notShown(a *app, r *conformance.Report) error {
	kept := r.Results[:0]
	for _, res := range r.Results {
		name, ok := strings.CutPrefix(res.Check, "declared/")
		if !ok {
			kept = append(kept, res)
			continue
		}
		_, err := fmt.Fprintf(a.stderr, "not shown here: %s: %s\n", name, res.Reason)
		if err != nil {
			return err
		}
	}
	r.Results = kept
	return nil
}

// plan says what is going to happen.
func (c *checkCmd) plan(a *app, l location, o *conformance.Options) error {
	checks, requests, err := conformance.Plan(*o)
	if err != nil {
		return usage("%v", err)
	}
	_, err = fmt.Fprintf(a.stderr, "%s: %d checks, about %d requests\n", l, checks, requests)
	return err
}

// printResults prints the report as JSON, one object a line.
func printResults(a *app, r *conformance.Report) error {
	type result struct {
		Check    string  `json:"check"`
		Feature  string  `json:"feature"`
		Rule     string  `json:"rule"`
		Status   string  `json:"status"`
		Reason   string  `json:"reason,omitempty"`
		Error    string  `json:"error,omitempty"`
		Requests int64   `json:"requests"`
		Seconds  float64 `json:"seconds"`
	}
	for _, res := range r.Results {
		line := result{
			Check: res.Check, Feature: string(res.Feature), Rule: res.Rule,
			Status: strings.ToLower(res.Status.String()),
			Reason: res.Reason, Requests: res.Requests, Seconds: res.Duration.Seconds(),
		}
		if res.Err != nil {
			line.Error = oneLine(res.Err)
		}
		if err := a.json(line); err != nil {
			return err
		}
	}
	return a.json(struct {
		Checks      int    `json:"checks"`
		Kept        int    `json:"kept"`
		Broken      int    `json:"broken"`
		Unsupported int    `json:"unsupported"`
		NotRun      int    `json:"notRun"`
		LeftBehind  int    `json:"leftBehind"`
		Requests    int64  `json:"requests"`
		Seed        uint64 `json:"seed"`
	}{
		len(r.Results),
		r.Count(conformance.Kept), r.Count(conformance.Broken), r.Count(conformance.Unsupported),
		r.Count(conformance.NotRun), len(r.Leftovers), r.Requests, r.Seed,
	})
}
