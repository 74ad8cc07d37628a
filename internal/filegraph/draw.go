package filegraph

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const width = 100 // columns

// Draw is the graph as text: a paragraph for each layer, the lowest first, and a line for each file
// with what it refers to. The files of cycles come last, a paragraph for each cycle.
func (g Graph) Draw() string {
	cycles := g.Cycles()
	cyclic := slices.Concat(cycles...)
	var paragraphs []string
	for _, layer := range g.layers() {
		layer = slices.DeleteFunc(layer, func(file string) bool {
			return slices.Contains(cyclic,
				file)
		})
		if len(layer) > 0 { // else it is cycles alone
			paragraphs = append(paragraphs, g.lines(layer))
		}
	}
	for i, cycle := range cycles {
		title := wrap(fmt.Sprintf("cycle %d:", i+1), cycle)
		paragraphs = append(paragraphs, title+g.lines(cycle))
	}
	return strings.Join(paragraphs, "\n")
}

// lines has the files that refer to none in one line.
func (g Graph) lines(files []string) string {
	var b strings.Builder
	var alone []string
	for _, file := range files {
		if len(g[file]) == 0 {
			alone = append(alone, file)
			continue
		}
		b.WriteString(wrap(file+": refers to", slices.Sorted(maps.Keys(g[file]))))
	}
	if len(alone) > 0 {
		b.WriteString(wrap("refer to no other:", alone))
	}
	return b.String()
}

// wrap puts the words behind the head, on lines of at most width.
func wrap(head string, words []string) string {
	var b strings.Builder
	line := head
	for _, word := range words {
		if len(line)+1+len(word) > width {
			fmt.Fprintln(&b, line)
			line = "   "
		}
		line += " " + word
	}
	fmt.Fprintln(&b, line)
	return b.String()
}

// replace puts text between the two marks of a document.
func replace(document, begin, end, text string) (string, error) {
	before, rest, ok := strings.Cut(document, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("no %s … %s", begin, end)
	}
	return before + begin + "\n" + text + end + after, nil
}
