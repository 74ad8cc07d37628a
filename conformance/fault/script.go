package fault

import "slices"

// Always, as Rule.Times, is every call.
const Always = -1

// Rule says which calls meet a fault.
type Rule struct {
	Op    string // the method of storage.FullStore: "Put", "CompleteUpload"; empty: every request
	Key   string // the key (of ListPage and ListUploadsPage the prefix) as the Store sees it; empty: any
	Skip  int    // how many calls that fit go through first, counted from when the rule is added
	Times int    // how many calls then meet the fault; 0: one; Always: all
	Fault Fault
}

// Call is one call that was made.
type Call struct {
	Op       string // the method of storage.FullStore
	Key      string // as in Rule
	UploadID string // of the methods that take one
	Options  any    // a copy of what was given: a storage.GetOptions for a Get; nil where the method takes none
}

// script is a row of rules and what was called so far.
type script struct {
	rules []*counted
	calls []Call
}

type counted struct {
	Rule
	fit int // calls that fitted so far
}

func (s *script) add(r Rule) {
	if r.Times == 0 {
		r.Times = 1
	}
	s.rules = append(s.rules, &counted{Rule: r})
}

// next notes a call and says what happens to it. Every rule that fits counts the call; the first
// whose turn it is acts.
func (s *script) next(c Call) Fault {
	s.calls = append(s.calls, c)
	var acts *counted
	for _, r := range s.rules {
		if r.Op != "" && r.Op != c.Op || r.Key != "" && r.Key != c.Key {
			continue
		}
		n := r.fit
		r.fit++
		if acts == nil && n >= r.Skip && (r.Times < 0 || n < r.Skip+r.Times) {
			acts = r
		}
	}
	if acts == nil {
		return Fault{}
	}
	return acts.Fault
}

// Add adds a rule. Where several fit a call, the one that was added first acts.
func (s *Store) Add(r Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script.add(r)
}

// Next lets the next calls of op meet the faults, one each.
func (s *Store) Next(op string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range faults {
		s.script.add(Rule{Op: op, Skip: i, Fault: f})
	}
}

// Reset drops all rules and forgets all calls.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script{}
}

// Calls returns what was called since New or Reset, in the order of arrival: the calls of ops, or
// all.
func (s *Store) Calls(ops ...string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []Call
	for _, c := range s.script.calls {
		if len(ops) == 0 || slices.Contains(ops, c.Op) {
			calls = append(calls, c)
		}
	}
	return calls
}

// Count is how many calls of ops, or of all methods, were made since New or Reset.
func (s *Store) Count(ops ...string) int { return len(s.Calls(ops...)) }
