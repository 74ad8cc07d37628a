package planted

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the table of docs/reliability.md from the list")

// page is where readers find the list.
var page = filepath.Join("..", "..", "docs", "reliability.md")

const (
	section   = "\n## Planted defects\n"
	tableHead = "| layer | defect | caught by |\n|---|---|---|\n"
)

// written is the page with the table and the number of the list in the section of defects.
func written(text []byte, all []defect) ([]byte, error) {
	before, rest, found := bytes.Cut(text, []byte(section))
	if !found {
		return nil, fmt.Errorf("no %q", section)
	}
	intro, rest, found := bytes.Cut(rest, []byte("| layer |"))
	if !found {
		return nil, fmt.Errorf("no table below %q", section)
	}
	_, after, _ := bytes.Cut(rest, []byte("\n\n"))
	_, counted, found := bytes.Cut(intro, []byte("All "))
	if !found {
		return nil, fmt.Errorf("no number of defects below %q", section)
	}
	_, counted, _ = bytes.Cut(counted, []byte(" "))
	said, _, _ := bytes.Cut(intro, []byte("All "))
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%s%sAll %d %s%s", before, section, said, len(all), counted, tableHead)
	for _, d := range all {
		fmt.Fprintf(&b, "| %s | %s | `%s` of `%s` |\n", d.layer, d.what, d.test, d.pkg)
	}
	fmt.Fprintf(&b, "\n%s", after)
	return b.Bytes(), nil
}

// docs/reliability.md has each defect of the list, and no other.
func TestTable(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want, err := written(text, defects)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	lines := func(b []byte) []string { return strings.Split(string(b), "\n") }
	if diff := cmp.Diff(lines(want), lines(text)); diff != "" {
		t.Errorf("%s is out of date: go test ./internal/planted -run TestTable -update\n%s", page,
			diff)
	}
}

// A page that lacks a defect, has one that is not there, or counts others is written anew.
func TestTableIsHeld(t *testing.T) {
	all := []defect{
		{layer: "a", what: "one", test: "TestA", pkg: "."},
		{layer: "b", what: "two", test: "TestB", pkg: "./b"},
	}
	const text = "# Page\n\n## Planted defects\n\nEach. All 2 were caught.\n\n" + tableHead +
		"| a | one | `TestA` of `.` |\n| b | two | `TestB` of `./b` |\n\n## Next\n\nAll 9 |\n"
	for name, of := range map[string]string{
		"right":     text,
		"one less":  strings.Replace(text, "| a | one | `TestA` of `.` |\n", "", 1),
		"one more":  strings.Replace(text, "| b |", "| c | x | `TestC` of `.` |\n| b |", 1),
		"the count": strings.Replace(text, "All 2", "All 18", 1),
		"a test":    strings.Replace(text, "TestB", "TestC", 1),
	} {
		got, err := written([]byte(of), all)
		if err != nil || string(got) != text {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	for _, of := range []string{"", section, section + tableHead} {
		if got, err := written([]byte(of), all); err == nil {
			t.Errorf("%q: %q, and no error", of, got)
		}
	}
}

// names are the tests of a tree, by the names that go test -run knows.
func names(tree fs.FS) (tests []string, err error) {
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	return tests, fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(tree, path)
		for _, m := range function.FindAllSubmatch(text, -1) {
			tests = append(tests, string(m[1]))
		}
		return err
	})
}

// strangers are what a page calls tests, and no test begins with it.
func strangers(text string, tests []string) (none []string) {
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w*`).FindAllString(text, -1) {
		if !slices.ContainsFunc(tests, func(t string) bool { return strings.HasPrefix(t, name) }) {
			none = append(none, name)
		}
	}
	return none
}

// Each test that docs/reliability.md names is there.
func TestPageNamesTests(t *testing.T) {
	tests, err := names(os.DirFS(filepath.Join("..", "..")))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strangers(string(text), tests) {
		t.Errorf("%s names %s, which there is not", page, name)
	}
	if got := strangers("`TestPage`, `TestPaper` and -run 'TestTa'", tests); len(got) != 1 {
		t.Errorf("of three names, strangers are %q", got)
	}
}
