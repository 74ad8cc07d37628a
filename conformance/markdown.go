package conformance

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes the report to w as a table in Markdown, one line for each feature, followed by
// the checks that were broken, declared or unsupported.
func (r *Report) Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| promise | verdict | checks |\n|---|---|---|\n")
	for _, group := range byFeature(r.Results) {
		verdict, count := verdictOf(group)
		fmt.Fprintf(&b, "| %s | %s | %s |\n", group[0].Feature, verdict, tally(count))
	}
	for _, s := range [...]Status{Broken, Defect, Unsupported} {
		if r.Count(s) > 0 {
			fmt.Fprintf(&b, "\n%s:\n\n", s)
		}
		for _, res := range r.Results {
			if res.Status != s {
				continue
			}
			why := res.Reason
			if why == "" && res.Err != nil {
				why, _, _ = strings.Cut(res.Err.Error(), "\n")
			}
			fmt.Fprintf(&b, "- `%s`: %s\n", res.Check, why)
		}
	}
	for _, err := range r.Leftovers {
		fmt.Fprintf(&b, "\nleft behind: %v\n", err)
	}
	if r.Closed != nil {
		fmt.Fprintf(&b, "\nClose: %v\n", r.Closed)
	}
	fmt.Fprintf(&b, "\n%s\n", r.summary())
	_, err := io.WriteString(w, b.String())
	return err
}

// Verdicts returns the verdict on each feature of the report, in the order of Table: the worst
// status of its checks, or NotRun if none was run.
func (r *Report) Verdicts() []Verdict {
	var all []Verdict
	for _, group := range byFeature(r.Results) {
		s, _ := verdictOf(group)
		all = append(all, Verdict{group[0].Feature, s})
	}
	return all
}

// Verdict is the outcome of all checks of a feature.
type Verdict struct {
	Feature Feature
	Status  Status
}

// verdictOf is the worst that became of a group of checks, and how many had each status.
func verdictOf(group []Result) (verdict Status, count []int) {
	count = make([]int, NotRun+1)
	for _, res := range group {
		count[res.Status]++
	}
	if count[NotRun] == len(group) {
		return NotRun, count
	}
	switch {
	case count[Broken] > 0:
		return Broken, count
	case count[Defect] > 0:
		return Defect, count
	case count[Kept] == 0:
		return Unsupported, count
	}
	return Kept, count // of what is there
}
