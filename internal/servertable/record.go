// Package servertable makes docs/servers.md: which server keeps which promise, from runs of the
// suite on real servers. Its tests hold the page against the records of the runs in testdata; with
// -update they make the runs on the servers at hand, and the page anew: make servers-table.
package servertable

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/polystore/storage/conformance"
)

// record is a run of the suite on a server.
type record struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Provider string    `json:"provider"` // what the URL says: "provider=ceph"
	Date     string    `json:"date"`
	Kept     int       `json:"kept"`
	Broken   int       `json:"broken"`
	Defects  int       `json:"defects"`
	Refused  int       `json:"unsupported"`
	NotRun   int       `json:"notRun"`
	Verdicts []verdict `json:"verdicts"`
	Notes    []note    `json:"notes"`
}

type verdict struct {
	Promise string `json:"promise"`
	Status  string `json:"status"`
}

// note is a check that was not kept, and why.
type note struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Reason string `json:"reason"`
}

// newRecord is what the page has of a report.
func newRecord(r *conformance.Report) *record {
	rec := &record{
		Kept:    r.Count(conformance.Kept),
		Broken:  r.Count(conformance.Broken),
		Defects: r.Count(conformance.Defect),
		Refused: r.Count(conformance.Unsupported),
		NotRun:  r.Count(conformance.NotRun),
	}
	for _, v := range r.Verdicts() {
		rec.Verdicts = append(rec.Verdicts, verdict{string(v.Feature), v.Status.String()})
	}
	for _, res := range r.Results {
		if res.Status != conformance.Broken && res.Status != conformance.Defect {
			continue
		}
		why := res.Reason
		if why == "" && res.Err != nil {
			why, _, _ = strings.Cut(res.Err.Error(), "\n")
		}
		rec.Notes = append(rec.Notes, note{res.Check, res.Status.String(), why})
	}
	return rec
}

func file(name string) string {
	return filepath.Join("testdata", strings.NewReplacer(" ", "-", ",", "").Replace(name)+".json")
}

// read returns the record of a server; nil if there is none.
func read(name string) (*record, error) {
	text, err := os.ReadFile(file(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rec := new(record)
	return rec, json.Unmarshal(text, rec)
}

func (r *record) write() error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file(r.Name), append(text, '\n'), 0o644)
}
