package conformance

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// faultRow is a fault as the matrix has it.
type faultRow struct {
	name  string
	fault func(c *cell) fault.Fault
	ever  bool // every request of the operation meets it, not only the first

	// fails are the kinds of error that the contract names for it. Without any, the call must
	// succeed. sure says that the service has done nothing: no outcome is unknown.
	fails []error
	sure  bool

	answers bool // it is in the body of an answer
	ranges  bool // it is in the Content-Range of an answer
	sends   bool // it is in the body of a request
	sums    bool // only a checksum shows it
	lies    bool // the answer says that it is longer or shorter than it is
	waits   bool // it takes as long as the stall limit
	late    bool // the request arrives beside the next attempt
	rival   bool // another program writes
	only    []fault.Service
	ops     []string // the operations whose answer it can be; nil: all
}

// of reports whether the service has it.
func (r *faultRow) of(s fault.Service) bool { return r.only == nil || slices.Contains(r.only, s) }

// slow is larger for rows that take longer.
func (r *faultRow) slow() int {
	n := 0
	if r.ever {
		n++
	}
	if r.waits {
		n += 2
	}
	return n
}

// passing are the kinds of trouble that passes.
var passing = []error{storage.ErrUnavailable, storage.ErrThrottled}

// refusing are the kinds of a refusal that the service did not mean.
var refusing = []error{
	storage.ErrPermission, storage.ErrUnavailable, storage.ErrInvalid, storage.ErrNoBucket,
	errNoKind,
}

// errNoKind stands for an error without a kind.
var errNoKind = errors.New("an error without a kind")

func always(f fault.Fault) func(*cell) fault.Fault {
	return func(*cell) fault.Fault { return f }
}

// misled are the kinds of a read whose answer lies about its length, where a checksum alone tells.
var misled = []error{storage.ErrIntegrity, storage.ErrChanged}

// mid is an offset in the middle of the answers, documents included.
const mid = 40

var faultRows = []faultRow{
	{name: "no connection", fault: always(fault.Unsent())},
	{
		name: "no connection, ever", fault: always(fault.Unsent()), ever: true, fails: passing,
		sure: true,
	},
	{name: "no such host", fault: always(fault.NoHost())},
	{
		name: "no such host, ever", fault: always(fault.NoHost()), ever: true, fails: passing,
		sure: true,
	},
	{name: "request lost", fault: always(fault.Doubt())},
	{name: "request lost, ever", fault: always(fault.Doubt()), ever: true, fails: passing},
	{name: "answer lost", fault: always(fault.Lost())},
	{name: "answer lost, ever", fault: always(fault.Lost()), ever: true, fails: passing},
	{name: "delivered late", fault: always(fault.Late()), waits: true, late: true},
	{name: "delivered twice", fault: always(fault.Twice())},
	{name: "delivered twice, ever", fault: always(fault.Twice()), ever: true},
	{name: "never served", fault: always(fault.Hang()), waits: true},
	{
		name: "never served, ever", fault: always(fault.Hang()), ever: true, fails: passing,
		waits: true,
	},
	{
		name: "stalled while sending", fault: always(fault.HangSending(100)), sends: true,
		waits: true,
	},
	{name: "never answered", fault: always(fault.HangWaiting()), waits: true},
	{name: "500", fault: always(fault.Status(500, "InternalError"))},
	{name: "500, ever", fault: always(fault.Status(500, "InternalError")), ever: true,
		fails: passing},
	{name: "500, carried out", fault: always(fault.Status(500, "InternalError").Carried())},
	{
		name: "500, carried out, ever", fault: always(fault.Status(500, "InternalError").Carried()),
		ever: true, fails: passing,
	},
	{
		name:  "502",
		fault: always(fault.Answer(502, "<html>Bad Gateway</html>", "Content-Type", "text/html")),
	},
	{name: "503", fault: always(fault.Status(503, "ServiceUnavailable"))},
	{name: "503, carried out", fault: always(fault.Answer(503, "").Carried())},
	{
		name:  "503, Retry-After in seconds",
		fault: always(fault.Status(503, "SlowDown", "Retry-After", "60")), fails: passing,
	},
	{
		name: "503, Retry-After as a date",
		fault: func(*cell) fault.Fault {
			at := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
			return fault.Status(503, "SlowDown", "Retry-After", at)
		},
		fails: passing,
	},
	{name: "429", fault: always(fault.Status(429, "TooManyRequests"))},
	{
		name: "429, ever", fault: always(fault.Status(429, "TooManyRequests")), ever: true,
		fails: passing,
	},
	{name: "408", fault: always(fault.Status(408, "RequestTimeout"))},
	{
		name: "409, try again", fault: always(fault.Status(409, "ConditionalRequestConflict")),
		only: []fault.Service{fault.S3}, ops: []string{"Put", "CompleteUpload", "Copy"},
	},
	{name: "200 with an error", fault: always(fault.Failed200())},
	{name: "200 with an error, ever", fault: always(fault.Failed200()), ever: true, fails: passing},
	{name: "clock skew", fault: always(fault.Skewed()), fails: refusing},
	{name: "expired token", fault: always(fault.Expired()), fails: refusing},
	{
		name:  "307",
		fault: always(fault.Status(307, "TemporaryRedirect", "Location", "http://127.0.0.1:1/")),
		fails: refusing,
	},
	{name: "a proxy's page", fault: always(fault.Page())},
	{name: "a proxy's page, ever", fault: always(fault.Page()), ever: true, fails: passing},
	{name: "cut at once", fault: always(fault.Cut(0)), answers: true},
	{name: "cut in the middle", fault: always(fault.Cut(mid)), answers: true},
	{name: "reset in the middle", fault: always(fault.Reset(mid)), answers: true},
	{name: "stalled in the middle", fault: always(fault.Stall(mid)), answers: true, waits: true},
	{
		// A server-side copy may take longer without a byte: there a byte a second is no stall.
		name: "one byte a second", fault: always(fault.Drip(time.Second)), answers: true,
		waits: true,
		ops: []string{
			"Get", "Put", "ListPage", "CreateUpload", "PutPart", "CompleteUpload", "DeleteBatch",
			"ListPartsPage", "ListUploadsPage", "Tags",
		},
	},
	{
		name: "one byte flipped", fault: always(fault.Flip(mid)), answers: true, sums: true,
		fails: []error{storage.ErrIntegrity},
	},
	{name: "too few bytes", fault: always(fault.Short(mid)), answers: true, lies: true},
	{name: "too many bytes", fault: always(fault.Long(9)), answers: true, lies: true},
	{name: "Content-Length too large", fault: always(fault.Length(9)), answers: true, lies: true},
	{name: "Content-Length too small", fault: always(fault.Length(-9)), answers: true, lies: true},
	{name: "another Content-Range", fault: always(fault.Range(7)), ranges: true},
	{name: "no Content-Range", fault: always(fault.Header("Content-Range", "")), ranges: true},
	{
		name: "sent byte flipped", fault: always(fault.FlipSent(mid)), sends: true,
		fails: append([]error{storage.ErrIntegrity}, refusing...), ops: []string{"Put", "PutPart"},
	},
	{
		name: "replaced before", rival: true,
		fault: func(c *cell) fault.Fault { return fault.None().Before(c.rivalHook) },
		fails: []error{storage.ErrExist, storage.ErrPrecondition, storage.ErrChanged},
	},
	{
		name: "replaced in the middle", answers: true, rival: true,
		fault: func(c *cell) fault.Fault { return fault.At(mid, c.rivalNow) },
		fails: []error{storage.ErrExist, storage.ErrPrecondition, storage.ErrChanged},
		ops:   []string{"Get"},
	},
}

// pointless says why the row cannot be tried with an operation of a path, or "".
func (r *faultRow) pointless(p *faultPath, op string, seen *witnessed) string {
	o := seen.byOp[op]
	switch {
	case r.ops != nil && !slices.Contains(r.ops, op):
		return "no service does this to the operation"
	case r.answers && o.received < 2*mid:
		return "the answer has no body, or next to none"
	case r.ranges && !o.ranged:
		return "the answer has no Content-Range"
	case r.sends && o.sent < 2*mid:
		return "the request has no body, or next to none"
	case r.sums && (op != "Get" || !p.summed):
		return "no checksum covers the answer"
	case r.lies && op == "Get" && !o.sized && !p.summed:
		return "nothing but the Content-Length tells the length, and no checksum covers the answer"
	case r.rival && p.alone:
		return "another program's write is no trouble to it"
	}
	return ""
}

// witnessed is what the requests of a call had, by operation.
type witnessed struct {
	order []string
	count map[string]int
	byOp  map[string]*traits
}

type traits struct {
	sent, received int64
	ranged         bool
	sized          bool // in every answer a header beside Content-Length tells the length, too
}

func (w *witnessed) ops() []string { return w.order }

// witness is a transport that notes what requests and answers have. It is for one request at a time
// of each operation, or for more whose traits are alike.
type witnessTransport struct {
	base     http.RoundTripper
	classify func(*http.Request) fault.Call
	note     func(op string, t traits)
}

func (w *witnessTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	op := w.classify(req).Op
	t := traits{sent: req.ContentLength}
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	t.ranged = resp.Header.Get("Content-Range") != ""
	t.sized = t.ranged || sized(resp)
	if req.Method != http.MethodHead {
		resp.Body = &countedBody{resp.Body, func(n int64) {
			t.received = n
			w.note(op, t)
		}, 0}
	}
	w.note(op, t)
	return resp, nil
}

// sized reports whether a header beside Content-Length tells the length of the answer.
func sized(resp *http.Response) bool {
	n := strconv.FormatInt(resp.ContentLength, 10)
	for name, values := range resp.Header {
		if name != "Content-Length" && slices.Contains(values, n) {
			return true
		}
	}
	return false
}

// countedBody tells how much was read so far.
type countedBody struct {
	io.ReadCloser
	tell func(int64)
	n    int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	b.tell(b.n)
	return n, err
}
