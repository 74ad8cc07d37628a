package main

import "testing"

// The rows of formats keep to the number of requests that their goals name, which is exact: it does
// not need a quiet machine.
func TestFormatRequests(t *testing.T) {
	p, err := newPlace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for _, g := range goals {
		if g.column.head != requests.head {
			continue
		}
		for _, r := range rows {
			if r.name != g.row || r.kind != formats {
				continue
			}
			t.Run(r.name, func(t *testing.T) {
				out, err := p.run(t.Context(), r, options{subjects: []string{"us"}, n: 1})
				if err != nil {
					t.Fatal(err)
				}
				s := out.samples["us"][0]
				if s.Err != "" {
					t.Fatal(s.Err)
				}
				if s.Requests < 1 || float64(s.Requests) > g.limit {
					t.Errorf("%d requests, want at most %v", s.Requests, g.limit)
				}
			})
		}
	}
}
