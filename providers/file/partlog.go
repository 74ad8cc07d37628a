package file

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"

	"github.com/polystore/storage"
)

// A partRecord is a line in the log of an upload's parts. Of the records of one number the last holds; one without an ETag
// says that the part is being written, so there is none.
type partRecord struct {
	Number int    `json:"n"`
	Offset int64  `json:"o"`
	Size   int64  `json:"s"`
	ETag   string `json:"e,omitempty"`
	CRC32C []byte `json:"c,omitempty"`
}

func (p partRecord) part() *storage.Part {
	return &storage.Part{Number: p.Number, Size: p.Size, ETag: p.ETag, Checksums: storage.Checksums{CRC32C: p.CRC32C}}
}

// logPart appends a record by one system call, which other writers do not come between. The line feed in front ends what a
// killed process may have left unfinished.
func (s *Store) logPart(dir string, p partRecord) error {
	f, err := s.root.OpenFile(join(dir, partsFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	line, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = f.Write(append(append([]byte("\n"), line...), '\n'))
	return err
}

// partLog returns the parts that are there, in order of number.
func (s *Store) partLog(dir string) ([]partRecord, error) {
	b, err := s.root.ReadFile(join(dir, partsFile))
	if err != nil {
		return nil, err
	}
	parts := make(map[int]partRecord)
	for line := range bytes.Lines(b) {
		var p partRecord
		if json.Unmarshal(line, &p) != nil || p.Number < 1 {
			continue
		}
		if p.ETag == "" {
			delete(parts, p.Number)
		} else {
			parts[p.Number] = p
		}
	}
	return slices.SortedFunc(maps.Values(parts), func(a, b partRecord) int { return a.Number - b.Number }), nil
}
