package counted

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// Each end of a call is counted for what it is.
func TestEnds(t *testing.T) {
	const unknown = "no two histories look alike"
	for _, test := range []struct {
		name     string
		what     string
		doubled  bool
		err      error
		happened bool
		foreign  bool
		after    tallied // all since the version was seen, its own included
		want     string
	}{
		{"done", writesOnly, false, nil, true, false, tallied{1, 0, 0}, ""},
		{"a false success", writesOnly, false, nil, false, false, tallied{}, "1 false successes"},
		{"refused", writesOnly, false, storage.ErrExist, false, false, tallied{1, 0, 0}, ""},
		{"a false refusal", writesOnly, true, storage.ErrPrecondition, true, false,
			tallied{kept, 0, 0}, "1 false refusals"},
		{"a refusal whose ID is pushed out", writesOnly, true, storage.ErrPrecondition, true,
			false, tallied{kept + 1, 0, 0}, ""},
		{"a false refusal of a lost Delete", deletesOnly, false, storage.ErrPrecondition, true,
			false, tallied{1, 1, 0}, "1 false refusals"},
		{"a refusal of a doubled Delete", deletesOnly, true, storage.ErrPrecondition, true, false,
			tallied{1, 1, 0}, ""},
		{"a false refusal of a lost write beside Deletes", besideDeletes, false,
			storage.ErrPrecondition, true, false, tallied{2, 1, 0}, "1 false refusals"},
		{"a refusal of a doubled write beside Deletes", besideDeletes, true,
			storage.ErrPrecondition, true, false, tallied{2, 1, 0}, ""},
		{"unknown, and nobody else wrote", writesOnly, false, storage.ErrUnknownOutcome, true,
			false, tallied{1, 0, 0}, unknown},
		{"unknown, and nobody at all wrote", writesOnly, false, storage.ErrUnknownOutcome, false,
			true, tallied{}, unknown},
		{"unknown, and few others wrote", writesOnly, false, storage.ErrUnknownOutcome, false,
			false, tallied{kept - 1, 0, 0}, unknown},
		{"unknown, and many others wrote", writesOnly, false, storage.ErrUnknownOutcome, true,
			false, tallied{kept + 1, 0, 0}, ""},
		{"unknown, and one of many others is still to be answered", writesOnly, false,
			storage.ErrUnknownOutcome, false, false, tallied{kept - 1, 0, 1}, ""},
		{"unknown, upon an object without an ID", writesOnly, false, storage.ErrUnknownOutcome,
			false, true, tallied{1, 0, 0}, ""},
		{"an unknown Delete, and the object is gone", deletesOnly, false,
			storage.ErrUnknownOutcome, true, false, tallied{1, 1, 0}, ""},
		{"an unknown Delete, and many others wrote", deletesOnly, false,
			storage.ErrUnknownOutcome, false, false, tallied{9, 0, 0}, unknown},
		{"an error without a name", writesOnly, false, errors.New("no"), false, false, tallied{},
			"does not name"},
	} {
		r := &run{trouble: troubles[0]}
		if test.doubled {
			r.trouble = troubles[1]
		}
		o := new(op)
		if test.happened {
			o.happened.Store(1)
			o.place.Store(1)
		}
		c := counts{deleted: test.what != writesOnly, remove: test.what == deletesOnly}
		c.end(r, o, test.err, test.foreign, tallied{}, test.after)
		got := strings.Join(c.wrong(), "; ")
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Two calls that land upon one version are an update that is lost; one that lands twice is none.
func TestForks(t *testing.T) {
	a, b, other := &op{key: "k"}, &op{key: "k"}, &op{key: "l"}
	for _, test := range []struct {
		name  string
		calls []*op
		upon  []string
		want  int64
	}{
		{"one upon the other", []*op{a, b}, []string{"1", "2"}, 0},
		{"both upon one", []*op{a, b}, []string{"1", "1"}, 1},
		{"one that lands twice", []*op{a, a}, []string{"1", "1"}, 0},
		{"another key", []*op{a, other}, []string{"1", "1"}, 0},
		{"no condition", []*op{a, b}, []string{"", ""}, 0},
	} {
		l := newTroubled(nil, fault.S3, troubles[0].fault).below.(*landings)
		for i, o := range test.calls {
			l.next("Put", o, test.upon[i])
		}
		if got := l.forks(); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
	for text, want := range map[string]string{
		"http://h/o?ifGenerationMatch=7": "7", "http://h/o?ifGenerationMatch=0": "", "http://h/o": "e",
	} {
		req := httptest.NewRequest("PUT", text, nil)
		if want == "e" {
			req.Header.Set("If-Match", "e")
		}
		if got := version(req); got != want {
			t.Errorf("%s is tied to %q, want %q", text, got, want)
		}
	}
}
