package conformance

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
)

// Inspect checks a bucket of which only the Capabilities of its Store are known. It runs two
// rounds. The second round repeats the checks that were not kept, and declares the features that
// the first round found missing or defective. A feature that the bucket may refuse, and refuses
// with errors.ErrUnsupported, is therefore not reported as broken. A defect is reported once, not
// again by every check that uses the feature. Defects stay Broken, because nobody has declared
// them.
func Inspect(ctx context.Context, o Options) (*Report, error) {
	report, err := Check(ctx, o)
	if err != nil {
		return nil, err
	}
	l := learn(report)
	if len(l.refused)+len(l.defects) == 0 {
		return report, nil
	}
	o.refused, o.Only, o.Seed = l.refused, l.again, report.Seed
	o.Limits = slices.Clone(o.Limits)
	for f := range l.defects {
		o.Limits = append(o.Limits, Limit{Feature: f, Reason: "broken here"})
	}
	second, err := Check(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, res := range second.Results {
		i := slices.IndexFunc(report.Results, func(r Result) bool { return r.Check == res.Check })
		if i < 0 || l.defects[res.Feature] && res.Status != NotRun {
			continue // what the first round found of a defect stands
		}
		report.Results[i] = res
	}
	report.Requests += second.Requests
	report.Again += second.Again
	report.Leftovers = append(report.Leftovers, second.Leftovers...)
	report.Closed = errors.Join(report.Closed, second.Closed)
	return report, nil
}

// learned is what a round has shown of the features that a bucket may lack.
type learned struct {
	again            []string // checks that were not kept
	refused, defects map[Feature]bool
}

func learn(r *Report) learned {
	l := learned{refused: make(map[Feature]bool), defects: make(map[Feature]bool)}
	for _, res := range r.Results {
		if res.Status != Broken && res.Status != Unsupported ||
			strings.HasPrefix(res.Check, declared) {
			continue
		}
		if res.Status == Broken {
			l.again = append(l.again, res.Check)
		}
		_, known := capabilities[res.Feature]
		switch {
		case !known && res.Feature != CaseSensitiveKeys:
			// Every bucket has it: to refuse it is to break a promise.
		case refusal(res.Err):
			l.refused[res.Feature] = true
		case res.Status == Broken:
			l.defects[res.Feature] = true
		}
	}
	for f := range l.defects {
		delete(l.refused, f)
	}
	l.causes(r)
	if len(l.again) == 0 { // what was refused already counts as that
		return learned{}
	}
	return l
}

// causes leaves only those defects that are not a mere consequence: a check of theirs failed that
// uses nothing else that is lacking.
func (l *learned) causes(r *Report) {
	needs := make(map[string][]Feature)
	for _, c := range table() {
		needs[c.name] = c.required()
	}
	own := make(map[Feature]bool)
	for _, res := range r.Results {
		if res.Status == Broken && !slices.ContainsFunc(needs[res.Check], func(f Feature) bool {
			return f != res.Feature && (l.defects[f] || l.refused[f])
		}) {
			own[res.Feature] = true
		}
	}
	maps.DeleteFunc(l.defects, func(f Feature, _ bool) bool { return !own[f] })
}
