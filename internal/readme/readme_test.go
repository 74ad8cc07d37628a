// Package readme runs what README.md shows: a reader copies it as it stands, so it has to work as
// it stands.
package readme

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const module = "github.com/polystore/storage"

var root = filepath.Join("..", "..")

// block is a fenced block of the README, with the text block that follows it at once: its output.
type block struct {
	language string // "go", "sh", "text" or whatever stands behind the fence
	line     int    // of its first line, from 1
	text     string
	output   string
	hasText  bool // there is an output
}

// blocks are the fenced blocks of a document.
func blocks(document string) []block {
	var all []block
	var open *block
	follows := false // nothing but empty lines since the last block
	n := 0
	for line := range strings.Lines(document) {
		n++
		text := strings.TrimRight(line, "\r\n")
		switch {
		case open == nil && strings.HasPrefix(text, "```"):
			open = &block{language: strings.TrimPrefix(text, "```"), line: n + 1}
		case open == nil:
			follows = follows && strings.TrimSpace(text) == ""
		case text != "```":
			open.text += text + "\n"
		case open.language == "text" && follows:
			last := &all[len(all)-1]
			last.output, last.hasText = open.text, true
			open, follows = nil, false
		default:
			all = append(all, *open)
			open, follows = nil, true
		}
	}
	return all
}

func TestBlocks(t *testing.T) {
	got := blocks("# x\n```go\na\n\nb\n```\n\n```text\nout\n```\n\n" +
		"```text\nalone\n```\nwords\n```\nmake\n```\n")
	want := []block{
		{language: "go", line: 3, text: "a\n\nb\n", output: "out\n", hasText: true},
		{language: "text", line: 13, text: "alone\n"},
		{line: 17, text: "make\n"},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(block{})); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func readme(t *testing.T) string {
	t.Helper()
	document, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// A Go block is a program, or a piece of an example that is tested.
func TestGo(t *testing.T) {
	found := false
	for _, b := range blocks(readme(t)) {
		if b.language != "go" {
			continue
		}
		found = true
		if !isProgram(b.text) {
			if !inExamples(t, b.text) {
				t.Errorf("README.md:%d: neither a program nor in example_test.go or examples/:\n%s",
					b.line, b.text)
			}
			continue
		}
		if err := runProgram(t, b); err != nil {
			t.Errorf("README.md:%d: %v", b.line, err)
		}
	}
	if !found {
		t.Error("the README shows no Go")
	}
}

func isProgram(code string) bool {
	return regexp.MustCompile(`(?m)^package main$`).MatchString(code)
}

// inExamples says whether a source of the examples has the code, as it is or in the body of a
// function.
func inExamples(t *testing.T, code string) bool {
	t.Helper()
	names := []string{filepath.Join(root, "example_test.go")}
	add := func(name string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".go") {
			names = append(names, name)
		}
		return err
	}
	err := filepath.WalkDir(filepath.Join(root, "examples"), add)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if contains(string(source), code) {
			return true
		}
	}
	return false
}

// contains says whether code is whole lines of source, byte for byte, or with a tab before each
// line that is not empty.
func contains(source, code string) bool {
	code = strings.TrimSuffix(code, "\n")
	indented := regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(code, "\t$1")
	within := func(part string) bool { return strings.Contains("\n"+source, "\n"+part+"\n") }
	return within(code) || within(indented)
}

func TestContains(t *testing.T) {
	const source = "package p\n\nfunc f() {\n\ta()\n\n\tb()\n}\n"
	for code, want := range map[string]bool{
		"package p\n": true, "func f() {\n": true, "a()\n\nb()\n": true, "\ta()\n": true,
		"b()\n\na()\n": false, "func f()\n": false, "b(\n": false, "unc f() {\n": false,
		"a()\nb()\n": false,
	} {
		if got := contains(source, code); got != want {
			t.Errorf("contains(%q) = %v", code, got)
		}
	}
}
