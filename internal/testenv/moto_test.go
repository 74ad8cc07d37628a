package testenv

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestMoto(t *testing.T) {
	s := Moto(t)
	if again := Moto(t); again != s {
		t.Error("the second call started a second server")
	}
	bucket := s.NewBucket(t)
	for path, want := range map[string]int{"/" + bucket + "/missing": http.StatusNotFound,
		"/moto-api/": http.StatusOK} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Endpoint+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.AccessKey+
			"/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
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

// What is optional is named where it cannot be installed, and is no failure where all other servers
// are required.
func TestOptional(t *testing.T) {
	for _, test := range []struct {
		mode string
		err  error
		want string
	}{
		{"", errors.New("no python3"), ""}, // and then get says so
		{"1", errors.New("no python3"), "not run: Thing: optional: no python3"},
		{"require", errors.New("no python3"), "not run: Thing: optional: no python3"},
		{"require", nil, ""},
	} {
		notRun := filepath.Join(t.TempDir(), "notrun")
		t.Setenv(ModeEnv, test.mode)
		t.Setenv(NotRunEnv, notRun)
		f := &fakeTB{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			optional(f, "Thing", func() error { return test.err })
		}()
		<-done
		if f.skipped != test.want || f.failed != "" {
			t.Errorf("mode %q: skipped %q, failed %q, want %q", test.mode, f.skipped, f.failed,
				test.want)
		}
		if _, err := os.Stat(notRun); (err == nil) != (test.want != "") {
			t.Errorf("mode %q: recorded: %v", test.mode, err)
		}
	}
}
