package testenv

import (
	"net/http"
	"testing"
)

func TestMoto(t *testing.T) {
	s := Moto(t)
	if again := Moto(t); again != s {
		t.Error("the second call started a second server")
	}
	bucket := s.NewBucket(t)
	for path, want := range map[string]int{"/" + bucket + "/missing": http.StatusNotFound, "/moto-api/": http.StatusOK} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Endpoint+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.AccessKey+"/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
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

// Without Python there is no moto, and that is no failure where all other servers are required.
func TestMotoIsOptional(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(ModeEnv, "require")
	t.Setenv(NotRunEnv, t.TempDir()+"/notrun")
	if err := findPython(); err == nil {
		t.Error("python3 was found in an empty PATH")
	}
}
