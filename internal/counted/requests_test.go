package counted

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/polystore/storage/conformance/fault"
)

// op is what the service was really told of one conditional write or delete, and what came of it.
type op struct {
	writes   atomic.Int32 // requests that write the object
	requests atomic.Int32 // these, and those that look at it
	happened atomic.Int32 // writes that the service has carried out
	place    atomic.Int64 // of the first of them in the order of the key's writes, from 1 on
}

type opKey struct{}

func opOf(ctx context.Context) *op {
	o, _ := ctx.Value(opKey{}).(*op)
	return o
}

// troubled is a transport on which the first request that writes, of each op, meets a fault. The
// others go through.
type troubled struct {
	protocol fault.Service
	faulty   fault.Transport
	below    http.RoundTripper
}

// newTroubled returns a transport with f over base.
func newTroubled(base http.RoundTripper, protocol fault.Service, f fault.Fault) *troubled {
	t := &troubled{protocol: protocol, below: &landings{
		base: base, protocol: protocol,
		of: make(map[string]int64), upon: make(map[[2]string]bool),
	}}
	t.faulty.Base, t.faulty.Service = t.below, protocol
	t.faulty.Add(fault.Rule{Times: fault.Always, Fault: f})
	return t
}

// writes reports whether a request of op changes the object of its key.
func writes(op string) bool {
	switch op {
	case "Put", "CompleteUpload", "Delete":
		return true
	}
	return false
}

func (t *troubled) RoundTrip(req *http.Request) (*http.Response, error) {
	o, c := opOf(req.Context()), t.protocol.Classify(req)
	switch {
	case o == nil:
	case c.Op == "Stat":
		o.requests.Add(1)
	case writes(c.Op):
		o.requests.Add(1)
		if o.writes.Add(1) == 1 {
			return t.faulty.RoundTrip(req)
		}
	}
	return t.below.RoundTrip(req)
}

// landings is a transport below all faults that notes which writes the service has carried out, in
// their order by the key.
type landings struct {
	base     http.RoundTripper
	protocol fault.Service

	mu     sync.Mutex
	of     map[string]int64   // writes that landed, by key
	upon   map[[2]string]bool // key and ETag that a write with If-Match replaced
	forked int64              // writes that landed upon an ETag that another had replaced
}

func (l *landings) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.base.RoundTrip(req)
	o, c := opOf(req.Context()), l.protocol.Classify(req)
	if err != nil || o == nil || !writes(c.Op) || resp.StatusCode/100 != 2 {
		return resp, err
	}
	if c.Op == "CompleteUpload" { // which S3 can refuse with 200
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(bytes.NewReader(text))
		if bytes.Contains(text, []byte("<Error>")) {
			return resp, nil
		}
	}
	o.happened.Add(1)
	o.place.CompareAndSwap(0, l.next(c.Key, req.Header.Get("If-Match")))
	return resp, nil
}

// next counts one write more of key, upon the ETag base if it is not empty.
func (l *landings) next(key, base string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if replaced := [2]string{key, base}; base != "" {
		if l.upon[replaced] {
			l.forked++
		}
		l.upon[replaced] = true
	}
	l.of[key]++
	return l.of[key]
}

// forks is how many writes the service let through upon an ETag that another had replaced.
func (l *landings) forks() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forked
}

// count is how many writes of key have landed.
func (l *landings) count(key string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of[key]
}
