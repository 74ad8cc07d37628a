package conformance

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A check proves one sentence of the contract.
type check struct {
	name    string  // group/what: the name of its subtest
	feature Feature // what it belongs to, and what a Limit must name for it to be expected to fail
	rule    string  // "rule 8: …": the sentence that is broken when it fails

	needs  []Feature // features that it uses on the way; a Limit on one of them leaves the check out
	covers []string  // the fields and methods that it is the check of: "PutOptions.IfAbsent", "Bucket.Put"

	counts bool // needs Options.Requests, and to be alone
	full   bool // only with Options.Full

	run func(ctx context.Context, e *env) error
}

// table is every check, group by group. A group is one file.
func table() []check {
	return slices.Concat(
		readChecks, writeChecks, fieldChecks(), checksumChecks(),
		conditionChecks, deleteChecks, listChecks, keyChecks, metadataChecks,
		copyChecks, multipartChecks, uploadChecks, contextChecks, requestChecks, signChecks,
		bucketWriteChecks, bucketReadChecks, bucketListChecks, bucketCopyChecks, bucketOptionChecks,
		engineChecks(), apiChecks(),
	)
}

// selected returns the checks that o asks for.
func (o *Options) selected() ([]check, error) {
	var some []check
	for _, c := range table() {
		if c.full && !o.Full {
			continue
		}
		ok := len(o.Only) == 0
		for _, pattern := range o.Only {
			match, err := path.Match(pattern, c.name)
			if err != nil {
				return nil, fmt.Errorf("conformance: pattern %q: %w", pattern, err)
			}
			ok = ok || match
		}
		if ok {
			some = append(some, c)
		}
	}
	if len(some) == 0 {
		return nil, fmt.Errorf("conformance: no check is named like %q", o.Only)
	}
	return some, o.check()
}

// check refuses limits on what is no feature.
func (o *Options) check() error {
	known := make(map[Feature]bool)
	for _, c := range table() {
		known[c.feature] = true
	}
	for _, l := range slices.Concat(o.Limits, limitsOf(o.Unsupported)) {
		if !known[l.Feature] {
			return fmt.Errorf("conformance: a limit on %q, which no check is about", l.Feature)
		}
	}
	return nil
}

func limitsOf(features []Feature) []Limit {
	limits := make([]Limit, len(features))
	for i, f := range features {
		limits[i].Feature = f
	}
	return limits
}

// byFeature orders results as the table orders features.
func byFeature(results []Result) [][]Result {
	var groups [][]Result
	at := make(map[Feature]int)
	for _, r := range results {
		i, ok := at[r.Feature]
		if !ok {
			i = len(groups)
			at[r.Feature] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	for _, g := range groups {
		slices.SortStableFunc(g, func(a, b Result) int { return cmp.Compare(a.Check, b.Check) })
	}
	return groups
}

// ruleNumber is the part of a rule before its sentence.
func (c *check) ruleNumber() string {
	number, _, _ := strings.Cut(c.rule, ":")
	return number
}
