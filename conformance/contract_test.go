package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A section is what docs/contract.md says of one rule.
type section struct {
	name     string   // as checks begin: "rule 7", "SignURL"
	patterns []string // of the names of checks, as package path has them
	tests    []string // "package: TestName", where no check can hold the rule
}

const checkedBy = "**Checked by:**"

var (
	headingLine = regexp.MustCompile(`(?m)^#+ (.*)$`)
	ownLink     = regexp.MustCompile(`\]\((#[^)]*)\)`)
	ruleHeading = regexp.MustCompile(`^Rule ([1-9][0-9]*)$`)
	ruleLine    = regexp.MustCompile(`^\*\*[^*].*[^*]\*\*$`)
	codeSpan    = regexp.MustCompile("`([^`]*)`")
	checkName   = regexp.MustCompile(`^[a-z]+/[a-z0-9*-]+$`)
	testName    = regexp.MustCompile(`^[a-z0-9/]+: Test[A-Za-z0-9]+$`)
)

// parseContract reads the sections of the document that have a rule: those that are called Rule
// and a number, and those that say by what they are checked.
func parseContract(document string) ([]section, error) {
	var sections []section
	var errs []error
	for i, text := range strings.Split("\n"+document, "\n## ") {
		heading, body, _ := strings.Cut(text, "\n")
		numbered := strings.HasPrefix(heading, "Rule")
		if i == 0 || !numbered && !strings.Contains(body, checkedBy) {
			continue
		}
		s := section{name: heading}
		if numbered {
			m := ruleHeading.FindStringSubmatch(heading)
			if m == nil {
				errs = append(errs, fmt.Errorf("heading %q: want Rule and a number", heading))
				continue
			}
			s.name = "rule " + m[1]
		}
		errs = append(errs, s.parse(body))
		sections = append(sections, s)
	}
	return sections, errors.Join(append(errs, brokenLinks(document))...)
}

// brokenLinks are the links of the document to a heading that it does not have.
func brokenLinks(document string) error {
	anchors := make(map[string]bool)
	for _, m := range headingLine.FindAllStringSubmatch(document, -1) {
		anchors["#"+strings.ReplaceAll(strings.ToLower(m[1]), " ", "-")] = true
	}
	var errs []error
	for _, m := range ownLink.FindAllStringSubmatch(document, -1) {
		if !anchors[m[1]] {
			errs = append(errs, fmt.Errorf("nothing is at %s", m[1]))
		}
	}
	return errors.Join(errs...)
}

// parse reads the sentence of the rule, and by what it is checked.
func (s *section) parse(body string) error {
	paragraphs := strings.Split(strings.Trim(body, "\n"), "\n\n")
	var errs []error
	if !ruleLine.MatchString(paragraphs[0]) {
		errs = append(errs, fmt.Errorf("%s: it does not begin with a bold line", s.name))
	}
	if !strings.Contains(body, "\n**Why.**") {
		errs = append(errs, fmt.Errorf("%s: it has no reason", s.name))
	}
	if n := strings.Count(body, checkedBy); n != 1 {
		errs = append(errs, fmt.Errorf("%s: it says %d times by what it is checked", s.name, n))
	}
	for _, p := range paragraphs {
		list, ok := strings.CutPrefix(p, checkedBy)
		if !ok {
			continue
		}
		for _, m := range codeSpan.FindAllStringSubmatch(strings.ReplaceAll(list, "\n", " "), -1) {
			switch {
			case checkName.MatchString(m[1]):
				s.patterns = append(s.patterns, m[1])
			case testName.MatchString(m[1]):
				s.tests = append(s.tests, m[1])
			default:
				errs = append(errs,
					fmt.Errorf("%s: %q names neither checks nor a test", s.name, m[1]))
			}
		}
	}
	if len(s.patterns)+len(s.tests) == 0 {
		errs = append(errs, fmt.Errorf("%s: nothing checks it", s.name))
	}
	return errors.Join(errs...)
}

// judgeContract holds sections and checks against each other. exists reports whether there is a
// test with that name.
func judgeContract(sections []section, checks []check, exists func(test string) bool) error {
	var errs []error
	number := 0
	seen := make(map[string]bool)
	for _, s := range sections {
		if seen[s.name] {
			errs = append(errs, fmt.Errorf("%s: there are two of it", s.name))
		}
		seen[s.name] = true
		if digits, ok := strings.CutPrefix(s.name, "rule "); ok {
			if number++; digits != strconv.Itoa(number) {
				errs = append(errs, fmt.Errorf("%s: want rule %d next", s.name, number))
			}
		}
		for _, p := range s.patterns {
			if !slices.ContainsFunc(checks, func(c check) bool { return named(p, c.name) }) {
				errs = append(errs, fmt.Errorf("%s: no check is called %s", s.name, p))
			}
		}
		for _, t := range s.tests {
			if !exists(t) {
				errs = append(errs, fmt.Errorf("%s: there is no test %s", s.name, t))
			}
		}
	}
	for _, c := range checks {
		rule := c.ruleNumber()
		if !seen[rule] {
			errs = append(errs, fmt.Errorf("check %s: the contract has no %s", c.name, rule))
		}
		var under []string
		for _, s := range sections {
			if slices.ContainsFunc(s.patterns, func(p string) bool { return named(p, c.name) }) {
				under = append(under, s.name)
			}
		}
		if !slices.Equal(under, []string{rule}) {
			errs = append(errs, fmt.Errorf("check %s of %s is named under %q", c.name, rule, under))
		}
	}
	return errors.Join(errs...)
}

func named(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// testIn reports whether a package of this module has a test: "providers/s3: TestX"; the root
// package is called storage.
func testIn(root, test string) (bool, error) {
	dir, name, _ := strings.Cut(test, ": ")
	if dir == "storage" {
		dir = "."
	}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		return false, err
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return false, err
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == name {
				return true, nil
			}
		}
	}
	return false, nil
}

// TestContract holds docs/contract.md and the table of checks against each other.
func TestContract(t *testing.T) {
	document, err := os.ReadFile("../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	sections, err := parseContract(string(document))
	if err != nil {
		t.Error(err)
	}
	err = judgeContract(sections, table(), func(test string) bool {
		found, err := testIn("..", test)
		if err != nil {
			t.Error(err)
		}
		return found
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d rules, %d checks", len(sections), len(table()))
}

// ruleSection is a section of a document as it should be.
func ruleSection(heading, checks string) string {
	return "## " + heading + "\n\n**A sentence.**\n\nMore.\n\n**Why.** For a reason.\n\n" +
		checkedBy + " " + checks + "\n"
}

// TestContractFails shows that TestContract can fail, in each of the ways in which a document can
// be wrong.
func TestContractFails(t *testing.T) {
	checks := []check{
		{name: "a/one", rule: "rule 1: one"},
		{name: "a/one-more", rule: "rule 1: one"},
		{name: "b/two", rule: "rule 2: two"},
		{name: "c/url", rule: "SignURL: a URL"},
	}
	one, two := ruleSection("Rule 1", "`a/one*`."), ruleSection("Rule 2", "`b/two`.")
	sign := ruleSection("SignURL", "`c/url`.")
	rest := two + sign
	plain := "# Title\n\n## How to read this\n\nText with `a/one`.\n\n"
	for name, tc := range map[string]struct {
		document string
		want     string // empty: nothing is wrong
	}{
		"sound": {plain + one + rest, ""},
		"two lines": {
			ruleSection("Rule 1", "`a/one`,\n`a/one-more`, `storage: TestThere`.") + rest,
			"",
		},
		"a rule by a test": {
			one + two + ruleSection("Rule 3", "`x/y: TestThere`.") + sign,
			"",
		},

		"no number": {
			ruleSection("Rule one", "`a/one*`.") + rest,
			"want Rule and a number",
		},
		"a number and more": {
			ruleSection("Rule 1: atomic", "`a/one*`.") + rest,
			"want Rule and a number",
		},
		"no sentence": {
			strings.Replace(one, "**A sentence.**", "A sentence.", 1) + rest,
			"bold line",
		},
		"a long sentence": {
			strings.Replace(one, "A sentence.", "A\nsentence.", 1) + rest,
			"bold line",
		},
		"no reason": {
			strings.Replace(one, "**Why.**", "Why.", 1) + rest,
			"no reason",
		},
		"unchecked": {
			strings.Replace(one, checkedBy, "By", 1) + rest,
			"says 0 times",
		},
		"checked twice": {
			one + "\n" + checkedBy + " `a/one`.\n" + rest,
			"says 2 times",
		},
		"checked by nothing": {
			ruleSection("Rule 1", "hope.") + rest,
			"nothing checks it",
		},
		"an odd name": {
			ruleSection("Rule 1", "`a/one*`, `TestThere`.") + rest,
			"neither checks nor a test",
		},
		"a gap": {
			one + ruleSection("Rule 3", "`b/two`.") + sign,
			"want rule 2 next",
		},
		"out of order": {two + one + sign, "want rule 1 next"},
		"twice": {
			one + ruleSection("Rule 1", "`a/one`.") + rest,
			"two of it",
		},
		"no such check": {
			ruleSection("Rule 1", "`a/one*`, `a/three`.") + rest,
			"no check is called a/three",
		},
		"no such test": {
			ruleSection("Rule 1", "`a/one*`, `x/y: TestGone`.") + rest,
			"no test x/y: TestGone",
		},
		"a missing rule": {
			one + sign,
			"the contract has no rule 2",
		},
		"a missing name": {
			one + two,
			"the contract has no SignURL",
		},
		"a forgotten check": {
			ruleSection("Rule 1", "`a/one`.") + rest,
			"a/one-more of rule 1 is named under []",
		},
		"a stranger's check": {
			one + ruleSection("Rule 2", "`b/two`, `a/one`.") + sign,
			`under ["rule 1" "rule 2"]`,
		},
		"under another rule": {
			ruleSection("Rule 1", "`a/one*`, `b/two`.") +
				ruleSection("Rule 2", "`x/y: TestThere`.") + sign,
			`b/two of rule 2 is named under ["rule 1"]`,
		},
		"a good link":   {"[x](#rule-2) [y](#signurl)\n\n" + one + rest, ""},
		"a broken link": {"[x](#rule-3)\n\n" + one + rest, "nothing is at #rule-3"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			sections, err := parseContract(tc.document)
			err = errors.Join(err, judgeContract(sections, checks, func(test string) bool {
				return strings.HasSuffix(test, ": TestThere")
			}))
			text := cmp.Or(err, errors.New("")).Error()
			if tc.want == "" && err != nil || !strings.Contains(text, tc.want) {
				t.Errorf("found %q, want %q", text, tc.want)
			}
		})
	}
}

// TestTestIn finds this test, and no others.
func TestTestIn(t *testing.T) {
	for test, want := range map[string]bool{
		"conformance: TestTestIn":     true,
		"conformance: TestNowhere":    false,
		"conformance: Test":           false, // it is no test, and in no test file
		"storage: TestErrorIs":        true,
		"storage: TestTestIn":         false,
		"no/such/package: TestTestIn": false,
	} {
		if got, err := testIn("..", test); got != want || err != nil {
			t.Errorf("testIn(%q) = %v, %v, want %v", test, got, err, want)
		}
	}
}
