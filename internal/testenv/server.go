package testenv

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Server is a running server. It may be used by any number of tests at the same time, each with a
// bucket of its own.
type Server struct {
	Name      string // for messages: "MinIO over TLS"
	Endpoint  string // http://127.0.0.1:port or https://127.0.0.1:port
	Version   string // of the program
	Region    string
	AccessKey string
	SecretKey string

	CA     *x509.CertPool // has the server's certificate; nil over plain HTTP
	Client *http.Client   // trusts CA; shared

	process *process
	helpers []*process // that it cannot do without
	data    *dataDir
	create  func(ctx context.Context, s *Server, bucket string) error
}

// Transport returns a new transport that trusts the server's certificate, and verifies it. It
// speaks HTTP/1.1, knows no proxy and leaves bodies as they are. Its idle connections end with the
// server.
func (s *Server) Transport() *http.Transport {
	t := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	if s.CA != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: s.CA, MinVersion: tls.VersionTLS12}
	}
	return t
}

// NewBucket creates an empty bucket for the test and returns its name. It goes with the server's
// data.
func (s *Server) NewBucket(tb testing.TB) string {
	tb.Helper()
	name := "t-" + strings.ToLower(rand.Text())
	if err := s.createPatiently(tb.Context(), name); err != nil {
		tb.Fatalf("creating a bucket on %s: %v", s.Name, err)
	}
	return name
}

// errNotYet says that the server serves, but not everything.
var errNotYet = errors.New("503")

// createPatiently asks again for a while: MinIO has answered XMinioServerNotInitialized after it
// said that it was ready.
func (s *Server) createPatiently(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.create(ctx, s, name)
		if !errors.Is(err, errNotYet) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

// createS3Bucket is a bare signed request: a fault in a driver or an SDK's client shall not be able
// to hide here.
func createS3Bucket(ctx context.Context, s *Server, name string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, s.Endpoint+"/"+name, nil)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(nil)
	hash := hex.EncodeToString(sum[:])
	req.Header.Set("X-Amz-Content-Sha256", hash)
	creds := aws.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey}
	if err := v4.NewSigner().SignHTTP(ctx, creds, req, hash, "s3", s.Region,
		time.Now()); err != nil {
		return err
	}
	resp, err := s.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusServiceUnavailable:
		return fmt.Errorf("%w: %s", errNotYet, body)
	}
	return fmt.Errorf("%s: %s", resp.Status, body)
}

func (s *Server) stop() {
	s.process.stop()
	stopAll(s.helpers)
	s.Client.CloseIdleConnections()
	s.data.remove()
}

// Count wraps rt; n tells how many requests have gone through it.
func Count(rt http.RoundTripper) (counted http.RoundTripper, n func() int64) {
	c := &counter{rt: rt}
	return c, c.n.Load
}

type counter struct {
	rt http.RoundTripper
	n  atomic.Int64
}

func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.rt.RoundTrip(req)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport.
func (c *counter) CloseIdleConnections() {
	if t, ok := c.rt.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
