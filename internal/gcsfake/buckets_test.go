package gcsfake_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/polystore/storage/internal/gcsfake"
)

func TestListBuckets(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"b-2", "a-1", "b-1", "b-3"}})
	for _, size := range []int{1, 2, 3, 9} {
		var got []string
		for token, more := "", true; more; more = token != "" {
			page := decode[struct {
				NextPageToken string
				Items         []struct{ Name string }
			}](t, call{method: "GET",
				path: fmt.Sprintf("/storage/v1/b?project=p&prefix=b-&maxResults=%d&pageToken=%s",
					size, token)}.do(t, s.URL))
			if token = page.NextPageToken; len(page.Items) > size {
				t.Errorf("a page of %d, want at most %d", len(page.Items), size)
			}
			for _, b := range page.Items {
				got = append(got, b.Name)
			}
		}
		if want := []string{"b-1", "b-2", "b-3"}; !slices.Equal(got, want) {
			t.Errorf("pages of %d: %q, want %q", size, got, want)
		}
	}
}

// A location is in capitals, however it was written; what cannot be changed cannot be patched,
// unless it stays.
func TestBucketProperties(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{})
	for _, c := range []call{
		{method: "POST", path: "/storage/v1/b?project=p",
			body: `{"name":"bucket","location":"eu","iamConfiguration":{"uniformBucketLevelAccess":{"enabled":true}}}`},
		{method: "PATCH", path: "/storage/v1/b/bucket",
			body: `{"location":"eu","storageClass":"STANDARD"}`},
	} {
		if b := decode[struct{ Location string }](t, c.do(t, s.URL)); b.Location != "EU" {
			t.Errorf("%s: location %q, want EU", c.method, b.Location)
		}
	}
}

// Either a write finds the bucket gone, or its deletion finds the object.
func TestDeleteBucketRace(t *testing.T) {
	s := gcsfake.New(gcsfake.Options{})
	serve := func(method, path, body string) int {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		return w.Code
	}
	for i := range 2000 {
		name := fmt.Sprint("bucket-", i)
		serve("POST", "/storage/v1/b?project=p", `{"name":"`+name+`"}`)
		var put, del int
		var wg sync.WaitGroup
		wg.Go(func() {
			put = serve("POST", "/upload/storage/v1/b/"+name+
				"/o?uploadType=media&name=k", "x")
		})
		wg.Go(func() { del = serve("DELETE", "/storage/v1/b/"+name, "") })
		wg.Wait()
		if (put == http.StatusOK) == (del == http.StatusNoContent) {
			t.Fatalf("attempt %d: put %d, delete %d", i, put, del)
		}
	}
}
