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

func create(id string, call, end int64) *histories.Op {
	o := put(id, call, end, histories.Done)
	o.Kind = histories.Create
	return o
}

func landed(o *histories.Op, etags ...string) *histories.Op {
	for _, etag := range etags {
		o = arrives(o, etag, o.Call, o.Return)
	}
	return o
}

// arrives is o with a request that was carried out from call to end.
func arrives(o *histories.Op, etag string, call, end int64) *histories.Op {
	o.Landed = append(o.Landed, histories.Landing{ETag: etag, Call: call, Return: end})
	return o
}

// doubtful is o with a request of which nobody knows whether it was carried out.
func doubtful(o *histories.Op) *histories.Op {
	o.Landed = append(o.Landed, histories.Landing{Call: o.Call, Return: o.Return, Doubt: true})
	return o
}

// seen is a read that shows an ETag.
func seen(o *histories.Op, etag string) *histories.Op {
	o.Saw.ETag = etag
	return o
}

// refusedAt is a swap of the version a with an ETag that is refused.
func refusedAt(etag string, call, end int64) *histories.Op {
	o := swap("a", "b", call, end, histories.Refused)
	o.Want.ETag = etag
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
	const (
		done, refused   = histories.Done, histories.Refused
		failed, unknown = histories.Failed, histories.Unknown
	)
	inParts := func(call, end int64) *histories.Op {
		o := create("a", call, end)
		o.Parts, o.Outcome = true, failed
		return o
	}
	remove := func(call, end int64) *histories.Op {
		return &histories.Op{
			Kind: histories.Delete, Key: "k", Call: call, Return: end, Outcome: done,
		}
	}
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
		{"a failure that a write does not excuse", []*histories.Op{
			landed(put("a", 1, 4, failed), `"a"`), landed(put("b", 2, 3, done), `"b"`)},
			"not in doubt"},
		{"a failure of a create in parts that a delete excuses", []*histories.Op{
			landed(inParts(1, 4), `"a"`), landed(remove(2, 3), "")}, ""},
		{"a failure of a create in parts that nobody removes", []*histories.Op{
			landed(inParts(1, 4), `"a"`), landed(remove(5, 6), "")}, "not in doubt"},
		{"a failure of a create in parts that comes late", []*histories.Op{
			arrives(inParts(1, 4), `"a"`, 3, 5), landed(remove(2, 3), "")}, "not in doubt"},
		{"twice", []*histories.Op{landed(put("a", 1, 9, done), `"1"`, `"2"`), get("a", 2, 3)},
			"not lin"},
		{"late, over a newer one", []*histories.Op{
			arrives(landed(put("a", 1, 2, done), `"a"`), `"2"`, 5, 6),
			landed(put("b", 3, 4, done), `"b"`), get("b", 4, 5), seen(get("a", 7, 8), `"2"`)}, ""},
		{"late, and nobody sees it", []*histories.Op{
			arrives(landed(put("a", 1, 2, done), `"a"`), `"2"`, 5, 6),
			landed(put("b", 3, 4, done), `"b"`), get("b", 7, 8)}, "not lin"},
		{"late, and seen before", []*histories.Op{
			arrives(landed(put("a", 1, 2, done), `"a"`), `"2"`, 7, 8),
			landed(put("b", 3, 4, done), `"b"`), seen(get("a", 5, 6), `"2"`)}, "not lin"},
		{"a success that comes late", []*histories.Op{
			arrives(put("a", 1, 2, done), `"a"`, 3, 4)}, "never landed"},
		{"a success that is seen before its request ends", []*histories.Op{
			arrives(put("a", 1, 4, done), `"a"`, 3, 8), get("a", 5, 6)}, ""},
		{"a success whose request ends later, and that is not seen", []*histories.Op{
			arrives(put("a", 1, 4, done), `"a"`, 3, 8), get("", 5, 6)}, "not lin"},
		{"a success by one of two requests that end later", []*histories.Op{
			arrives(arrives(put("a", 1, 4, done), `"a"`, 2, 9), `"2"`, 3, 8), get("a", 5, 6)}, ""},
		{"one write that two requests are told of", []*histories.Op{
			landed(create("a", 1, 9), `"a"`, `"a"`), get("a", 10, 11)}, ""},
		{"one write that two requests are told of, the second one late", []*histories.Op{
			arrives(arrives(create("a", 1, 9), `"a"`, 2, 5), `"a"`, 3, 12),
			get("a", 6, 7), landed(put("b", 8, 10, done), `"b"`), get("b", 13, 14)}, ""},
		{"one write that two requests are told of, and that is not seen", []*histories.Op{
			arrives(arrives(create("a", 1, 5), `"a"`, 2, 5), `"a"`, 3, 12),
			get("", 6, 7)}, "not lin"},
		{"a doubt lands later, with an ETag of its own", []*histories.Op{
			doubtful(landed(put("a", 1, 2, done), `"1"`)), seen(get("a", 3, 4), `"1"`),
			seen(get("a", 5, 6), `"2"`), refusedAt(`"1"`, 7, 8)}, ""},
		{"a doubt lands later, and its ETag is refused", []*histories.Op{
			doubtful(landed(put("a", 1, 2, done), `"1"`)), seen(get("a", 3, 4), `"1"`),
			seen(get("a", 5, 6), `"2"`), refusedAt(`"2"`, 7, 8)}, "not lin"},
		{"two doubts, and the ETag of one is refused", []*histories.Op{
			doubtful(doubtful(landed(put("a", 1, 2, done), `"1"`))), seen(get("a", 3, 4), `"1"`),
			seen(get("a", 5, 6), `"2"`), refusedAt(`"2"`, 7, 8)}, ""},
		{"a failure that comes late", []*histories.Op{
			arrives(put("a", 1, 2, failed), `"a"`, 3, 4)}, "not in doubt"},
		{"unknown, and it comes late", []*histories.Op{
			arrives(put("a", 1, 2, unknown), `"a"`, 5, 6), get("", 3, 4), get("a", 7, 8)}, ""},
		{"unknown, and seen before it comes", []*histories.Op{
			arrives(put("a", 1, 2, unknown), `"a"`, 5, 6), get("a", 3, 4)}, "not lin"},
		{"a refusal that comes late", []*histories.Op{
			landed(put("a", 1, 2, done), `"a"`), landed(put("b", 3, 4, done), `"b"`),
			arrives(swap("a", "c", 5, 6, refused), `"c"`, 9, 10),
			landed(put("a", 7, 8, done), `"a"`), get("c", 11, 12)}, ""},
		{"a refusal for nothing that comes late", []*histories.Op{
			landed(put("a", 1, 2, done), `"a"`),
			arrives(swap("a", "c", 5, 6, refused), `"c"`, 9, 10)}, "not lin"},
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

// Where copies and parts block, a Create is refused for one that may have left something, and for
// no other.
func TestCheckBlocked(t *testing.T) {
	for _, kind := range []string{histories.Copy, histories.Put, ""} {
		checkBlocked(t, kind)
	}
}

// checkBlocked is about a Copy, a Put in parts, or, without a kind, a Put of one request.
func checkBlocked(t *testing.T, kind string) {
	for _, test := range []struct {
		outcome string // of a Copy before the Create
		end     int64  // of the Copy
		blocks  bool
		want    string
	}{
		{histories.Unknown, 2, true, ""},
		{histories.Failed, 2, true, ""},
		{histories.Refused, 2, true, ""},
		{histories.Unknown, 2, false, "not lin"},
		{histories.Done, 2, true, "not lin"},
		{histories.Done, 5, true, ""},
	} {
		copied := put("a", 1, test.end, test.outcome)
		if kind == histories.Copy {
			copied.Kind, copied.Source, copied.Want = kind, "src", version("s")
		}
		copied.Parts = kind == histories.Put
		if kind != histories.Copy && test.outcome == histories.Refused {
			continue // it has no condition
		}
		if test.outcome == histories.Done {
			copied = landed(copied, `"a"`)
		}
		create := put("b", 4, 6, histories.Refused)
		create.Kind = histories.Create
		ops := []*histories.Op{copied, create, get("", 7, 8)}
		if test.outcome == histories.Done {
			ops = append(ops, landed(&histories.Op{Kind: histories.Delete, Key: "k",
				Call: test.end, Return: test.end + 1, Outcome: histories.Done}, ""))
			if test.end < 4 { // and it is gone before the Create
				ops[3].Return = 3
			}
		}
		for i, o := range ops {
			o.N = i
		}
		h := &histories.History{Ops: ops, Keys: []string{"k"}, Counted: true,
			BlocksBlock: test.blocks}
		_, err := h.Check(time.Minute)
		if kind == "" && test.end < 4 { // it left nothing
			test.want = "not lin"
		}
		if (err == nil) != (test.want == "") ||
			err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %+v: %v", kind, test, err)
		}
	}
}

// Where a Delete can pass between the condition of a write and the write, that is forgiven and
// counted, and nothing else is.
func TestCheckPassed(t *testing.T) {
	const done, unknown, refused = histories.Done, histories.Unknown, histories.Refused
	remove := func(call, end int64) *histories.Op {
		return landed(&histories.Op{Kind: histories.Delete, Key: "k", Call: call, Return: end,
			Outcome: done}, "")
	}
	a := func() *histories.Op { return landed(put("a", 1, 2, done), `"a"`) }
	// ab is a swap of a by b.
	ab := func(call, end int64) *histories.Op {
		return landed(swap("a", "b", call, end, done), `"b"`)
	}
	for _, test := range []struct {
		name   string
		ops    []*histories.Op
		passed int
		want   string
	}{
		{"a Delete passes a swap", []*histories.Op{a(), ab(3, 9), remove(4, 8), get("", 6, 7),
			get("b", 10, 11)}, 1, ""},
		{"two Deletes pass a swap", []*histories.Op{a(), ab(3, 9), remove(4, 5), get("", 6, 6),
			remove(7, 8), get("b", 10, 11)}, 1, ""},
		{"a Delete passes a swap of which nobody knows", []*histories.Op{a(),
			doubtful(swap("a", "b", 3, 9, unknown)), remove(4, 5), get("", 6, 7),
			get("b", 10, 11)}, 1, ""},
		{"no Delete passes a swap", []*histories.Op{a(), ab(3, 9), remove(4, 8),
			get("", 10, 11)}, 0, ""},
		{"a Delete before a swap", []*histories.Op{a(), remove(3, 4), ab(5, 9),
			get("b", 10, 11)}, 0, "not lin"},
		{"a Delete behind a swap", []*histories.Op{a(), ab(3, 4), remove(5, 9),
			get("b", 10, 11)}, 0, "not lin"},
		{"a Put passes beside a Delete", []*histories.Op{a(), ab(3, 9), remove(4, 5),
			landed(put("c", 6, 7, done), `"c"`), get("c", 8, 8), get("b", 10, 11)}, 0, "not lin"},
		{"another swap passes beside a Delete", []*histories.Op{a(), ab(3, 9),
			landed(swap("a", "c", 3, 9, done), `"c"`), get("c", 4, 4), remove(5, 6),
			get("b", 10, 11)}, 0, "not lin"},
		{"a Delete passes a create", []*histories.Op{a(), landed(create("b", 3, 9), `"b"`),
			remove(4, 5), get("b", 10, 11)}, 0, ""},
		{"a create over what is there", []*histories.Op{a(), landed(create("b", 3, 6), `"b"`),
			get("b", 7, 8), remove(5, 9), get("a", 10, 11)}, 0, "not lin"},
		{"what was passed is not seen", []*histories.Op{a(), ab(3, 9), remove(4, 5),
			get("", 6, 7), get("b", 8, 8), get("", 10, 11)}, 0, "not lin"},
		{"a swap is refused for nothing beside a Delete", []*histories.Op{a(),
			swap("a", "b", 3, 9, refused), remove(4, 12), get("a", 10, 11)}, 0, "not lin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i, o := range test.ops {
				o.N = i
			}
			h := &histories.History{Ops: test.ops, Keys: []string{"k"}, Counted: true}
			strict := test.want == "" && test.passed == 0
			if _, err := h.Check(time.Minute); (err == nil) != strict {
				t.Errorf("Check of a service that holds them against each other: %v", err)
			}
			h.DeletesPass = true
			r, err := h.Check(time.Minute)
			if (err == nil) != (test.want == "") ||
				err != nil && !strings.Contains(err.Error(), test.want) ||
				err == nil && r.Passed != test.passed {
				t.Errorf("Check: %d passed, %v; want %d, %q", r.Passed, err, test.passed, test.want)
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
