package storage

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

// Tracer is told of the calls of a Bucket and of the requests that they make. Set it as
// Options.Tracer.
//
// A call is a method of Bucket. The call of Get and NewReaderAt ends when the reader is closed,
// that of NewWriter at Commit or Close, and that of List when its iteration ends. A request is one
// attempt of one method of the Store. The request of a Get ends with its body.
//
// A Start method returns the context for everything below it. The context of a call is passed to
// its requests, and that of a request to the driver. The matching End method gets the same Call or
// Request with the results filled in, exactly once. The methods are called concurrently from the
// goroutines that do the work. They must not block, close anything, or keep their argument after
// End.
type Tracer interface {
	StartCall(ctx context.Context, c *Call) context.Context
	EndCall(ctx context.Context, c *Call)
	StartRequest(ctx context.Context, r *Request) context.Context
	EndRequest(ctx context.Context, r *Request)
}

// Call describes a call of a method of Bucket to a [Tracer].
type Call struct {
	Op    string // the method: "Put", "UploadFile"
	Key   string // as the caller gave it: a key, or the prefix of a list; empty where there is none
	Start time.Time

	// The following are set for EndCall.
	Duration time.Duration
	Bytes    int64 // of objects, sent and received, attempts that failed included
	Requests int   // attempts of methods of the Store
	Err      error // nil, or what the call returned; of a Reader, why it broke

	// Of a transfer with a StateFile: the bytes that an earlier call had transferred, and why its
	// state was not followed, where it was not.
	Resumed   int64
	Restarted string
}

// Request describes one attempt of one method of a Store to a [Tracer].
type Request struct {
	Op      string // the method: "Get", "PutPart"
	Key     string // as the Store sees it; of a list its prefix
	Attempt int    // from 1

	// Probe is set if the Store may answer errors.ErrUnsupported and Bucket then takes another way.
	// Such an answer is not a failure of the call.
	Probe bool

	// Hedge is set if the attempt of this number is made once more, because it takes much longer
	// than others. The one that is answered first counts, and the other one fails.
	Hedge bool
	Start time.Time

	// The following are set for EndRequest. A driver tells Status and RequestID by [RequestOf], and
	// Sent and Received where it knows better than the Bucket, which counts the bodies of objects.
	Duration       time.Duration
	Sent, Received int64
	Status         int
	RequestID      string
	Err            error
}

// RequestOf returns the Request for which a method of a Store was called, so that a driver can set
// its Status, RequestID, Sent and Received. The driver may write to it until that method returns.
// Without a [Tracer] it is nil.
func RequestOf(ctx context.Context) *Request {
	t, _ := ctx.Value(requestKey{}).(*Request)
	return t
}

type requestKey struct{}

// tracedCall is a Call in progress. A nil tracedCall does nothing.
type tracedCall struct {
	Call
	tracer   Tracer
	ctx      context.Context // of StartCall
	bytes    atomic.Int64
	requests atomic.Int64
	over     atomic.Bool
}

type callKey struct{}

// traceResumed tells the call of ctx that n bytes need no transfer.
func traceResumed(ctx context.Context, n int64) {
	if c, _ := ctx.Value(callKey{}).(*tracedCall); c != nil {
		c.Resumed = n
	}
}

// traceRestart tells the call of ctx why it did not go on from its state.
func traceRestart(ctx context.Context, why string) {
	if c, _ := ctx.Value(callKey{}).(*tracedCall); c != nil {
		c.Restarted, c.Resumed = why, 0
	}
}

// startCall returns the context of the call and the call. Without a Tracer they are ctx and nil.
func startCall(ctx context.Context, t Tracer, op, key string) (context.Context, *tracedCall) {
	if t == nil {
		return ctx, nil
	}
	c := &tracedCall{Call: Call{Op: op, Key: key, Start: time.Now()}, tracer: t}
	c.ctx = context.WithValue(t.StartCall(ctx, &c.Call), callKey{}, c)
	return c.ctx, c
}

func (c *tracedCall) end(err error) {
	if c == nil || c.over.Swap(true) {
		return
	}
	c.Duration, c.Bytes = time.Since(c.Start), c.bytes.Load()
	c.Requests, c.Err = int(c.requests.Load()), err
	c.tracer.EndCall(c.ctx, &c.Call)
}

// tracedRequest is a Request in progress. A nil tracedRequest does nothing.
type tracedRequest struct {
	Request
	tracer         Tracer
	call           *tracedCall
	ctx            context.Context // of StartRequest
	sent, received atomic.Int64
	over           atomic.Bool
}

// startRequest returns the context of the request and the request.
func startRequest(ctx context.Context, t Tracer, r Request) (context.Context, *tracedRequest) {
	q := &tracedRequest{Request: r, tracer: t}
	if q.call, _ = ctx.Value(callKey{}).(*tracedCall); q.call != nil {
		q.call.requests.Add(1)
	}
	q.Start = time.Now()
	q.ctx = context.WithValue(t.StartRequest(ctx, &q.Request), requestKey{}, &q.Request)
	return q.ctx, q
}

func (q *tracedRequest) sentBytes(n int)     { q.count(n, true) }
func (q *tracedRequest) receivedBytes(n int) { q.count(n, false) }

func (q *tracedRequest) count(n int, sent bool) {
	switch {
	case q == nil:
		return
	case sent:
		q.sent.Add(int64(n))
	default:
		q.received.Add(int64(n))
	}
	if q.call != nil {
		q.call.bytes.Add(int64(n))
	}
}

func (q *tracedRequest) end(err error) {
	if q == nil || q.over.Swap(true) {
		return
	}
	q.Duration, q.Err = time.Since(q.Start), err
	setDefault(&q.Sent, q.sent.Load())
	setDefault(&q.Received, q.received.Load())
	if e := (*Error)(nil); errors.As(err, &e) {
		setDefault(&q.Status, e.Status)
		setDefault(&q.RequestID, e.RequestID)
	}
	q.tracer.EndRequest(q.ctx, &q.Request)
}

// LogTracer returns a Tracer that logs each call at level Info and each request at level Debug when
// it ends.
func LogTracer(l *slog.Logger) Tracer { return logTracer{l} }

type logTracer struct{ l *slog.Logger }

func (logTracer) StartCall(ctx context.Context, _ *Call) context.Context       { return ctx }
func (logTracer) StartRequest(ctx context.Context, _ *Request) context.Context { return ctx }

func (t logTracer) EndCall(ctx context.Context, c *Call) {
	t.log(ctx, slog.LevelInfo, "storage call", c.Err,
		slog.String("op", c.Op), slog.String("key", c.Key),
		slog.Duration("duration", c.Duration), slog.Int64("bytes", c.Bytes),
		slog.Int("requests", c.Requests))
}

func (t logTracer) EndRequest(ctx context.Context, r *Request) {
	t.log(ctx, slog.LevelDebug, "storage request", r.Err,
		slog.String("op", r.Op), slog.String("key", r.Key),
		slog.Int("attempt", r.Attempt), slog.Bool("probe", r.Probe), slog.Bool("hedge", r.Hedge),
		slog.Duration("duration", r.Duration),
		slog.Int64("sent", r.Sent), slog.Int64("received", r.Received),
		slog.Int("status", r.Status), slog.String("requestId", r.RequestID))
}

func (t logTracer) log(
	ctx context.Context, level slog.Level, msg string, err error, attrs ...slog.Attr,
) {
	if err != nil {
		attrs = append(attrs, slog.String("err", err.Error()))
	}
	t.l.LogAttrs(ctx, level, msg, attrs...)
}
