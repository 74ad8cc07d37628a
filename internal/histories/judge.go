package histories

import (
	"fmt"
	"slices"

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
	half    int // of a write in two halves, which have one number: see halves; 0: it is whole
}

type stepKind int

const (
	reads      stepKind = iota // the key holds want
	lists                      // the key has an object with the ETag of want
	tests                      // the condition holds, or not; nothing changes
	writes                     // the condition holds and the key then holds makes, or it does not
	firstHalf                  // of a write: its condition holds
	secondHalf                 // the key then holds makes
)

// A state is what a key holds between two steps.
type state struct {
	Version
	half int // of the write whose condition has held and which is still to be made; 0: none
}

// judge turns operations into steps.
type judge struct {
	h       *History
	byETag  map[string]Version
	counted map[string]bool // the ETags of requests that are known to have landed
	doubts  map[string]int  // how many requests of a version may have landed
}

func newJudge(h *History) *judge {
	j := &judge{h, make(map[string]Version), make(map[string]bool), make(map[string]int)}
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
		for _, l := range o.Landed {
			learn(Version{o.Makes.ID, o.Makes.Content, l.ETag})
			j.counted[l.ETag] = true
			if l.Doubt {
				j.doubts[o.Makes.ID]++
			}
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
	// What landed in doubt has not the ETag of another request of the same write.
	return state.ID == v.ID && (v.ETag == "" || !j.counted[v.ETag])
}

// unsure reports whether nobody knows if the ETag of v names the state: several requests in doubt
// have made the same version, each with an ETag of its own.
func (j *judge) unsure(state, v Version) bool {
	return !j.h.ContentETags && state.ETag == "" && v.ETag != "" && j.doubts[state.ID] > 1
}

// model is how a key behaves.
func (j *judge) model(key string) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{Version: j.h.Initial[key]} },
		Step: func(before, input, _ any) (bool, any) {
			s, now := input.(step), before.(state)
			if s.half != 0 || now.half != 0 {
				return j.applyHalf(now, s)
			}
			fits, v := j.apply(now.Version, s)
			return fits, state{Version: v}
		},
		DescribeOperation: func(input, _ any) string { return j.h.Ops[input.(step).n].String() },
		DescribeState:     func(s any) string { return s.(state).ID },
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
	holds, unsure := true, false
	switch s.cond {
	case Create:
		holds = !there
	case Swap:
		holds, unsure = there && j.same(state, s.want), j.unsure(state, s.want)
	}
	switch {
	case s.outcome == Done && !holds, s.outcome == Refused && holds && !unsure:
		return false, state
	case s.kind == tests, !holds, s.outcome == Refused:
		return true, state
	}
	return true, s.makes
}

// applyHalf is apply for the halves of a write, and for what comes between them: reads, refusals
// and Deletes. No other write is made there, nor is its condition looked at.
func (j *judge) applyHalf(now state, s step) (bool, state) {
	switch {
	case s.kind == secondHalf && s.half == now.half:
		return true, state{Version: s.makes}
	case s.kind == secondHalf: // it was refused, or nobody knows
		return s.outcome == Unknown, now
	case s.kind == firstHalf && now.half != 0:
		return false, now
	}
	whole := s
	if s.kind == firstHalf {
		whole.kind = writes
	}
	fits, v := j.apply(now.Version, whole)
	switch took := v != now.Version; {
	case !fits:
		return false, now
	case s.kind == firstHalf && took:
		return true, state{Version: now.Version, half: s.half}
	case took && s.makes != Version{}:
		return false, now
	}
	return true, state{Version: v, half: now.half}
}

// halves are the steps of a key where each conditional write that meets a Delete is made in two
// halves: see History.DeletesPass. There are none where no write is.
func (j *judge) halves(key string, steps []porcupine.Operation) []porcupine.Operation {
	var all []porcupine.Operation
	half := 0
	for _, op := range steps {
		s := op.Input.(step)
		deletes := func(o *Op) bool {
			return (o.Kind == Delete || o.Kind == DeleteIf) && o.Key == key &&
				o.Call <= op.Return && o.lasts() >= op.Call
		}
		if s.kind != writes || s.cond == "" || s.makes == (Version{}) || s.outcome == Refused ||
			!slices.ContainsFunc(j.h.Ops, deletes) {
			all = append(all, op)
			continue
		}
		half++
		first, second := op, op
		s.half = half
		s.kind = firstHalf
		first.Input = s
		s.kind = secondHalf
		second.Input = s
		all = append(all, first, second)
	}
	if half == 0 {
		return nil
	}
	return all
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
			case o.Kind == Get && j.h.MixedGets && o.Saw.ID != "" &&
				j.listed(o.Saw.ETag).Content != o.Saw.Content:
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
	inTime, late, doubts := j.landings(o)
	switch o.Outcome {
	case Done:
		if len(inTime) == 0 && !slices.ContainsFunc(late, o.overlaps) {
			return fmt.Errorf("a success that never landed:\n%v\n%s", o, j.h.about(o.Key))
		}
	case Unknown:
		if len(o.Landed) == 0 {
			doubts = []Landing{{}}
		}
	case Failed:
		switch {
		case len(o.Landed) == 0:
			return nil
		case !j.undone(o):
			return fmt.Errorf("a failure that landed and is not in doubt:\n%v\n%s", o,
				j.h.about(o.Key))
		}
		r.Excused++
	default: // Refused, Missing
		blocked := len(inTime) == 0 && j.blocked(o)
		if len(inTime) == 0 && s.cond != "" && !blocked {
			add(o, s)
		}
		if len(inTime) > 0 && !j.excuse(o) {
			return fmt.Errorf("refused although it landed:\n%v\n%s", o, j.h.about(o.Key))
		}
		if len(inTime)+len(late) > 0 || blocked {
			r.Excused++
		}
	}
	r.Landings += max(len(inTime)+len(late)+len(doubts)-1, 0)
	r.Late += len(late)
	land := func(l Landing, call, end int64, outcome string) {
		at, s := *o, s
		at.Call, at.Return, s.outcome = call, end, outcome
		if s.makes.ID != "" {
			s.makes.ETag = l.ETag
		}
		add(&at, s)
	}
	for _, l := range inTime {
		land(l, o.Call, o.Return, Done)
	}
	for _, l := range late { // abandoned, and on its own
		land(l, max(o.Call, l.Call), l.Return, Done)
	}
	for _, l := range doubts {
		land(l, o.Call, never, Unknown)
	}
	return nil
}

// landings are those of o that its answer can tell of, those that ended behind it, and those of
// which nobody knows. A success tells of one at least: that may be one that was seen by its caller
// before it had ended.
func (j *judge) landings(o *Op) (inTime, late, doubts []Landing) {
	if !j.h.Counted && o.Outcome == Done {
		return []Landing{{ETag: o.Makes.ETag}}, nil, nil
	}
	for _, l := range j.writes(o) {
		switch {
		case l.Doubt:
			doubts = append(doubts, l)
		case o.Return > 0 && l.Return > o.Return:
			late = append(late, l)
		default:
			inTime = append(inTime, l)
		}
	}
	if o.Outcome != Done || len(inTime) > 0 {
		return inTime, late, doubts
	}
	begun := slices.IndexFunc(late, o.overlaps)
	switch several := begun >= 0 && slices.ContainsFunc(late[begun+1:], o.overlaps); {
	case begun < 0 && len(doubts) > 0:
		return doubts[:1], late, doubts[1:]
	case begun >= 0 && len(doubts) == 0 && !several:
		only := late[begun]
		return []Landing{only}, slices.Delete(late, begun, begun+1), nil
	}
	return nil, late, doubts // any of them
}

// writes are the requests of o, without those that a service answered with a write of another one.
// Where each write has an ETag of its own, two answers with one ETag tell of one write: it was done
// behind the first question and before the first answer. The end of an upload
// is answered so whenever it is asked for again.
func (j *judge) writes(o *Op) []Landing {
	if j.h.ContentETags {
		return o.Landed
	}
	var all []Landing
	for _, l := range o.Landed {
		same := func(other Landing) bool {
			return l.ETag != "" && l.ETag == other.ETag && !l.Doubt && !other.Doubt
		}
		if i := slices.IndexFunc(all, same); i < 0 {
			all = append(all, l)
		} else {
			all[i].Call = min(all[i].Call, l.Call)
			all[i].Return = min(all[i].Return, l.Return)
		}
	}
	return all
}

// overlaps reports whether a request began before o returned.
func (o *Op) overlaps(l Landing) bool { return l.Call <= o.Return }

// blocked reports whether what another call leaves may be why the Create o was refused: see
// History.BlocksBlock.
func (j *judge) blocked(o *Op) bool {
	return j.h.BlocksBlock && o.Kind == Create &&
		slices.ContainsFunc(j.h.Ops, func(other *Op) bool {
			leaves := other != o && (other.Kind == Copy || other.Parts)
			return leaves && other.Key == o.Key && other.Call <= o.Return &&
				(other.Outcome != Done || other.lasts() >= o.Call)
		})
}

// excuse reports whether another call that breaks an assumption of conditional writes could have
// come between two requests of o. A conditional Delete and a Copy that is tied to its source need
// none: they leave nothing that tells.
func (j *judge) excuse(o *Op) bool {
	if o.Kind == DeleteIf || o.Kind == Copy {
		return true
	}
	for _, other := range j.h.Ops {
		meets := other.Call <= o.Return && other.lasts() >= o.Call
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

// undone reports whether another call may have brought back what the condition of o names, behind
// its completion and before the same one came a second time. That one finds no upload, and nothing
// that tells why. So the object is sent again, and a failure of that leaves no doubt.
func (j *judge) undone(o *Op) bool {
	inTime := !slices.ContainsFunc(o.Landed, func(l Landing) bool {
		return l.Doubt || l.Return > o.Return
	})
	return o.Parts && inTime && slices.ContainsFunc(j.h.Ops, func(other *Op) bool {
		if other.Key != o.Key || other.Call > o.Return || other.lasts() < o.Call {
			return false
		}
		switch o.Kind {
		case Create:
			return other.Kind == Delete || other.Kind == DeleteIf
		case Swap:
			return other.Kind == Copy && j.h.ContentETags
		}
		return false
	})
}
