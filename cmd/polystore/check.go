package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/providers/azure"
)

type checkCmd struct {
	URL  string   `arg:"" help:"The bucket. What is written lies below a random prefix and is deleted again."`
	Full bool     `help:"More keys, sizes and rounds: minutes, not seconds."`
	Only []string `placeholder:"PATTERN" help:"Only the checks that are named like this, such as 'get/*'. Repeatable."`
	Seed uint64   `help:"Of the random checks, to repeat a run; 0: a random one."`
	JSON bool     `help:"One JSON object for each check, and one at the end."`
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
	url, prefix := l.below()
	if l.dir != "" {
		url, prefix = l.whole, "" // as mb has it: the whole path is the bucket
	}
	o.Open = func(ctx context.Context) (storage.Store, error) {
		b, err := storage.Open(ctx, url)
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
	if err := errors.Join(c.plan(a, l, &o), storage.Full(s).Close()); err != nil {
		return err
	}
	report, err := conformance.Inspect(a.ctx, o)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printResults(a, report)
	} else {
		err = report.Table(a.stdout)
	}
	if err == nil && report.Err() != nil {
		err = errReported // the table has shown what
	}
	return err
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
			Check: res.Check, Feature: string(res.Feature), Rule: res.Rule, Status: strings.ToLower(res.Status.String()),
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
		len(r.Results), r.Count(conformance.Kept), r.Count(conformance.Broken), r.Count(conformance.Unsupported),
		r.Count(conformance.NotRun), len(r.Leftovers), r.Requests, r.Seed,
	})
}
