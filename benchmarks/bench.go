package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"time"
)

// options are those of the command line.
type options struct {
	rows     []string
	subjects []string
	n        int
	quick    bool
	out      string
}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	var o options
	row := flags.String("row", "", "only these rows, comma-separated; a prefix with * at its end")
	subjects := flags.String("subject", "", "only these subjects, comma-separated; likewise")
	flags.IntVar(&o.n, "n", 0, "runs of each subject (default 5, quick 1)")
	flags.BoolVar(&o.quick, "quick", false, "few rows, subjects and floors, in at most 3 minutes")
	flags.StringVar(&o.out, "o", "", "Markdown file whose sections of these rows are replaced; "+
		"not with -quick or -subject")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.rows, o.subjects = split(*row), split(*subjects)
	if o.quick || len(o.subjects) > 0 {
		o.out = "" // A part of a row says nothing about the rest of it.
	}
	if o.n == 0 {
		o.n = 5
		if o.quick {
			o.n = 1
		}
	}
	return o, nil
}

func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

func matches(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		prefix, star := strings.CutSuffix(p, "*")
		return p == name || star && strings.HasPrefix(name, prefix)
	})
}

// chosen are the rows that a run with these options has. A name that no row has is an error, since
// a row that was meant would be missing.
func (o options) chosen() ([]row, error) {
	for _, p := range o.rows {
		named := func(r row) bool { return matches([]string{p}, r.name) }
		if !slices.ContainsFunc(rows, named) {
			return nil, fmt.Errorf("no row is named %q", p)
		}
	}
	var out []row
	for _, r := range rows {
		if len(o.rows) == 0 && o.quick && r.short == nil || !matches(o.rows, r.name) {
			continue
		}
		out = append(out, r)
	}
	return out, nil
}

// bench runs the rows, and writes each one once it is measured: a run is long, and may end early.
func bench(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	chosen, err := o.chosen()
	if err != nil {
		return err
	}
	kept, now := new(document), new(document)
	if o.out != "" {
		if kept, err = load(o.out); err != nil {
			return err
		}
	}
	kept.Versions = versions()
	about := describe(ctx, o.n)
	if !o.quick && len(o.subjects) == 0 {
		fmt.Fprintln(os.Stderr, kept.expect(chosen, o.n))
	}
	p, err := newPlace(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	for _, r := range chosen {
		start := time.Now()
		t, err := p.run(ctx, r, o)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		s := t.section()
		s.Origin, s.Seconds = about, math.Round(10*time.Since(start).Seconds())/10
		s.print(os.Stdout)
		now.put(s)
		if o.out == "" {
			continue
		}
		kept.put(s)
		if err := kept.save(o.out); err != nil {
			return err
		}
	}
	printGoals(os.Stdout, judge(now.section))
	return nil
}

// quickCount is how many small operations a quick run makes, where they come one after the other.
const quickCount = 500

// run measures a row: the subjects take turns.
func (p *place) run(ctx context.Context, r row, o options) (*table, error) {
	t, err := p.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	if o.quick && t.Width < 2 && t.Count > quickCount && r.op != "list" && r.kind != formats {
		t.Count = quickCount
	}
	out := newTable(r)
	for i := range o.n {
		for _, name := range r.names(o) {
			if i > 0 && slices.Contains(r.floors, name) && !out.worth(name) {
				continue
			}
			t.Subject = name
			s, err := p.measure(ctx, r, t)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out.add(name, s)
			fmt.Fprintf(os.Stderr, "%s %d %s: %s\n", r.name, i+1, name, out.brief(s))
		}
	}
	return out, nil
}

// names are the subjects and floors of a row that a run with these options measures.
func (r row) names(o options) []string {
	subjects, floors, shown := r.subjects, r.floors, r.shown
	if o.quick {
		if len(o.subjects) == 0 && r.short != nil {
			subjects = r.short
		}
		// The best floors over a distance have 32 connections.
		if len(floors) > 2 {
			floors = slices.DeleteFunc(slices.Clone(floors), func(f string) bool {
				return !strings.HasPrefix(f, "floor:32x")
			})
		}
		shown = nil
	}
	all := slices.Concat(subjects, floors, shown)
	kept := slices.DeleteFunc(slices.Clone(all), func(name string) bool {
		return !matches(o.subjects, name)
	})
	// A name that the row does not have is one more subject: "us:PartSize=4194304", "floor:48x4".
	for _, name := range o.subjects {
		if !strings.HasSuffix(name, "*") && !slices.Contains(all, name) &&
			strings.Contains(name, ":") {
			kept = append(kept, name)
		}
	}
	return kept
}
