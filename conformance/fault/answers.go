package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The faults in this file are of HTTP: a [Store] panics when it meets one.

// NoHost fails because the name of the host is not known.
func NoHost() Fault {
	err := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
		Err: "no such host", Name: "fault.invalid", IsNotFound: true,
	}}
	return Fault{http: true, dial: true, err: errors.Join(ErrUnsent, err)}.named("NoHost")
}

// Status answers with the status and the error code of the service, and does not ask the service.
// header are names and values of further headers: "Retry-After", "1".
func Status(status int, code string, header ...string) Fault {
	f := Fault{http: true, answer: refusal(status, code, header...)}
	name := strconv.Itoa(status)
	if code != "" {
		name += " " + code
	}
	for i := 0; i+1 < len(header); i += 2 {
		name += " " + header[i]
	}
	return f.named("Status(%s)", name)
}

// Answer answers with a body and does not ask the service. header is as in [Status].
func Answer(status int, body string, header ...string) Fault {
	return Fault{http: true, answer: func(Service, Call) *http.Response {
		return respond(status, body, header)
	}}.named("Answer(%d)", status)
}

// Page answers 200 with a page of HTML, as a proxy or the portal of a hotel does.
func Page() Fault {
	const page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>" +
		"<body><p>Please sign in to use this network.</p></body></html>\n"
	return Answer(200, page, "Content-Type", "text/html; charset=utf-8").named("Page")
}

// Failed200 answers 200 with an error in the body. S3 does this when a copy or a completion fails
// after it has begun to answer.
func Failed200() Fault {
	return Fault{http: true, answer: func(s Service, c Call) *http.Response {
		r := s.refuse(500, "InternalError", nil)
		r.StatusCode, r.Status = 200, "200 OK"
		return r
	}}.named("Failed200")
}

// Carried returns a copy of f that carries the request out before it answers as f does.
func (f Fault) Carried() Fault {
	f.asked = true
	return f.named("%v carried out", f)
}

// Reset breaks the body after n bytes with a reset of the connection.
func Reset(n int64) Fault {
	f := Fault{http: true, body: wrong(func(s *stream) {
		s.ends, s.end = n, func(s *stream) error { return s.says.reset }
	})}
	return f.named("Reset(%d)", n)
}

// Long adds n bytes to the body. The Content-Length counts them.
func Long(n int64) Fault {
	return Fault{
		http: true,
		body: wrong(func(s *stream) { s.more = n }),
		edit: func(r *http.Response) {
			if r.ContentLength >= 0 {
				setLength(r, r.ContentLength+n)
			}
		},
	}.named("Long(%d)", n)
}

// Length adds n to the Content-Length. The body stays: it ends too early for n > 0, and is cut to
// the Content-Length for n < 0, as a client of HTTP reads it.
func Length(n int64) Fault {
	return Fault{http: true, edit: func(r *http.Response) {
		was := r.ContentLength
		if was < 0 || was+n < 0 {
			return
		}
		setLength(r, was+n)
		if r.Request != nil && r.Request.Method == http.MethodHead {
			return
		}
		if n < 0 {
			r.Body = readCloser{io.LimitReader(r.Body, was+n), r.Body}
			return
		}
		r.Body = readCloser{io.MultiReader(r.Body, failing{io.ErrUnexpectedEOF}), r.Body}
	}}.named("Length(%+d)", n)
}

// Range gives other bytes than those that were asked for: they begin n bytes later, zeros follow
// the last one, and the Content-Range says so. An answer without one goes through.
func Range(n int64) Fault {
	return Fault{http: true, edit: func(r *http.Response) {
		var first, last int64
		var size string
		_, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/%s", &first, &last, &size)
		if err != nil {
			return
		}
		r.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%s", first+n, last+n, size))
		moved := &movedBody{Reader: io.MultiReader(r.Body, bytes.NewReader(make([]byte, n))),
			skip: n}
		r.Body = readCloser{moved, r.Body}
	}}.named("Range(%+d)", n)
}

// movedBody leaves out the first bytes of what it reads.
type movedBody struct {
	io.Reader
	skip int64
}

func (m *movedBody) Read(p []byte) (int, error) {
	if m.skip > 0 {
		n, err := io.CopyN(io.Discard, m.Reader, m.skip)
		if m.skip -= n; err != nil {
			return 0, err
		}
	}
	return m.Reader.Read(p)
}

// Header sets a header of the answer, or takes it out where value is empty.
func Header(name, value string) Fault {
	return Fault{http: true, edit: func(r *http.Response) {
		if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
	}}.named("Header(%s)", name)
}

// FlipSent changes the byte at offset n of the request's body on its way to the service.
func FlipSent(n int64) Fault {
	return Fault{http: true, sent: func(b io.ReadCloser) io.ReadCloser {
		s := &stream{ReadCloser: b, says: ofHTTP}
		return wrong(func(s *stream) { s.flips = n })(s)
	}}.named("FlipSent(%d)", n)
}

// refusal makes the answers of Status.
func refusal(status int, code string, header ...string) func(Service, Call) *http.Response {
	return func(s Service, _ Call) *http.Response { return s.refuse(status, code, header) }
}

// refuse is the refusal of a service, in its dialect.
func (s Service) refuse(status int, code string, header []string) *http.Response {
	body, kind := "", "application/xml"
	switch s {
	case S3:
		body = fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code>"+
			"<Message>Made by a fault.</Message><RequestId>F</RequestId></Error>", code)
	case Azure:
		body = fmt.Sprintf("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Error><Code>%s</Code>"+
			"<Message>Made by a fault.</Message></Error>", code)
		header = append([]string{"x-ms-error-code", code, "x-ms-request-id", "F"}, header...)
	case GCS:
		kind = "application/json"
		b, _ := json.Marshal(map[string]any{"error": map[string]any{
			"code": status, "message": "Made by a fault.",
			"errors": []any{map[string]string{"domain": "global", "reason": code}},
		}})
		body = string(b)
	default:
		body, kind = code+"\n", "text/plain; charset=utf-8"
	}
	return respond(status, body, append([]string{"Content-Type", kind}, header...))
}

func respond(status int, body string, header []string) *http.Response {
	r := &http.Response{
		Status:     fmt.Sprintf("%d %s", status, http.StatusText(status)),
		StatusCode: status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}
	setLength(r, int64(len(body)))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func retryAfter(d time.Duration) []string {
	if d <= 0 {
		return nil
	}
	return []string{"Retry-After", strconv.Itoa(int((d + time.Second - 1) / time.Second))}
}

func setLength(r *http.Response, n int64) {
	r.ContentLength = n
	r.Header.Set("Content-Length", strconv.FormatInt(n, 10))
}

// connection is the error of a broken connection.
func connection(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Err: err}
}

var (
	errRefused = connection("dial",
		errors.Join(ErrUnsent, os.NewSyscallError("connect", syscall.ECONNREFUSED)))
	errReset = connection("read",
		errors.Join(ErrLost, os.NewSyscallError("read", syscall.ECONNRESET)))
)

type readCloser struct {
	io.Reader
	io.Closer
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Skewed refuses a request as signed at the wrong time, in the words of the service.
func Skewed() Fault {
	return Fault{http: true, answer: func(s Service, _ Call) *http.Response {
		return s.refuse(403, map[Service]string{
			S3: "RequestTimeTooSkewed", GCS: "forbidden", Azure: "AuthenticationFailed",
		}[s], nil)
	}}.named("Skewed")
}

// Expired refuses a request as made with a token that has expired, in the words of the service.
func Expired() Fault {
	return Fault{http: true, answer: func(s Service, _ Call) *http.Response {
		if s == S3 {
			return s.refuse(400, "ExpiredToken", nil)
		}
		return s.refuse(401, map[Service]string{
			GCS: "authError", Azure: "InvalidAuthenticationInfo",
		}[s], nil)
	}}.named("Expired")
}
