package storage

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Headers that are there already are not judged; new ones beside them are.
func TestCheckBeside(t *testing.T) {
	old := headers{
		ContentDisposition: `attachment; filename="naïve.txt"`,
		CacheControl:       "a\tb",
		Metadata: map[string]string{
			"_owner": "me", "sha256!sum": "0", "a": "new\nline", "b": "1",
		},
	}
	with := func(change func(h *headers)) headers {
		h := old
		h.Metadata = map[string]string{}
		for name, v := range old.Metadata {
			h.Metadata[name] = v
		}
		change(&h)
		return h
	}
	for name, test := range map[string]struct {
		h    headers
		want map[string]string // nil: ErrInvalid
	}{
		"unchanged": {with(func(*headers) {}), old.Metadata},
		"fewer": {
			with(func(h *headers) { delete(h.Metadata, "_owner"); h.CacheControl = "" }),
			map[string]string{"sha256!sum": "0", "a": "new\nline", "b": "1"},
		},
		"more": {
			with(func(h *headers) { h.Metadata["New"] = "2"; h.ContentLanguage = "en" }),
			map[string]string{
				"_owner": "me", "sha256!sum": "0", "a": "new\nline", "b": "1", "new": "2",
			},
		},
		"another value under an odd name": {
			with(func(h *headers) { h.Metadata["_owner"] = "you" }),
			map[string]string{"_owner": "you", "sha256!sum": "0", "a": "new\nline", "b": "1"},
		},
		"an odd value under an odd name": {
			with(func(h *headers) { h.Metadata["_owner"] = "\x00" }), nil,
		},
		"an odd header":   {with(func(h *headers) { h.ContentDisposition += "ü" }), nil},
		"an odd name":     {with(func(h *headers) { h.Metadata["_other"] = "1" }), nil},
		"an odd value":    {with(func(h *headers) { h.Metadata["b"] = "\n" }), nil},
		"a header moved":  {with(func(h *headers) { h.ContentType = old.CacheControl }), nil},
		"a name twice":    {with(func(h *headers) { h.Metadata["B"] = "2" }), nil},
		"the reserved":    {with(func(h *headers) { h.Metadata[writeIDName] = "1" }), nil},
		"nothing of it":   {headers{ContentType: "a/b"}, map[string]string{}},
		"an odd new type": {headers{ContentType: "ü"}, nil},
	} {
		got, err := test.h.checkBeside(old)
		if test.want == nil {
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v, want %v", name, err, ErrInvalid)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := test.h
		want.Metadata = test.want
		if len(want.Metadata) == 0 {
			want.Metadata = nil
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(headers{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
