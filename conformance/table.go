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
	feature Feature // what it belongs to, and what Capabilities or a Limit say of it
	rule    string  // "rule 8: …": the sentence that is broken when it fails

	needs  []Feature // features that it uses on the way: it is not run where one is absent
	covers []string  // the fields and methods that it checks: "PutOptions.IfAbsent", "Bucket.Put"

	counts bool // needs Options.Requests, and to be alone
	alone  bool // needs to be alone: it uses Options.Requests if there is one
	full   bool // only with Options.Full

	run func(ctx context.Context, e *env) error
}

// table is every check, group by group. A group is one file.
func table() []check {
	return slices.Concat(
		readChecks, writeChecks, fieldChecks(), checksumChecks(),
		conditionChecks, etagChecks(), deleteChecks, listChecks, keyChecks, foreignChecks,
		metadataChecks, tagChecks, copyChecks, multipartChecks, uploadChecks, contextChecks,
		requestChecks, signChecks, bucketWriteChecks, bucketResumeChecks, bucketReadChecks,
		bucketListChecks,
		bucketCopyChecks, bucketKeepChecks, staleChecks, bucketOptionChecks,
		bucketETagChecks, apiChecks(), engineChecks(),
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

// check refuses limits on what there is not.
func (o *Options) check() error {
	features, names := make(map[Feature]bool), make(map[string]bool)
	for _, c := range table() {
		features[c.feature], names[c.name] = true, true
	}
	for _, l := range o.Limits {
		switch {
		case l.Feature != "" && l.Check != "":
			return fmt.Errorf("conformance: a limit on %q and on %q: it is on one",
				l.Feature, l.Check)
		case l.Check != "" && !names[l.Check]:
			return fmt.Errorf("conformance: a limit on the check %q, which there is not", l.Check)
		case l.Check == "" && !features[l.Feature]:
			return fmt.Errorf("conformance: a limit on %q, which no check is about", l.Feature)
		}
	}
	return nil
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

// isAlone reports whether nothing may run beside c.
func (c *check) isAlone() bool { return c.counts || c.alone }

// ruleNumber is the part of a rule before its sentence.
func (c *check) ruleNumber() string {
	number, _, _ := strings.Cut(c.rule, ":")
	return number
}
