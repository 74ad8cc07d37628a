package testenv

import (
	"net/http"
	"testing"
)

// Ceph and MiniStack start, take a bucket, and answer for a key that is not there.
func TestOptionalServers(t *testing.T) {
	for name, get := range map[string]func(testing.TB) *Server{
		"Ceph": Ceph, "MiniStack": MiniStack,
	} {
		t.Run(name, func(t *testing.T) {
			s := get(t)
			if again := get(t); again != s {
				t.Error("the second call started a second server")
			}
			resp, err := s.Client.Get(s.Endpoint + "/" + s.NewBucket(t) + "/missing")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusForbidden {
				t.Errorf("GET of a missing key: %s", resp.Status)
			}
		})
	}
}
