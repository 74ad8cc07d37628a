package counted

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/polystore/storage/conformance/fault"
)

// op is what the service was really told of one conditional write or delete, and what came of it.
type op struct {
	key      string       // the request of a Put to Cloud Storage has it in its body alone
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
		of: make(map[string]int64), deleted: make(map[string]int64),
		flying: make(map[string]int64), upon: make(map[[2]string]*op),
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

	mu      sync.Mutex
	of      map[string]int64  // writes that landed, by key
	deleted map[string]int64  // Deletes of these
	flying  map[string]int64  // writes that are not answered yet, by key
	upon    map[[2]string]*op // key and version that a call with a condition replaced
	forked  int64             // calls that landed upon a version that another call had replaced
}

func (l *landings) RoundTrip(req *http.Request) (*http.Response, error) {
	o, c := opOf(req.Context()), l.protocol.Classify(req)
	if o == nil || !writes(c.Op) {
		return l.base.RoundTrip(req)
	}
	l.flies(o.key, 1)
	defer l.flies(o.key, -1)
	resp, err := l.base.RoundTrip(req)
	if err != nil || resp.StatusCode/100 != 2 {
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
	o.place.CompareAndSwap(0, l.next(c.Op, o, version(req)))
	return resp, nil
}

// flies counts n requests more of key that are not answered yet.
func (l *landings) flies(key string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flying[key] += n
}

// version is the version that a request is tied to; empty: none, or none that it names.
func version(req *http.Request) string {
	if generation := req.URL.Query().Get("ifGenerationMatch"); generation != "0" {
		return cmp.Or(req.Header.Get("If-Match"), generation)
	}
	return ""
}

// next counts one write more of o, upon the version base if it is not empty. One call that lands
// twice is one: an upload that is completed twice is answered so on some services.
func (l *landings) next(method string, o *op, base string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if method == "Delete" {
		l.deleted[o.key]++
	}
	if replaced := [2]string{o.key, base}; base != "" {
		if by := l.upon[replaced]; by != nil && by != o {
			l.forked++
		}
		l.upon[replaced] = o
	}
	l.of[o.key]++
	return l.of[o.key]
}

// forks is how many calls the service let through upon a version that another had replaced.
func (l *landings) forks() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forked
}

// A tallied key is how many of its requests have landed, and how many may have.
type tallied struct{ writes, deletes, flying int64 }

// count is what has landed of key.
func (l *landings) count(key string) tallied {
	l.mu.Lock()
	defer l.mu.Unlock()
	return tallied{l.of[key], l.deleted[key], l.flying[key]}
}
