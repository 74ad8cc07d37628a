package histories

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// A step is what one operation does to one key at one instant.
type step struct {
	n       int // of the Op
	kind    stepKind
	cond    string // Create, Swap or "": none
	want    Version
	makes   Version // of a write: the zero Version is a Delete
	outcome string
}

type stepKind int

const (
	reads  stepKind = iota // the key holds want
	lists                  // the key has an object with the ETag of want
	tests                  // the condition holds, or not; nothing changes
	writes                 // the condition holds and the key then holds makes, or it does not
)

// judge turns operations into steps.
type judge struct {
	h      *History
	byETag map[string]Version
}

func newJudge(h *History) *judge {
	j := &judge{h, make(map[string]Version)}
	learn := func(v Version) {
		if v.ETag != "" && v.ID != "" {
			j.byETag[v.ETag] = v
		}
	}
	for _, o := range h.Ops {
		learn(o.Saw)
	}
	for _, v := range h.Initial {
		learn(v)
	}
	for _, o := range h.Ops { // who wrote knows better than who read
		learn(o.Makes)
		for _, etag := range o.Landed {
			learn(Version{o.Makes.ID, o.Makes.Content, etag})
		}
	}
	return j
}

// listed is the version that a list shows by its ETag alone.
func (j *judge) listed(etag string) Version {
	if v, ok := j.byETag[etag]; ok || known(etag) == "" {
		return v
	}
	return Version{ETag: etag}
}

// same reports whether the ETag of v names the state.
func (j *judge) same(state, v Version) bool {
	switch {
	case state.ETag != "" && v.ETag != "":
		return state.ETag == v.ETag
	// an ETag that no other step shows can be that of a write of which it is unknown
	case v.ID == "":
		return true
	case j.h.ContentETags:
		return state.Content == v.Content
	}
	return state.ID == v.ID
}

// model is how a key behaves.
func (j *judge) model(key string) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return j.h.Initial[key] },
		Step: func(state, input, _ any) (bool, any) {
			return j.apply(state.(Version), input.(step))
		},
		DescribeOperation: func(input, _ any) string { return j.h.Ops[input.(step).n].String() },
		DescribeState:     func(state any) string { return state.(Version).ID },
	}
}

// apply reports whether the step can happen in a state, and what the state is then.
func (j *judge) apply(state Version, s step) (bool, Version) {
	there := state != Version{}
	switch s.kind {
	case reads:
		fits := state.ID == s.want.ID && state.Content == s.want.Content
		return fits && (state.ID == "" || j.same(state, s.want)), state
	case lists:
		return there && (s.want == Version{} || j.same(state, s.want)), state
	}
	holds := true
	switch s.cond {
	case Create:
		holds = !there
	case Swap:
		holds = there && j.same(state, s.want)
	}
	switch {
	case s.outcome == Done && !holds, s.outcome == Refused && holds:
		return false, state
	case s.kind == tests, !holds:
		return true, state
	}
	return true, s.makes
}

// steps are those of one key. They count in r what is special.
func (j *judge) steps(key string, r *Report) ([]porcupine.Operation, error) {
	var all []porcupine.Operation
	add := func(o *Op, s step) {
		s.n = o.N
		op := porcupine.Operation{ClientId: o.Client, Input: s, Call: o.Call, Return: o.Return}
		if s.outcome == Unknown {
			op.Return = never
		}
		all = append(all, op)
	}
	for _, o := range j.h.Ops {
		switch {
		case o.Kind == List:
			if o.Outcome != Done {
				continue
			}
			if etag, ok := o.Listed[key]; ok {
				add(o, step{kind: lists, want: j.listed(etag)})
			} else {
				add(o, step{kind: reads})
			}
		case o.Kind == Copy && o.Source == key:
			switch o.Outcome {
			case Done, Refused:
				add(o, step{kind: tests, cond: Swap, want: o.Want, outcome: o.Outcome})
			case Missing:
				add(o, step{kind: reads})
			}
		case o.Key != key:
		case o.Kind == Get || o.Kind == Stat:
			switch {
			case o.Outcome != Done:
			case j.h.MixedReads && o.Saw.ID != "" && j.listed(o.Saw.ETag).Content != o.Saw.Content:
				r.Mixed++
			default:
				add(o, step{kind: reads, want: o.Saw})
			}
		default:
			if err := j.write(o, r, add); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// write adds the steps of a write: one for each request of it that landed.
func (j *judge) write(o *Op, r *Report, add func(*Op, step)) error {
	s := step{kind: writes, want: o.Want, makes: o.Makes, outcome: o.Outcome}
	switch o.Kind {
	case Create:
		s.cond = Create
	case Swap, DeleteIf:
		s.cond = Swap
	}
	landed := o.Landed
	if !j.h.Counted && o.Outcome == Done {
		landed = []string{o.Makes.ETag}
	}
	switch o.Outcome {
	case Done:
		if len(landed) == 0 {
			return fmt.Errorf("a success that never landed:\n%v\n%s", o, j.h.about(o.Key))
		}
		r.Landings += len(landed) - 1
	case Unknown:
		if len(landed) == 0 {
			landed = []string{""}
		}
		r.Landings += len(landed) - 1
	case Failed:
		if len(landed) > 0 {
			return fmt.Errorf("a failure that landed and is not in doubt:\n%v", o)
		}
		return nil
	default: // Refused, Missing
		if len(landed) == 0 {
			if s.cond != "" {
				add(o, s)
			}
			return nil
		}
		if !j.excuse(o) {
			return fmt.Errorf("refused although it landed:\n%v\n%s", o, j.h.about(o.Key))
		}
		r.Excused++
		s.outcome = Done
	}
	for _, etag := range landed {
		if s.makes.ID != "" {
			s.makes.ETag = etag
		}
		add(o, s)
	}
	return nil
}

// excuse reports whether another call that breaks an assumption of conditional writes could have
// come between two requests of o. A conditional Delete and a Copy that is tied to its source need
// none: they leave nothing that tells.
func (j *judge) excuse(o *Op) bool {
	if o.Kind == DeleteIf || o.Kind == Copy {
		return true
	}
	for _, other := range j.h.Ops {
		meets := other.Call <= o.Return && (other.Return >= o.Call || other.Outcome == Unknown)
		if other == o || !meets || other.Key != o.Key {
			continue
		}
		switch other.Kind {
		case Delete, DeleteIf, Put, Copy:
			return true
		}
	}
	return false
}
