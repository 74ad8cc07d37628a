package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// document is what docs/benchmarks.md is rendered from. It is kept beside that file, so that a run
// of some rows replaces their sections and no other.
type document struct {
	Versions []string   `json:"versions"` // of the run that wrote last
	Sections []*section `json:"sections"`
}

// dataPath is where the data of a Markdown file is.
func dataPath(markdown string) string {
	return strings.TrimSuffix(markdown, filepath.Ext(markdown)) + ".json"
}

// load reads the data of a Markdown file. A file that is missing has no sections. The section of a
// row that is no longer one is left out.
func load(markdown string) (*document, error) {
	d := new(document)
	text, err := os.ReadFile(dataPath(markdown))
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err == nil {
		err = json.Unmarshal(text, d)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dataPath(markdown), err)
	}
	all := d.Sections
	d.Sections = nil
	for _, s := range all {
		if i := slices.IndexFunc(rows, func(r row) bool { return r.name == s.Row }); i >= 0 {
			s.row = rows[i]
			d.put(s)
		}
	}
	return d, nil
}

// section returns that of a row, or nil.
func (d *document) section(row string) *section {
	for _, s := range d.Sections {
		if s.Row == row {
			return s
		}
	}
	return nil
}

// put adds a section in the order of the rows, in place of the one that its row has.
func (d *document) put(s *section) {
	place := func(s *section) int {
		return slices.IndexFunc(rows, func(r row) bool { return r.name == s.Row })
	}
	d.Sections = slices.DeleteFunc(d.Sections, func(o *section) bool { return o.Row == s.Row })
	d.Sections = append(d.Sections, s)
	slices.SortFunc(d.Sections, func(a, b *section) int { return place(a) - place(b) })
}

// save writes the Markdown file and its data.
func (d *document) save(markdown string) error {
	data, err := d.data()
	if err != nil {
		return err
	}
	if err := replace(dataPath(markdown), data); err != nil {
		return err
	}
	return replace(markdown, []byte(d.markdown()))
}

// data is JSON with one line for each row, so that a difference shows which rows were measured.
func (d *document) data() ([]byte, error) {
	var b bytes.Buffer
	head, err := json.Marshal(d.Versions)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, "{\"versions\": %s,\n\"sections\": [", head)
	for i, s := range d.Sections {
		line, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n%s", line)
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}

// replace writes a file at once: an end in its midst would lose what hours have measured.
func replace(path string, data []byte) error {
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
