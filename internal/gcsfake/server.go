package gcsfake

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Options say how a server differs from one that has no bucket, lets everybody in, and follows the
// machine's clock.
type Options struct {
	// Buckets exist from the start.
	Buckets []string

	// Tokens are the bearer tokens that the server knows: true ones may do everything, false ones
	// nothing (403). With any token here, a request needs a token (401 without, or with an unknown
	// one) or a valid signature. Empty: everybody may do everything, but a signature, where there
	// is one, is still verified.
	Tokens map[string]bool

	// Signers verify V4 signatures: of service accounts by e-mail address, of HMAC keys by access
	// ID.
	Signers     map[string]*rsa.PublicKey
	HMACSecrets map[string]string

	// RewriteLimit bounds the bytes that one call of a rewrite copies, so that copies take several
	// calls. Zero: one call where the storage class stays, else 1 GiB a call.
	RewriteLimit int64

	// SessionLife is how long a resumable session lasts; zero is Google's week.
	SessionLife time.Duration

	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// Server is a Cloud Storage of its own. It may be used by any number of clients at the same time.
type Server struct {
	// URL is where [Start] serves: http://127.0.0.1:port, without a path.
	URL string

	options Options

	mu       sync.Mutex // never held together with a bucket's
	buckets  map[string]*bucket
	sessions map[string]*session
	rewrites map[string]rewrite

	generation atomic.Int64 // the last one given
}

// New returns a server that is not served yet: it is an [http.Handler].
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SessionLife == 0 {
		o.SessionLife = 7 * 24 * time.Hour
	}
	s := &Server{options: o, buckets: map[string]*bucket{}, sessions: map[string]*session{},
		rewrites: map[string]rewrite{}}
	for _, name := range o.Buckets {
		s.buckets[name] = newBucket(name, s.now())
	}
	return s
}

// Start serves a new server on a free loopback port until the test has ended.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s := New(o)
	h := httptest.NewServer(s)
	tb.Cleanup(func() {
		h.CloseClientConnections()
		h.Close()
	})
	s.URL = h.URL
	return s
}

// NewBucket creates an empty bucket and returns its name, which no other bucket of any server has.
func (s *Server) NewBucket(tb testing.TB) string {
	tb.Helper()
	name := "t-" + strings.ToLower(rand.Text())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[name] = newBucket(name, s.now())
	return name
}

func (s *Server) now() time.Time { return s.options.Now().UTC() }

// nextGeneration returns a number that was never given before. Google's too are microseconds where
// nothing is in the way.
func (s *Server) nextGeneration() int64 {
	for {
		last := s.generation.Load()
		next := max(last+1, s.now().UnixMicro())
		if s.generation.CompareAndSwap(last, next) {
			return next
		}
	}
}

// bucket returns the bucket, or the error of one that does not exist.
func (s *Server) bucket(name string) (*bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[name]; b != nil {
		return b, nil
	}
	return nil, errNoBucket()
}

var _ http.Handler = (*Server)(nil)
