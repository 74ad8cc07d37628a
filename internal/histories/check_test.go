package histories_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage/internal/histories"
)

func version(id string) histories.Version {
	return histories.Version{ID: id, Content: id, ETag: `"` + id + `"`}
}

// put is a write of id from call to end.
func put(id string, call, end int64, outcome string) *histories.Op {
	return &histories.Op{
		Kind: histories.Put, Key: "k", Makes: version(id), Call: call, Return: end,
		Outcome: outcome,
	}
}

func get(id string, call, end int64) *histories.Op {
	v := histories.Version{}
	if id != "" {
		v = version(id)
	}
	return &histories.Op{
		Kind: histories.Get, Key: "k", Saw: v, Call: call, Return: end, Outcome: histories.Done,
	}
}

func swap(want, id string, call, end int64, outcome string) *histories.Op {
	o := put(id, call, end, outcome)
	o.Kind, o.Want = histories.Swap, version(want)
	return o
}

func landed(o *histories.Op, etags ...string) *histories.Op {
	o.Landed = etags
	return o
}

// What the judge says of small histories whose answer is known.
func TestCheck(t *testing.T) {
	const done, unknown, refused = histories.Done, histories.Unknown, histories.Refused
	list := func(etags map[string]string, call, end int64) *histories.Op {
		return &histories.Op{Kind: histories.List, Listed: etags, Call: call, Return: end,
			Outcome: done}
	}
	for _, test := range []struct {
		name string
		ops  []*histories.Op
		want string // of the error; "": none
	}{
		{"read what was written", []*histories.Op{put("a", 1, 2, done), get("a", 3, 4)}, ""},
		{"read during a write", []*histories.Op{put("a", 1, 9, done), get("", 2, 3),
			get("a", 4, 5)}, ""},
		{"back in time", []*histories.Op{put("a", 1, 9, done), get("a", 2, 3), get("", 4, 5)},
			"not lin"},
		{"a success that is not seen", []*histories.Op{put("a", 1, 2, done), get("", 3, 4)},
			"not lin"},
		{"unknown, and it happened later", []*histories.Op{
			put("a", 1, 2, unknown), get("", 3, 4), get("a", 5, 6)}, ""},
		{"unknown, and never", []*histories.Op{put("a", 1, 2, unknown), get("", 3, 4)}, ""},
		{"unknown, and undone", []*histories.Op{
			put("a", 1, 2, unknown), get("a", 3, 4), get("", 5, 6)}, "not lin"},
		{"a process was killed", []*histories.Op{put("a", 1, 0, unknown), get("a", 5, 6)}, ""},
		{"one swap wins", []*histories.Op{put("a", 1, 2, done), swap("a", "b", 3, 9, done),
			swap("a", "c", 3, 9, refused), get("b", 10, 11)}, ""},
		{"both swaps win", []*histories.Op{put("a", 1, 2, done), swap("a", "b", 3, 9, done),
			swap("a", "c", 3, 9, done)}, "not lin"},
		{"a swap is refused for nothing", []*histories.Op{
			put("a", 1, 2, done), swap("a", "b", 3, 9, refused)}, "not lin"},
		{"the list lacks it", []*histories.Op{put("a", 1, 2, done), list(nil, 3, 4)}, "not lin"},
		{"the list has it", []*histories.Op{
			put("a", 1, 2, done), list(map[string]string{"k": `"a"`}, 3, 4)}, ""},
		{"the list has an old one", []*histories.Op{put("a", 1, 2, done), put("b", 3, 4, done),
			list(map[string]string{"k": `"a"`}, 5, 6)}, "not lin"},
		{"an error of no name", []*histories.Op{put("a", 1, 2, "what")}, "may not be"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i, o := range test.ops {
				o.N = i
			}
			h := &histories.History{Ops: test.ops, Keys: []string{"k"}}
			_, err := h.Check(time.Minute)
			if (err == nil) != (test.want == "") ||
				err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("Check: %v, want %q", err, test.want)
			}
		})
	}
}

// With a Counter, a report that contradicts what landed is an error by itself.
func TestCheckLandings(t *testing.T) {
	const done, refused, failed = histories.Done, histories.Refused, histories.Failed
	for _, test := range []struct {
		name string
		ops  []*histories.Op
		want string
	}{
		{"once", []*histories.Op{landed(put("a", 1, 2, done), `"a"`)}, ""},
		{"a false success", []*histories.Op{put("a", 1, 2, done)}, "never landed"},
		{"a false failure", []*histories.Op{landed(put("a", 1, 2, failed), `"a"`)}, "not in doubt"},
		{"a false refusal", []*histories.Op{landed(put("a", 1, 2, done), `"a"`),
			landed(swap("a", "b", 3, 4, refused), `"b"`)}, "although it landed"},
		{"a refusal that a delete excuses", []*histories.Op{
			landed(put("a", 1, 2, done), `"a"`), landed(swap("a", "b", 3, 9, refused), `"b"`),
			landed(&histories.Op{Kind: histories.Delete, Key: "k", Call: 4, Return: 5,
				Outcome: done}, ""),
		}, ""},
		{"twice", []*histories.Op{landed(put("a", 1, 9, done), `"1"`, `"2"`), get("a", 2, 3)},
			"not lin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i, o := range test.ops {
				o.N = i
			}
			h := &histories.History{Ops: test.ops, Keys: []string{"k"}, Counted: true}
			_, err := h.Check(time.Minute)
			if (err == nil) != (test.want == "") ||
				err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("Check: %v, want %q", err, test.want)
			}
		})
	}
}

// A log of a process that was killed in the middle of a line reads as what the process knew.
func TestRead(t *testing.T) {
	log := `{"n":0,"kind":"put","key":"k","makes":{"id":"0.1","content":"0.1"},"call":5,"return":0}
{"n":0,"kind":"put","key":"k","makes":{"id":"0.1","content":"0.1"},"call":5,"return":7,"outcome":"done"}
{"n":1,"kind":"delete","key":"k","call":8,"return":0}
{"n":1,"kind":"del`
	ops, err := histories.Read(bytes.NewReader([]byte(log)), bytes.NewReader(nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(ops) != 2 || ops[0].Outcome != histories.Done || ops[1].Outcome != histories.Unknown {
		t.Errorf("Read: %v", ops)
	}
	if _, err := histories.Read(strings.NewReader("no JSON\n")); err == nil {
		t.Error("a line that is no JSON was taken")
	}
}
