package testenv

import (
	"net/http"
	"testing"
)

func TestFakeGCS(t *testing.T) {
	s := FakeGCS(t)
	bucket := s.NewBucket(t)
	for path, want := range map[string]int{"/storage/v1/b/" + bucket: http.StatusOK,
		"/storage/v1/b/missing": http.StatusNotFound} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Endpoint+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.Client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("GET %s: %s, want %d", path, resp.Status, want)
		}
	}
}
