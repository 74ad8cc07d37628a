package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/bubble"
	"github.com/polystore/storage/internal/calmclock"
	"github.com/polystore/storage/internal/stub"
)

func wantError(t *testing.T, what string, err error, kind error, inDoubt bool) *storage.Error {
	t.Helper()
	e := stub.WantError(t, what, err, kind, inDoubt)
	noSecrets(t, err)
	return e
}

// calls are one call of each kind that is judged by its own rules.
var calls = map[string]func(context.Context, *Store) error{
	"Put": func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{})
		return err
	},
	"Put if absent": func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{IfAbsent: true})
		return err
	},
	"Put if match": func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{IfMatch: `"e"`})
		return err
	},
	"Complete": func(ctx context.Context, s *Store) error {
		_, err := s.CompleteUpload(ctx, "k", "id", []*storage.Part{{Number: 1, ETag: `"e"`}},
			&storage.PutOptions{})
		return err
	},
	"Complete if absent": func(ctx context.Context, s *Store) error {
		_, err := s.CompleteUpload(ctx, "k", "id", []*storage.Part{{Number: 1, ETag: `"e"`}},
			&storage.PutOptions{IfAbsent: true})
		return err
	},
	"Complete if match": func(ctx context.Context, s *Store) error {
		_, err := s.CompleteUpload(ctx, "k", "id", []*storage.Part{{Number: 1, ETag: `"e"`}},
			&storage.PutOptions{IfMatch: `"e"`})
		return err
	},
	"Copy": func(ctx context.Context, s *Store) error {
		_, err := s.Copy(ctx, "k", "src", &storage.CopyOptions{})
		return err
	},
	"Copy if absent": func(ctx context.Context, s *Store) error {
		_, err := s.Copy(ctx, "k", "src", &storage.CopyOptions{IfAbsent: true})
		return err
	},
	"Copy if match": func(ctx context.Context, s *Store) error {
		_, err := s.Copy(ctx, "k", "src", &storage.CopyOptions{IfMatch: `"e"`})
		return err
	},
	"Delete": func(ctx context.Context, s *Store) error {
		return s.Delete(ctx, "k",
			&storage.DeleteOptions{})
	},
	"Delete if match": func(ctx context.Context, s *Store) error {
		return s.Delete(ctx, "k", &storage.DeleteOptions{IfMatch: `"e"`})
	},
	"Get": func(ctx context.Context, s *Store) error {
		_, err := s.Get(ctx, "k", &storage.GetOptions{})
		return err
	},
	"Stat": func(ctx context.Context, s *Store) error {
		_, err := s.Stat(ctx, "k", &storage.StatOptions{})
		return err
	},
	"List": func(ctx context.Context, s *Store) error {
		_, err := s.ListPage(ctx, &storage.ListOptions{})
		return err
	},
	"Abort": func(ctx context.Context, s *Store) error { return s.AbortUpload(ctx, "k", "id") },
}

// A stub, because the servers at hand never answer most of these: no archive, no conflicts, no
// destination conditions.
func TestKinds(t *testing.T) {
	for _, c := range []struct {
		call    string
		status  int
		code    string
		kind    error
		inDoubt bool
	}{
		{"Put if absent", 412, "PreconditionFailed", storage.ErrExist, false},
		{"Put if absent", 409, "ConditionalRequestConflict", storage.ErrUnavailable, false},
		{"Put if match", 409, "ConditionalRequestConflict", storage.ErrUnavailable, false},
		{"Put if match", 412, "PreconditionFailed", storage.ErrPrecondition, false},
		{"Put if match", 404, "NoSuchKey", storage.ErrPrecondition, false},
		{"Put", 404, "NoSuchBucket", storage.ErrNoBucket, false},
		{"Put", 403, "AccessDenied", storage.ErrPermission, false},
		{"Put", 400, "BadDigest", storage.ErrIntegrity, false},
		{"Put", 400, "XAmzContentChecksumMismatch", storage.ErrIntegrity, false},
		{"Put", 400, "KeyTooLongError", storage.ErrInvalidKey, false},
		{"Put", 400, "MetadataTooLarge", storage.ErrInvalid, false},
		{"Put", 400, "EntityTooLarge", storage.ErrInvalid, false},
		{"Put", 400, "RequestTimeout", storage.ErrUnavailable, false},
		{"Put", 403, "RequestTimeTooSkewed", storage.ErrUnavailable, false},
		{"Put", 501, "NotImplemented", errors.ErrUnsupported, false},
		{"Put", 500, "InternalError", storage.ErrUnavailable, true},
		{"Put", 502, "BadGateway", storage.ErrUnavailable, true},
		{"Put", 504, "GatewayTimeout", storage.ErrUnavailable, true},
		{"Put", 503, "ServiceUnavailable", storage.ErrUnavailable, true},
		{"Put", 503, "SlowDown", storage.ErrThrottled, false},
		{"Put", 429, "Whatever", storage.ErrThrottled, false},
		{"Complete", 409, "ConditionalRequestConflict", storage.ErrUnavailable, false},
		{"Complete", 404, "NoSuchUpload", storage.ErrNotExist, false},
		{"Complete", 400, "InvalidPart", storage.ErrInvalid, false},
		{"Complete if absent", 412, "PreconditionFailed", storage.ErrExist, false},
		{"Complete if match", 412, "PreconditionFailed", storage.ErrPrecondition, false},
		{"Complete if match", 404, "NoSuchKey", storage.ErrPrecondition, false},
		{"Complete if match", 404, "NoSuchUpload", storage.ErrNotExist, false},
		{"Copy", 404, "NoSuchKey", storage.ErrNotExist, false},
		{"Copy", 412, "PreconditionFailed", storage.ErrPrecondition, false},
		{"Copy", 400, "InvalidRequest", errors.ErrUnsupported, false}, // above 5 GiB
		{"Copy", 403, "ObjectNotInActiveTierError", storage.ErrPermission, false},
		{"Copy if absent", 412, "PreconditionFailed", storage.ErrExist, false},
		{"Copy if absent", 409, "ConditionalRequestConflict", storage.ErrUnavailable, false},
		{"Copy if match", 412, "PreconditionFailed", storage.ErrPrecondition, false},
		{"Delete if match", 412, "PreconditionFailed", storage.ErrPrecondition, false},
		{"Delete if match", 404, "NoSuchKey", storage.ErrPrecondition, false},
		{"Delete", 500, "InternalError", storage.ErrUnavailable, true},
		{"Get", 404, "NoSuchKey", storage.ErrNotExist, false},
		{"Get", 404, "NoSuchVersion", storage.ErrNotExist, false},
		{"Get", 404, "NoSuchBucket", storage.ErrNoBucket, false},
		{"Get", 304, "", storage.ErrNotModified, false},
		{"Get", 412, "PreconditionFailed", storage.ErrPrecondition, false},
		{"Get", 416, "InvalidRange", storage.ErrRange, false},
		{"Get", 403, "InvalidObjectState", storage.ErrPermission, false},
		{"Get", 403, "InvalidAccessKeyId", storage.ErrPermission, false},
		{"Get", 403, "SignatureDoesNotMatch", storage.ErrPermission, false},
		{"Get", 500, "InternalError", storage.ErrUnavailable, false},
		{"Stat", 404, "", storage.ErrNotExist, false},
		{"Stat", 403, "", storage.ErrPermission, false},
		{"Stat", 412, "", storage.ErrPrecondition, false},
		{"Stat", 304, "", storage.ErrNotModified, false},
		{"Stat", 503, "", storage.ErrUnavailable, false},
		{"List", 404, "NoSuchBucket", storage.ErrNoBucket, false},
	} {
		t.Run(fmt.Sprintf("%s %d %s", c.call, c.status, c.code), func(t *testing.T) {
			srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
				if c.code == "" {
					w.WriteHeader(c.status)
					return
				}
				refuse(w, c.status, c.code)
			})
			e := wantError(t, c.call, calls[c.call](t.Context(), srv.store(t)), c.kind, c.inDoubt)
			if e.Status != c.status || c.code != "" && (e.Code != c.code ||
				e.RequestID != "REQUEST1") {
				t.Errorf("Status %d, Code %s, RequestID %s", e.Status, e.Code, e.RequestID)
			}
			if (c.code == "InvalidObjectState" || c.code == "ObjectNotInActiveTierError") &&
				!strings.Contains(e.Error(), "archived") {
				t.Errorf("%v does not say that the object is archived", e)
			}
			var api smithy.APIError
			if !errors.As(e, &api) {
				t.Errorf("no smithy.APIError in %v", e)
			}
			if n := len(srv.Seen()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
	for _, c := range []struct {
		call   string
		status int
		code   string
	}{{"Delete", 404, "NoSuchKey"}, {"Abort", 404, "NoSuchUpload"}} {
		srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
			refuse(w, c.status,
				c.code)
		})
		if err := calls[c.call](t.Context(), srv.store(t)); err != nil {
			t.Errorf("%s answered %s: %v", c.call, c.code, err)
		}
	}
}

// A stub, because no server here is made to fail after it has sent the status.
func Test200WithError(t *testing.T) {
	for _, c := range []struct {
		call, code string
		kind       error
		inDoubt    bool
	}{
		{"Put if absent", "PreconditionFailed", storage.ErrExist, false},
		{"Complete", "InternalError", storage.ErrUnavailable, true},
		{"Complete", "SlowDown", storage.ErrThrottled, false},
		{"Complete if match", "NoSuchKey", storage.ErrPrecondition, false},
		{"Copy", "InternalError", storage.ErrUnavailable, true},
	} {
		srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) { refuse(w, 200, c.code) })
		wantError(t, c.call+" "+c.code, calls[c.call](t.Context(), srv.store(t)), c.kind, c.inDoubt)
	}
	// And an answer that breaks off is no success.
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "<CompleteMultipartUploadResult>")
	})
	wantError(t, "Complete cut off", calls["Complete"](t.Context(), srv.store(t)),
		storage.ErrUnavailable, true)
}

// A stub, because the servers at hand do not throttle.
func TestThrottling(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("Retry-After", "3")
		refuse(w, 503, "SlowDown")
	})
	if e := wantError(t, "Put", calls["Put"](t.Context(), srv.store(t)), storage.ErrThrottled,
		false); e.RetryAfter != 3*time.Second {
		t.Errorf("RetryAfter = %v, want 3s", e.RetryAfter)
	}
	if n := len(srv.Seen()); n != 1 {
		t.Errorf("%d requests: the SDK tried again by itself", n)
	}
}

// A stub, because one region is all that the servers at hand have.
func TestWrongRegion(t *testing.T) {
	for _, c := range []struct {
		call   string
		status int
		code   string
	}{
		{"Put", 301, "PermanentRedirect"}, {"Get", 307, "TemporaryRedirect"}, {"Stat", 301, ""},
		{"Stat", 400, ""},
		{"List", 400, "AuthorizationHeaderMalformed"},
	} {
		srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
			w.Header().Set("X-Amz-Bucket-Region", "eu-west-3")
			w.Header().Set("Location", "http://"+r.Host+"/elsewhere")
			if c.code == "" {
				w.WriteHeader(c.status)
				return
			}
			refuse(w, c.status, c.code)
		})
		e := wantError(t, c.call, calls[c.call](t.Context(), srv.store(t)), storage.ErrInvalid,
			false)
		if !strings.Contains(e.Error(), "region eu-west-3") {
			t.Errorf("%s: %v does not name the region", c.call, e)
		}
		if n := len(srv.Seen()); n != 1 {
			t.Errorf("%s: %d requests, want 1: the redirect was followed", c.call, n)
		}
	}
}

// A stub, because the test chooses the byte at which the connection breaks.
func TestInDoubt(t *testing.T) {
	t.Run("reset after the body", func(t *testing.T) {
		srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) { stub.Reset(w) })
		for call, f := range calls {
			write := call != "Get" && call != "Stat" && call != "List"
			wantError(t, call, f(t.Context(), srv.store(t)), storage.ErrUnavailable, write)
		}
	})
	t.Run("reset within the body", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				io.ReadFull(conn, make([]byte, 100<<10))
				conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			}
		}()
		defer func() { l.Close(); <-done }()
		o := &Options{Endpoint: "http://" + l.Addr().String(), Provider: "aws", PathStyle: true,
			AccessKeyID: stubKey, SecretAccessKey: stubSecret}
		s := mustNew(t, "bucket", o)
		// More than the buffers of both sides: the last byte is never handed out.
		_, err = s.Put(t.Context(), "k", strings.NewReader(strings.Repeat("x", 64<<20)), 64<<20,
			&storage.PutOptions{})
		wantError(t, "Put", err, storage.ErrUnavailable, false)
	})
	t.Run("connection refused", func(t *testing.T) {
		srv := newStub(t, answerOK)
		srv.Close()
		for call, f := range calls {
			wantError(t, call, f(t.Context(), srv.store(t)), storage.ErrUnavailable, false)
		}
	})
	t.Run("no such host", func(t *testing.T) {
		s := mustNew(t, "bucket", &Options{Endpoint: "http://nowhere.invalid", AccessKeyID: stubKey,
			SecretAccessKey: stubSecret,
			HTTPClient: &http.Client{Transport: &http.Transport{DialContext: func(context.Context,
				string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host",
					Name: "nowhere.invalid", IsNotFound: true}}
			}}}})
		wantError(t, "Put", calls["Put"](t.Context(), s), storage.ErrUnavailable, false)
	})
	t.Run("unknown certificate", func(t *testing.T) {
		srv := newTLSStub(t, answerOK)
		o := srv.options()
		o.HTTPClient = nil
		wantError(t, "Put", calls["Put"](t.Context(), mustNew(t, "bucket", o)),
			storage.ErrUnavailable, false)
	})
}

// A stub that never answers: when the context ends, its error is all there is, and the doubt
// remains.
func TestContext(t *testing.T) {
	arrived := make(chan struct{}, 1)
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	s := srv.store(t)
	for call, f := range calls {
		ctx, cancel := context.WithCancel(t.Context())
		stop := make(chan struct{})
		go func() { <-arrived; cancel(); close(stop) }()
		e := wantError(t, call, f(ctx, s), nil, call != "Get" && call != "Stat" && call != "List")
		if e.Err != context.Canceled {
			t.Errorf("%s: Err = %v, want context.Canceled", call, e.Err)
		}
		<-stop
		e = wantError(t, call+" with a dead context", f(ctx, s), nil, false)
		if e.Err != context.Canceled {
			t.Errorf("%s: Err = %v, want context.Canceled", call, e.Err)
		}
	}
}

// A stub whose answer never ends: the context of Get rules its body, too.
func TestBodyContext(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("ETag", `"e"`)
		io.WriteString(w, "beginning")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := srv.store(t).Get(ctx, "k", &storage.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if _, err := io.ReadFull(r.Body, make([]byte, 9)); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = r.Body.Read(make([]byte, 9))
	if e := wantError(t, "Read", err, nil, false); e.Err != context.Canceled {
		t.Errorf("Err = %v, want context.Canceled", e.Err)
	}
}

// A stub that drops the connection within the body: it ends with an error, never with io.EOF.
func TestBodyCut(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("ETag", `"e"`)
		io.WriteString(w, "beginning")
	})
	r, err := srv.store(t).Get(t.Context(), "k", &storage.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	_, err = io.ReadAll(r.Body)
	wantError(t, "ReadAll", err, storage.ErrUnavailable, false)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("ReadAll: %v", err)
	}
}

// failing is a source that breaks.
type failing struct {
	*strings.Reader
	err error
}

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// The failure of the source is the caller's own error, and no doubt: the body was never whole.
func TestSourceFails(t *testing.T) {
	srv := newTLSStub(t, answerOK)
	s := srv.store(t)
	broken := errors.New("disk on fire")
	for _, sums := range []storage.Checksums{{}, {CRC32C: make([]byte, 4)}} {
		_, err := s.Put(t.Context(), "k", failing{strings.NewReader("content"), broken}, 7,
			&storage.PutOptions{Checksums: sums})
		if e := wantError(t, "Put", err, nil, false); e.Err != broken {
			t.Errorf("Err = %v, want %v", e.Err, broken)
		}
	}
}

// rotating gives out other credentials each time it is asked.
type rotating struct {
	ids     []string
	undated bool
}

func (r *rotating) Retrieve(context.Context) (aws.Credentials, error) {
	id := r.ids[0]
	if len(r.ids) > 1 {
		r.ids = r.ids[1:]
	}
	return aws.Credentials{AccessKeyID: id, SecretAccessKey: stubSecret, SessionToken: stubToken,
		CanExpire: !r.undated, Expires: time.Now().Add(time.Hour)}, nil
}

// A stub, because no server here lets credentials expire.
func TestExpiredToken(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if strings.Contains(r.Header.Get("Authorization"), "FRESH") {
			answerOK(w, r)
			return
		}
		refuse(w, 400, "ExpiredToken")
	})
	o := srv.options()
	o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
	o.Credentials = &rotating{ids: []string{"OLD", "FRESH"}}
	s := mustNew(t, "bucket", o)
	wantError(t, "with expired credentials", calls["Put"](t.Context(), s), storage.ErrUnavailable,
		false)
	if err := calls["Put"](t.Context(), s); err != nil {
		t.Errorf("after the refresh: %v", err)
	}
	o.Credentials = &rotating{ids: []string{"OLD"}}
	s = mustNew(t, "bucket", o)
	wantError(t, "with expired credentials", calls["Put"](t.Context(), s), storage.ErrUnavailable,
		false)
	wantError(t, "with the same again", calls["Put"](t.Context(), s), storage.ErrPermission, false)
}

// A stub, because no server here lets credentials expire: S3 answers a HEAD by 400 alone then, as
// it does for other reasons.
func TestExpiredTokenHead(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if strings.Contains(r.Header.Get("Authorization"), "FRESH") {
			answerOK(w, r)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
	})
	o := srv.options()
	o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
	o.Credentials = &rotating{[]string{"OLD", "FRESH"}, true}
	s := mustNew(t, "bucket", o)
	wantError(t, "with expired credentials", calls["Stat"](t.Context(), s), storage.ErrUnavailable,
		false)
	if err := calls["Stat"](t.Context(), s); err != nil {
		t.Errorf("after the refresh: %v", err)
	}
	o.Credentials = &rotating{[]string{"OLD"}, true}
	s = mustNew(t, "bucket", o)
	wantError(t, "for another reason", calls["Stat"](t.Context(), s), storage.ErrUnavailable, false)
	wantError(t, "for another reason again", calls["Stat"](t.Context(), s), storage.ErrInvalid,
		false)
	// Credentials may have ended before they say: by a clock that is behind, or because their
	// source could not renew them.
	o.Credentials = &rotating{[]string{"OLD", "FRESH"}, false}
	s = mustNew(t, "bucket", o)
	wantError(t, "with credentials for another hour", calls["Stat"](t.Context(), s),
		storage.ErrUnavailable, false)
	if err := calls["Stat"](t.Context(), s); err != nil {
		t.Errorf("after the refresh: %v", err)
	}
	// It was not that if those that came for it are refused, too: a role is not assumed again and
	// again.
	role := &rotating{[]string{"FIRST", "SECOND", "THIRD", "FOURTH"}, false}
	o.Credentials = role
	s = mustNew(t, "bucket", o)
	wantError(t, "for another reason", calls["Stat"](t.Context(), s), storage.ErrUnavailable, false)
	for range 2 {
		wantError(t, "for another reason, with a new role", calls["Stat"](t.Context(), s),
			storage.ErrInvalid, false)
	}
	if len(role.ids) != 2 {
		t.Errorf("the role was assumed until %v are left, want THIRD and FOURTH", role.ids)
	}
}

// Two requests that fail at the same time with the same credentials are both worth another attempt.
func TestExpiredTogether(t *testing.T) {
	c := newCredentialsCache(&rotating{ids: []string{"OLD"}})
	first, second := new(attempt), new(attempt)
	for _, a := range []*attempt{first, second} {
		if _, err := c.Retrieve(a.begin(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	if !c.expired(first.signed) || !c.expired(second.signed) {
		t.Error("credentials that were dropped meanwhile are not tried again")
	}
	third := new(attempt)
	if _, err := c.Retrieve(third.begin(t.Context())); err != nil {
		t.Fatal(err)
	}
	if c.expired(third.signed) {
		t.Error("the same credentials are tried for ever")
	}
}

// A stub with a clock of its own: one refusal teaches the client the skew.
func TestClockSkew(t *testing.T) {
	serverTime := time.Now().Add(3 * time.Hour).UTC()
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("Date", serverTime.Format(http.TimeFormat))
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		switch skewed := err != nil || serverTime.Sub(signed).Abs() > 15*time.Minute; {
		case r.URL.Path == "/bucket/forbidden", skewed && r.Method == http.MethodHead:
			w.WriteHeader(http.StatusForbidden)
		case skewed:
			refuse(w, 403, "RequestTimeTooSkewed")
		default:
			answerOK(w, r)
		}
	})
	for _, call := range []string{"Put", "Stat"} { // the answer to a HEAD has no body to say why
		s := srv.store(t)
		wantError(t, call+" with a wrong clock", calls[call](t.Context(), s),
			storage.ErrUnavailable, false)
		if err := calls[call](t.Context(), s); err != nil {
			t.Errorf("%s after the skew was learned: %v", call, err)
		}
		_, err := s.Stat(t.Context(), "forbidden", &storage.StatOptions{})
		wantError(t, "Stat of what is forbidden", err, storage.ErrPermission, false)
	}
}

// A service that takes the request and never answers stands for a container's that is not there:
// without a bound the SDK's goroutine, which nothing else ends, would outlive the Store.
func TestSilentCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := bubble.Serve(t, http.HandlerFunc(
			func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		))
		client := awshttp.NewBuildableClient().WithTransportOptions(func(base *http.Transport) {
			base.Proxy, base.DialContext = nil, silent.DialContext
		})
		var exchange credentialsExchange
		exchange.of(&aws.Config{HTTPClient: client})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://service", nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		resp, err := exchange.client.Do(req)
		if err == nil {
			resp.Body.Close()
			t.Fatal("an answer of nobody")
		}
		if d := time.Since(start); d != credentialsTimeout {
			t.Errorf("it took %v to give up, want %v", d, credentialsTimeout)
		}
	})
}

// A listener that accepts and never answers stands for the metadata service of a network that drops
// what it does not know. At an address that somebody configured, that is trouble.
func TestMissingCredentials(t *testing.T) {
	cleanEnvironment(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+silent.Addr().String())
	clock := calmclock.Start()
	defer clock.Close()
	for named, kind := range map[bool]error{true: storage.ErrUnavailable,
		false: storage.ErrPermission} {
		srv := newStub(t, answerOK)
		o := srv.options()
		o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
		s := mustNew(t, "bucket", o)
		s.credentials.source.Default = !named
		start := clock.Now()
		_, err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
		wantError(t, "SignURL", err, kind, false)
		if d := clock.Now() - start; d > 5*time.Second {
			t.Errorf("it took %v to notice", d)
		}
		if n := len(srv.Seen()); n != 0 {
			t.Errorf("%d requests without credentials", n)
		}
	}
	s := mustNew(t, "bucket", &Options{Anonymous: true, Region: "us-east-1"})
	if _, err := s.SignURL(t.Context(), "k", &storage.SignOptions{}); !errors.Is(err,
		errors.ErrUnsupported) {
		t.Errorf("SignURL, anonymous: %v", err)
	}
}

// A 408 is a proxy's, which may have given up on an answer after the commit.
func TestTimeoutIsDoubt(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		w.WriteHeader(http.StatusRequestTimeout)
	})
	for name, call := range calls {
		write := !strings.HasPrefix(name, "Get") && name != "Stat" && name != "List"
		wantError(t, name, call(t.Context(), srv.store(t)), storage.ErrUnavailable, write)
	}
}
