package file

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"sort"

	"github.com/polystore/storage"
)

// A partRecord is a line in the log of an upload's parts. Of the records of one number the last
// holds; one without an ETag says that the part is being written, so there is none, and one with
// the number 0 that everything from Offset on was cut off.
//
// An attempt at a part has a record before it writes and one behind, also where it failed. Of
// attempts at the same bytes that were under way at once, each may have written over the other,
// whichever is last.
type partRecord struct {
	Number int    `json:"n"`
	Offset int64  `json:"o"`
	Size   int64  `json:"s"`
	Next   string `json:"x,omitempty"` // the ETag that it gets when it is written
	Failed bool   `json:"f,omitempty"` // it does not get it
	ETag   string `json:"e,omitempty"`
	CRC32C []byte `json:"c,omitempty"`

	lost   bool // another part was written over it
	shared bool // attempts at its bytes were under way at once: CRC32C may not be theirs
}

func (p *partRecord) part() *storage.Part {
	return &storage.Part{
		Number: p.Number, Size: p.Size, ETag: p.ETag,
		Checksums: storage.Checksums{CRC32C: p.CRC32C},
	}
}

// logPart appends a record by one system call, which other writers do not come between. The line
// feed in front ends what a killed process may have left unfinished.
//
// The record of a change to come is on disk before the change, where data, which is nil otherwise,
// has bytes of an older part. Whether it has is looked at last: an attempt that has written until
// then, and ends later, has the record of its end behind this one.
func (s *Store) logPart(dir string, p *partRecord, data *os.File) error {
	f, err := s.root.OpenFile(join(dir, partsFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	line, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if _, err = f.Write(append(append([]byte("\n"), line...), '\n')); err != nil || data == nil {
		return err
	}
	fi, err := data.Stat()
	if err == nil && fi.Size() > p.Offset {
		err = s.syncFile(f)
	}
	return err
}

// partLog returns the parts that are there, in order of number.
func (s *Store) partLog(dir string) ([]*partRecord, error) {
	b, err := s.root.ReadFile(join(dir, partsFile))
	if err != nil {
		return nil, err
	}
	parts := make(map[int]*partRecord)
	var spans []*partRecord // what was last written where, in order of offset
	var open attempts
	for line := range bytes.Lines(b) {
		p := new(partRecord)
		if json.Unmarshal(line, p) != nil {
			continue
		}
		if open.note(p); p.Failed {
			continue
		}
		i, j := overlapping(spans, p)
		for _, old := range spans[i:j] {
			old.lost = true
			if p.Number == 0 && parts[old.Number] == old {
				delete(parts, old.Number)
			}
		}
		if p.Size > 0 {
			spans = slices.Replace(spans, i, j, p)
		}
		if delete(parts, p.Number); p.ETag != "" {
			parts[p.Number] = p
		}
	}
	byNumber := func(a, b *partRecord) int { return a.Number - b.Number }
	return slices.SortedFunc(maps.Values(parts), byNumber), nil
}

// attempts are those that have begun and not ended, as far as a log is read. It does not tell when
// one has stopped that was killed: such a one counts as under way until a completion, which waits
// for all of them, cuts something off.
type attempts []*partRecord

// note takes a record, and marks it if its attempt shared its bytes with another.
func (a *attempts) note(p *partRecord) {
	switch {
	case p.Number == 0:
		*a = nil
	case p.Failed:
		*a = slices.DeleteFunc(*a, func(begun *partRecord) bool { return begun.Next == p.Next })
	case p.ETag == "":
		for _, other := range *a {
			if p.Offset < other.Offset+other.Size && other.Offset < p.Offset+p.Size {
				p.shared, other.shared = true, true
			}
		}
		*a = append(*a, p)
	default:
		i := slices.IndexFunc(*a, func(begun *partRecord) bool { return begun.Next == p.ETag })
		if i < 0 {
			p.shared = true // the log has lost its beginning
			return
		}
		p.shared = (*a)[i].shared
		*a = slices.Delete(*a, i, i+1)
	}
}

// overlapping returns where those of spans are that have bytes of p. No two of spans have the same.
func overlapping(spans []*partRecord, p *partRecord) (from, to int) {
	from = sort.Search(len(spans), func(i int) bool {
		return spans[i].Offset+spans[i].Size > p.Offset
	})
	if p.Size == 0 {
		return from, from
	}
	return from, sort.Search(len(spans), func(i int) bool {
		return spans[i].Offset >= p.Offset+p.Size
	})
}
