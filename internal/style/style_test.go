// Package style holds the tree to the rules of layout that gofmt leaves open.
package style

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// checked are the files whose lines have at most width columns, as patterns from the root of the
// tree. Add a directory here once its lines are short enough.
var checked = []string{
	"*.go", "*.md", "docs/*.md",
	"internal/style/*.go",
}

// sources are patterns like those of checked, of directories whose tests may still have longer
// lines. Move a pattern to checked once the tests are short enough, too.
var sources = []string{
	"providers/*/*.go",
	"driver/*.go", "driver/httpdriver/*.go",
	"gocdk/*.go",
	"cmd/polystore/*.go",
	"examples/*/*.go",
}

const (
	width    = 100
	tabWidth = 4
)

// Lines fit the window in which they are reviewed.
func TestLines(t *testing.T) {
	for i, pattern := range slices.Concat(checked, sources) {
		names, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Errorf("%s: no such files (%v)", pattern, err)
		}
		for _, name := range names {
			if i >= len(checked) && strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range long(filepath.Ext(name), string(text)) {
				t.Errorf("%s:%d: %d columns, at most %d:\n%s",
					filepath.Base(name), l.number, l.columns, width, l.text)
			}
		}
	}
}

type line struct {
	number, columns int
	text            string
}

// long returns the lines of a file that are too long. Tables of Markdown cannot be broken, and
// neither can a line that is one word, such as a URL.
func long(ext, text string) []line {
	var all []line
	number := 0
	for l := range strings.Lines(text) {
		number++
		l = strings.TrimRight(l, "\r\n")
		n := columns(l)
		if n <= width || oneWord.MatchString(l) || ext == ".md" && strings.HasPrefix(l, "|") {
			continue
		}
		all = append(all, line{number, n, l})
	}
	return all
}

// oneWord is a line that cannot be broken: one word, perhaps after the mark of a comment or list.
var oneWord = regexp.MustCompile(`^\s*(//|-|\*|\d+\.)?\s*\S+$`)

// columns returns the width of a line on the screen.
func columns(l string) int {
	return utf8.RuneCountInString(l) + (tabWidth-1)*strings.Count(l, "\t")
}

func TestLong(t *testing.T) {
	url := "https://example.com/" + strings.Repeat("a", width)
	words := strings.Repeat("word ", width/5)
	for _, test := range []struct {
		name, ext, text string
		want            []int // the numbers of the long lines
	}{
		{"fits", ".md", words[:width] + "\n", nil},
		{"too long", ".md", "\n" + words + "w\n", []int{2}},
		{"without a line break", ".go", words + "w", []int{1}},
		{"letters, not bytes", ".md", strings.Repeat("ä", width-1) + " \n", nil},
		{"a tab has four columns", ".go", "\t" + words[:width-3] + "\n", []int{1}},
		{"carriage return", ".md", words[:width] + "\r\n", nil},
		{"table", ".md", "| " + words + "|\n", nil},
		{"no table in Go", ".go", "| " + words + "|\n", []int{1}},
		{"URL", ".md", url + "\n", nil},
		{"URL in a comment", ".go", "\t// " + url + "\n", nil},
		{"URL in a list", ".md", "- " + url + "\n", nil},
		{"URL among words", ".md", "see " + url + "\n", []int{1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []int
			for _, l := range long(test.ext, test.text) {
				got = append(got, l.number)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("long lines: -want +got\n%s", d)
			}
		})
	}
}
