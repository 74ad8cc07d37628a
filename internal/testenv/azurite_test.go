package testenv

import (
	"bytes"
	"net/http"
	"testing"
)

func TestAzurite(t *testing.T) {
	for _, test := range []struct {
		name string
		get  func(testing.TB) *Server
		tls  bool
	}{{"Memory", Azurite, false}, {"TLS", AzuriteTLS, true}, {"Disk", AzuriteDisk, false}} {
		t.Run(test.name, func(t *testing.T) {
			s := test.get(t)
			if again := test.get(t); again != s {
				t.Error("the second call started a second server")
			}
			container := s.NewBucket(t)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.Endpoint+"/"+
				s.AccessKey+"/"+container+"?restype=container", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := s.Client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusNotFound {
				t.Errorf("an unsigned request: %s, want a refusal", resp.Status)
			}
			if (s.CA != nil) != test.tls {
				t.Errorf("CA %v", s.CA != nil)
			}
		})
	}
}

// The lock file pins what is installed, and where it comes from is the machine's affair.
func TestAzuriteLock(t *testing.T) {
	if bytes.Contains(azuriteLock, []byte(`"resolved"`)) ||
		!bytes.Contains(azuriteLock, []byte(`"azurite": "3.37.0"`)) {
		t.Error("the lock file names registries, or another version of azurite")
	}
}
