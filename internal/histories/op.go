package histories

import (
	"fmt"
	"math"
)

// The kinds of operations.
const (
	Put      = "put"      // without a condition
	Create   = "create"   // IfAbsent
	Swap     = "swap"     // IfMatch
	Delete   = "delete"   // without a condition
	DeleteIf = "deleteIf" // IfMatch
	Copy     = "copy"     // onto Key, from Source at the version Want
	Get      = "get"
	Stat     = "stat"
	List     = "list"
)

// How operations end.
const (
	Done    = "done"    // the write happened; the read saw what stands in Saw
	Refused = "refused" // a condition did not hold
	Missing = "missing" // of a Copy: there is no source
	Unknown = "unknown" // nobody knows; also where the process was killed
	Failed  = "failed"  // it did not happen
)

// never is the time at which a call returns whose effect can come at any time.
const never = math.MaxInt64

// A Version is what a key holds. The zero value is no object.
type Version struct {
	ID      string `json:"id,omitempty"`      // no two writes of a history have the same
	Content string `json:"content,omitempty"` // the ID of the Put that first wrote these bytes
	ETag    string `json:"etag,omitempty"`    // "" where it is not known
}

// An Op is one operation of one client.
type Op struct {
	N      int    `json:"n"`      // of the history
	Client int    `json:"client"` // from 0 on
	Kind   string `json:"kind"`
	Key    string `json:"key"`              // the destination of a Copy; the prefix of a List
	Source string `json:"source,omitempty"` // of a Copy

	Makes Version `json:"makes,omitzero"`  // what a write makes
	Want  Version `json:"want,omitzero"`   // what the condition names
	Parts bool    `json:"parts,omitempty"` // the write is larger than a part

	Call    int64             `json:"call"`   // nanoseconds since some moment
	Return  int64             `json:"return"` // 0: it did not return
	Outcome string            `json:"outcome,omitempty"`
	Saw     Version           `json:"saw,omitzero"`     // by a Get or a Stat
	Listed  map[string]string `json:"listed,omitempty"` // key to ETag, by a List
	Err     string            `json:"err,omitempty"`

	// Landed are the requests of a write that were carried out; nil also where nobody counts them.
	Landed []Landing `json:"landed,omitempty"`
}

// A Landing is a request of a write that was carried out.
type Landing struct {
	ETag   string `json:"etag,omitempty"` // that came of it; "" where it has none, or nobody knows
	Call   int64  `json:"call"`           // of the request, by the clock of its Op
	Return int64  `json:"return"`
	Doubt  bool   `json:"doubt,omitempty"` // nobody knows whether it was carried out, or will be
}

// lasts is when the last request of the operation was carried out.
func (o *Op) lasts() int64 {
	last := o.Return
	for _, l := range o.Landed {
		last = max(last, l.Return)
		if l.Doubt {
			return never
		}
	}
	if o.Outcome == Unknown {
		return never
	}
	return last
}

func (o *Op) String() string {
	s := fmt.Sprintf("%d: client %d %s %s", o.N, o.Client, o.Kind, o.Key)
	if o.Source != "" {
		s += " from " + o.Source
	}
	if o.Makes.ID != "" {
		s += " makes " + o.Makes.ID
	}
	if o.Want.ID != "" {
		s += " wants " + o.Want.ID + " " + o.Want.ETag
	}
	s += fmt.Sprintf(" [%d, %d] %s", o.Call/1000, o.Return/1000, o.Outcome)
	switch o.Kind {
	case Get, Stat:
		s += fmt.Sprintf(" saw %q %s", o.Saw.ID, o.Saw.ETag)
	case List:
		s += fmt.Sprintf(" listed %v", o.Listed)
	}
	if len(o.Landed) > 0 {
		s += " landed"
		for _, l := range o.Landed {
			s += fmt.Sprintf(" %q [%d, %d]", l.ETag, l.Call/1000, l.Return/1000)
		}
	}
	if o.Err != "" {
		s += " error " + o.Err
	}
	return s
}
