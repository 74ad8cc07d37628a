package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// event is a line of `go test -json`; see `go doc test2json` and `go help buildjson`.
type event struct {
	Action      string
	Package     string
	Test        string
	Elapsed     float64 // seconds
	Output      string
	ImportPath  string // build-output
	FailedBuild string // fail of a package that did not build
}

// report digests the events of a test run: it prints each package as it ends, failures with their
// output, and keeps what was skipped. Tests and subtests count alike; so does a package that fails
// without a test that does.
type report struct {
	w     io.Writer
	total counts

	output map[testID]*strings.Builder // of tests that have not ended; with no test: of a package
	builds map[string]*strings.Builder // what the compiler said, by import path
	counts map[string]*counts          // of packages that have not ended
	skips  map[string][]string         // tests by reason
}

type testID struct{ pkg, test string }

type counts struct{ passed, failed, skipped int }

func newReport(w io.Writer) *report {
	return &report{
		w:      w,
		output: make(map[testID]*strings.Builder),
		builds: make(map[string]*strings.Builder),
		counts: make(map[string]*counts),
		skips:  make(map[string][]string),
	}
}

// read digests events up to the end of r. A line that is none is printed as it is.
func (r *report) read(from io.Reader) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) == nil && e.Action != "" {
				r.add(e)
			} else {
				fmt.Fprintf(r.w, "%s\n", strings.TrimSuffix(string(line), "\n"))
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) add(e event) {
	if e.Package == "" {
		if e.Action == "build-output" {
			appendTo(r.builds, e.ImportPath, e.Output)
		}
		return
	}
	id := testID{e.Package, e.Test}
	c := r.counts[e.Package]
	if c == nil {
		c = new(counts)
		r.counts[e.Package] = c
	}
	switch {
	case e.Action == "run":
		appendTo(r.output, id, "")
	case e.Action == "output":
		appendTo(r.output, id, e.Output)
	case e.Action != "pass" && e.Action != "fail" && e.Action != "skip":
	case e.Test == "":
		r.endPackage(e, c)
	case e.Action == "pass":
		c.passed++
		delete(r.output, id)
	case e.Action == "fail":
		c.failed++
		r.printFailure(id)
	case e.Action == "skip":
		c.skipped++
		reason := skipReason(r.take(id))
		r.skips[reason] = append(r.skips[reason], shortPackage(e.Package)+"."+e.Test)
	}
}

func (r *report) endPackage(e event, c *counts) {
	for _, id := range r.unfinished(e.Package) { // a panic, a timeout or os.Exit cut them off
		c.failed++
		r.printFailure(id)
	}
	said := r.take(testID{pkg: e.Package})
	verdict := "ok"
	if e.Action == "fail" {
		verdict = "FAIL"
		if b := r.builds[e.FailedBuild]; b != nil {
			fmt.Fprint(r.w, b)
		}
		for line := range strings.Lines(said) {
			if !isVerdict(line) {
				fmt.Fprint(r.w, line)
			}
		}
		c.failed = max(c.failed, 1)
	}
	if *c == (counts{}) {
		fmt.Fprintf(r.w, "%-4s %9s %s: no tests\n", verdict, "", shortPackage(e.Package))
	} else {
		fmt.Fprintf(r.w, "%-4s %7.1f s %s: %s\n", verdict, e.Elapsed, shortPackage(e.Package), c)
	}
	r.total.passed += c.passed
	r.total.failed += c.failed
	r.total.skipped += c.skipped
	delete(r.counts, e.Package)
}

// take returns what the test printed, and forgets it.
func (r *report) take(id testID) string {
	b := r.output[id]
	if b == nil {
		return ""
	}
	delete(r.output, id)
	return b.String()
}

// unfinished are the tests of a package that have begun and not ended.
func (r *report) unfinished(pkg string) []testID {
	var ids []testID
	for id := range r.output {
		if id.pkg == pkg && id.test != "" {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b testID) int { return strings.Compare(a.test, b.test) })
	return ids
}

func (r *report) printFailure(id testID) {
	fmt.Fprintf(r.w, "FAIL %s.%s\n", shortPackage(id.pkg), id.test)
	for line := range strings.Lines(r.take(id)) {
		if !isMark(line) {
			fmt.Fprint(r.w, "     ", line)
		}
	}
}

// finish prints what was not run, by reason, and the count as the last line. recorded are the lines
// of POLYSTORE_NOTRUN.
func (r *report) finish(recorded []string) {
	for _, line := range recorded {
		// What a skip says already is not said twice.
		if _, skip := r.skips["not run: "+line]; line != "" && !skip {
			r.skips["not run: "+line] = nil
		}
	}
	if len(r.skips) > 0 {
		fmt.Fprint(r.w, "\nWas not run, and why:\n")
	}
	for _, reason := range slices.Sorted(maps.Keys(r.skips)) {
		fmt.Fprintf(r.w, "- %s\n", strings.TrimPrefix(reason, "not run: "))
		if tests := r.skips[reason]; len(tests) > 0 {
			fmt.Fprintf(r.w, "  %d: %s\n", len(tests), strings.Join(tests, ", "))
		}
	}
	fmt.Fprintf(r.w, "\n%s\n", &r.total)
}

func (c *counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

func appendTo[K comparable](m map[K]*strings.Builder, k K, s string) {
	if m[k] == nil {
		m[k] = new(strings.Builder)
	}
	m[k].WriteString(s)
}

// isMark says whether the line is the test runner's and not the test's.
func isMark(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- SKIP: ") ||
		strings.HasPrefix(line, "--- FAIL: ")
}

// isVerdict says whether the line only repeats how a package ended.
func isVerdict(line string) bool {
	line = strings.TrimSpace(line)
	return line == "PASS" || line == "FAIL" || strings.HasPrefix(line, "FAIL\t") ||
		strings.HasPrefix(line, "exit status ")
}

var position = regexp.MustCompile(`^\s*\S+\.go:\d+: `)

// skipReason is what a skipped test said, on one line.
func skipReason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		if !isMark(line) {
			said = append(said, strings.TrimSpace(position.ReplaceAllString(line, "")))
		}
	}
	if len(said) == 0 {
		return "skipped without a reason"
	}
	return strings.Join(said, " ")
}

// shortPackage is the import path within the module.
func shortPackage(pkg string) string {
	const module = "github.com/polystore/storage"
	if pkg == module {
		return "."
	}
	return strings.TrimPrefix(pkg, module+"/")
}
