package driver

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

func TestCheckParts(t *testing.T) {
	for _, test := range []struct {
		numbers []int
		ok      bool
	}{
		{[]int{1}, true}, {[]int{1, 2, 5}, true}, {nil, false}, {[]int{0}, false},
		{[]int{2, 1}, false}, {[]int{1, 1}, false}, {[]int{6}, false},
	} {
		var parts []*storage.Part
		for _, n := range test.numbers {
			parts = append(parts, &storage.Part{Number: n})
		}
		err := CheckParts(parts, 5)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("CheckParts(%v) = %v", test.numbers, err)
		}
	}
}

func TestPartsPage(t *testing.T) {
	parts := []*storage.Part{{Number: 7}, {Number: 1}, {Number: 3}, {Number: 2}}
	for size := range 5 {
		var got []int
		opts := &storage.ListPartsOptions{PageSize: size}
		for range 5 {
			page, err := PartsPage(slices.Clone(parts), opts, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Parts) > PageSize(size, 3) {
				t.Errorf("%d parts in a page of %d", len(page.Parts), size)
			}
			for _, p := range page.Parts {
				got = append(got, p.Number)
			}
			if opts.PageToken = page.NextToken; opts.PageToken == "" {
				break
			}
		}
		if diff := cmp.Diff([]int{1, 2, 3, 7}, got); diff != "" {
			t.Errorf("in pages of %d, -want +got:\n%s", size, diff)
		}
	}
	for _, token := range []string{"x", "-1", "0", "1.5", "99999999999"} {
		opts := &storage.ListPartsOptions{PageToken: token}
		if _, err := PartsPage(nil, opts, 3); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

func TestUploadsPage(t *testing.T) {
	uploads := []*storage.Upload{
		{Key: "b", ID: "1"}, {Key: "a", ID: "2"}, {Key: "a!", ID: "1"}, {Key: "a", ID: "1"},
	}
	for size := range 5 {
		var got []string
		opts := &storage.ListOptions{PageSize: size, Prefix: "a"}
		for range 5 {
			page, err := UploadsPage(slices.Clone(uploads), opts, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Uploads) > PageSize(size, 2) {
				t.Errorf("%d uploads in a page of %d", len(page.Uploads), size)
			}
			for _, u := range page.Uploads {
				got = append(got, u.Key+" "+u.ID)
			}
			if opts.PageToken = page.NextToken; opts.PageToken == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{"a 1", "a 2", "a! 1"}, got); diff != "" {
			t.Errorf("in pages of %d, -want +got:\n%s", size, diff)
		}
	}
	for _, test := range []struct {
		opts storage.ListOptions
		want error
	}{
		{storage.ListOptions{Delimiter: "/"}, errors.ErrUnsupported},
		{storage.ListOptions{StartAfter: "a"}, errors.ErrUnsupported},
		{storage.ListOptions{PageToken: "!"}, storage.ErrInvalid},
	} {
		if _, err := UploadsPage(nil, &test.opts, 3); !errors.Is(err, test.want) {
			t.Errorf("%+v: %v, want %v", test.opts, err, test.want)
		}
	}
}
