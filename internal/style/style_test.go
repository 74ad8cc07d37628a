// Package style holds the tree to the rules of layout that gofmt leaves open.
package style

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	width    = 100
	tabWidth = 4
)

// Lines fit the window in which they are reviewed.
func TestLines(t *testing.T) {
	files := 0
	err := eachFile(filepath.Join("..", ".."), func(name string) error {
		if ext := filepath.Ext(name); ext != ".go" && ext != ".md" {
			return nil
		}
		files++
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, l := range long(name, string(text)) {
			t.Errorf("%s:%d: %d columns, at most %d:\n%s",
				name, l.number, l.columns, width, l.text)
		}
		return nil
	})
	if err != nil || files < 500 {
		t.Errorf("%d files: %v", files, err)
	}
}

// eachFile calls f for every file of the tree but for what tests are given.
func eachFile(root string, f func(name string) error) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return f(name)
		case name != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		}
		return nil
	})
}

type line struct {
	number, columns int
	text            string
}

// long returns the lines of a file that are too long. Tables of Markdown cannot be broken, and
// neither can a line that is one word, such as a URL. What a test quotes may stand on one line.
func long(name, text string) []line {
	table := filepath.Ext(name) == ".md"
	quotes := strings.HasSuffix(name, "_test.go")
	var all []line
	number := 0
	for l := range strings.Lines(text) {
		number++
		l = strings.TrimRight(l, "\r\n")
		n := columns(l)
		if n <= width || oneWord.MatchString(l) || table && strings.HasPrefix(l, "|") ||
			quotes && columns(quoted.ReplaceAllString(l, "")) < width/2 {
			continue
		}
		all = append(all, line{number, n, l})
	}
	return all
}

// oneWord is a line that cannot be broken: one word, perhaps after the mark of a comment or list.
var oneWord = regexp.MustCompile(`^\s*(//|-|\*|\d+\.)?\s*\S+$`)

// quoted is a string of Go, or the part of one that stands on this line.
var quoted = regexp.MustCompile("\"(\\\\.|[^\"\\\\])*\"|`[^`]*(`|$)|^<.*$")

// columns returns the width of a line on the screen.
func columns(l string) int {
	return utf8.RuneCountInString(l) + (tabWidth-1)*strings.Count(l, "\t")
}

func TestLong(t *testing.T) {
	url := "https://example.com/" + strings.Repeat("a", width)
	words := strings.Repeat("word ", width/5)
	for _, test := range []struct {
		name, file, text string
		want             []int // the numbers of the long lines
	}{
		{"fits", "a.md", words[:width] + "\n", nil},
		{"too long", "a.md", "\n" + words + "w\n", []int{2}},
		{"without a line break", "a.go", words + "w", []int{1}},
		{"letters, not bytes", "a.md", strings.Repeat("ä", width-1) + " \n", nil},
		{"a tab has four columns", "a.go", "\t" + words[:width-3] + "\n", []int{1}},
		{"carriage return", "a.md", words[:width] + "\r\n", nil},
		{"table", "a.md", "| " + words + "|\n", nil},
		{"no table in Go", "a.go", "| " + words + "|\n", []int{1}},
		{"URL", "a.md", url + "\n", nil},
		{"URL in a comment", "a.go", "\t// " + url + "\n", nil},
		{"URL in a list", "a.md", "- " + url + "\n", nil},
		{"URL among words", "a.md", "see " + url + "\n", []int{1}},
		{"quoted by a test", "a_test.go", "\tf(`" + words + "`, \"\\\"" + words + "\")", nil},
		{"quoted by code", "a.go", "\tf(`" + words + "`)", []int{1}},
		{"beside a quotation", "a_test.go", words[:width-4] + "+ `a b`", []int{1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []int
			for _, l := range long(test.file, test.text) {
				got = append(got, l.number)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("long lines: -want +got\n%s", d)
			}
		})
	}
}
