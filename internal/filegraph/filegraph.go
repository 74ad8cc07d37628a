// Package filegraph finds which files of a package refer to which others. The compiler does not
// care in which file a name stands; a reader does: files that all refer to each other can only be
// read at once.
package filegraph

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/polystore/storage/internal/exportdata"
)

// Graph is which files a file refers to, both without ".go". Every file is a key.
type Graph map[string]map[string]bool

// New type-checks the package p, without its tests. listed are the packages that it needs. A file
// refers to another if it uses a name that is declared there: a type, function, variable or
// constant, a method or a field.
func New(p exportdata.Package, listed []exportdata.Package) (Graph, error) {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, 0)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: exportdata.Importer(fset, listed)}
	if _, err := config.Check(p.ImportPath, fset, files, info); err != nil {
		return nil, err
	}
	return graph(fset, files, info), nil
}

func graph(fset *token.FileSet, files []*ast.File, info *types.Info) Graph {
	g := make(Graph)
	// An object of another package has a position in a file that is none of ours, or none at all.
	names := make(map[string]string)
	for _, f := range files {
		path := fset.Position(f.FileStart).Filename
		names[path] = strings.TrimSuffix(filepath.Base(path), ".go")
		g[names[path]] = make(map[string]bool)
	}
	for ident, obj := range info.Uses {
		from := names[fset.Position(ident.Pos()).Filename]
		to := names[fset.Position(obj.Pos()).Filename]
		if to != "" && to != from {
			g[from][to] = true
		}
	}
	return g
}

// Cycles are the sets of files each of which refers to all others of its set, if through others;
// sorted.
func (g Graph) Cycles() [][]string {
	var cycles [][]string
	seen := make(map[string]bool)
	reach := make(map[string]map[string]bool)
	for file := range g {
		reach[file] = make(map[string]bool)
		g.walk(file, reach[file])
	}
	for _, file := range g.files() {
		if seen[file] || !reach[file][file] {
			continue
		}
		var cycle []string
		for _, other := range g.files() {
			if reach[file][other] && reach[other][file] {
				cycle = append(cycle, other)
				seen[other] = true
			}
		}
		cycles = append(cycles, cycle)
	}
	return cycles
}

// walk adds to reached what file refers to, also through others.
func (g Graph) walk(file string, reached map[string]bool) {
	for to := range g[file] {
		if !reached[to] {
			reached[to] = true
			g.walk(to, reached)
		}
	}
}

func (g Graph) files() []string { return slices.Sorted(maps.Keys(g)) }

// layers are the files by their height: the first refer to no other, those of the next to the ones
// below alone. A cycle counts as one file.
func (g Graph) layers() [][]string {
	heights := make(map[string]int)
	cycleOf := make(map[string][]string)
	for _, cycle := range g.Cycles() {
		for _, file := range cycle {
			cycleOf[file] = cycle
		}
	}
	var height func(file string) int
	height = func(file string) int {
		if h, ok := heights[file]; ok {
			return h
		}
		same := cycleOf[file]
		if same == nil {
			same = []string{file}
		}
		h := 0
		for _, member := range same {
			for to := range g[member] {
				if !slices.Contains(same, to) {
					h = max(h, height(to)+1)
				}
			}
		}
		for _, member := range same {
			heights[member] = h
		}
		return h
	}
	var layers [][]string
	for _, file := range g.files() {
		for h := height(file); h >= len(layers); {
			layers = append(layers, nil)
		}
		layers[heights[file]] = append(layers[heights[file]], file)
	}
	return layers
}
