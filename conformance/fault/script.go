package fault

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
)

// Always is the value of Rule.Times that matches every call.
const Always = -1

// Rule says which calls meet a fault.
type Rule struct {
	// Op is the method of storage.FullStore, such as "Put". If empty, the rule matches every
	// request.
	Op string

	// Key is the key as the Store sees it, or the prefix of ListPage and ListUploadsPage. If
	// empty, the rule matches any key.
	Key string

	Skip  int // the number of matching calls that go through first, from Add on
	Times int // the number of calls that then meet the fault; 0: one; Always: all
	Fault Fault

	// Chance is the probability that a call whose turn it is meets the fault, from 0 to 1. 0 means
	// certainty. The seed of the Script, the rule, the operation, the key and how often both were
	// called decide: concurrent calls of other keys change nothing.
	Chance float64
}

// Call is a recorded call of a Store method.
type Call struct {
	Op       string // the method of storage.FullStore
	Key      string // as in Rule
	UploadID string // set for the methods that take an upload ID

	// Options is a copy of the options, such as a storage.GetOptions for a Get. It is nil if the
	// method takes none, and for a request of HTTP.
	Options any
}

// Script is a row of rules, and a record of what was called. [Store], [Transport] and [Proxy] have
// one. The zero value has no rules. All methods may be called concurrently.
type Script struct {
	mu    sync.Mutex
	seed  uint64
	rules []*counted
	calls []Call
	met   int
}

type counted struct {
	Rule
	fit   int            // calls that fitted so far
	drawn map[string]int // by operation and key
}

// Add adds a rule. If several rules apply to a call, the one added first acts.
func (s *Script) Add(r Rule) {
	if r.Times == 0 {
		r.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, &counted{Rule: r})
}

// Next applies the faults to the next calls of op, one fault to each call.
func (s *Script) Next(op string, faults ...Fault) {
	for i, f := range faults {
		s.Add(Rule{Op: op, Skip: i, Fault: f})
	}
}

// Reset drops all rules and forgets all calls. The seed stays.
func (s *Script) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules, s.calls, s.met = nil, nil, 0
}

// Seed returns the seed of the chances. It is random unless SetSeed was called. Print it: with the
// same seed, the same rules and the same calls, the same calls meet faults.
func (s *Script) Seed() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seeded()
}

// SetSeed sets the seed of the chances; 0 is a random one.
func (s *Script) SetSeed(seed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seed = seed
}

func (s *Script) seeded() uint64 {
	for s.seed == 0 {
		s.seed = rand.Uint64()
	}
	return s.seed
}

// Calls returns the calls of ops since New or Reset, in their order of arrival. Without ops it
// returns all calls.
func (s *Script) Calls(ops ...string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []Call
	for _, c := range s.calls {
		if len(ops) == 0 || slices.Contains(ops, c.Op) {
			calls = append(calls, c)
		}
	}
	return calls
}

// Count returns the number of calls of ops since New or Reset. Without ops it counts all calls.
func (s *Script) Count(ops ...string) int { return len(s.Calls(ops...)) }

// Met returns the number of calls that met a fault since New or Reset.
func (s *Script) Met() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.met
}

// next notes a call and says what happens to it. Every rule that fits counts the call; the first
// whose turn it is acts.
func (s *Script) next(c Call) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	var acts *counted
	for i, r := range s.rules {
		if r.Op != "" && r.Op != c.Op || r.Key != "" && r.Key != c.Key {
			continue
		}
		n := r.fit
		r.fit++
		turn := n >= r.Skip && (r.Times < 0 || n < r.Skip+r.Times)
		if turn && r.Chance > 0 {
			turn = s.draw(i, r, c)
		}
		if acts == nil && turn {
			acts = r
		}
	}
	if acts == nil {
		return Fault{}
	}
	s.met++
	return acts.Fault
}

// draw says whether the chance of rule i is for c.
func (s *Script) draw(i int, r *counted, c Call) bool {
	if r.drawn == nil {
		r.drawn = make(map[string]int)
	}
	h := fnv.New64a()
	h.Write([]byte(c.Op + "\x00" + c.Key))
	what := string(h.Sum(nil))
	h.Write([]byte(strconv.Itoa(i) + " " + strconv.Itoa(r.drawn[what])))
	r.drawn[what]++
	return rand.New(rand.NewPCG(s.seeded(), h.Sum64())).Float64() < r.Chance
}
