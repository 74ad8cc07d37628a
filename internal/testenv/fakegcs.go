package testenv

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/polystore/storage/internal/testenv/program"
)

// FakeGCS returns the shared fake-gcs-server over plain HTTP, or ends the test as the mode says.
// Its [Server.Endpoint] serves the JSON API below /storage/v1/, and the reads of the XML API. It
// asks for no credentials: its keys mean nothing.
func FakeGCS(tb testing.TB) *Server { tb.Helper(); return fakeGCS.get(tb) }

var fakeGCS = shared{kind: kind{
	name:    "fake-gcs-server",
	program: program.Program{Package: "github.com/fsouza/fake-gcs-server", Version: "v1.56.1"},
	ready:   "/_internal/healthcheck",
	command: fakeGCSCommand,
	create:  createGCSBucket,
}}

// fakeGCSCommand keeps objects in memory: the other backend tears reads, and has no versions. Links
// and sessions name the address that it is told here.
func fakeGCSCommand(l launch) (args, env []string, err error) {
	host, port, _ := strings.Cut(l.addr, ":")
	return []string{"-scheme", "http", "-host", host, "-port", port, "-public-host", l.addr,
		"-external-url", "http://" + l.addr,
		"-backend", "memory", "-log-level", "error"}, nil, nil
}

// createGCSBucket is a bare request, as createS3Bucket is.
func createGCSBucket(ctx context.Context, s *Server, name string) error {
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Endpoint+
		"/storage/v1/b?project=testenv", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return nil
}
