package azure

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// calls are one call of each kind that is judged by its own rules.
var calls = map[string]func(context.Context, *Store) error{
	"Put": func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{})
		return err
	},
	"Put empty": func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader(""), 0, &storage.PutOptions{})
		return err
	},
	"Put if absent": func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{IfAbsent: true})
		return err
	},
	"Put if match": func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{IfMatch: stubETag})
		return err
	},
	"PutPart": func(ctx context.Context, s *Store) error {
		_, err := s.PutPart(ctx, "k", newUploadID("k"), 1, strings.NewReader("x"), 1,
			&storage.PartOptions{})
		return err
	},
	"Complete": func(ctx context.Context, s *Store) error {
		_, err := s.CompleteUpload(ctx, "k", newUploadID("k"), []*storage.Part{{Number: 1}},
			&storage.PutOptions{})
		return err
	},
	"Complete if absent": func(ctx context.Context, s *Store) error {
		_, err := s.CompleteUpload(ctx, "k", newUploadID("k"), []*storage.Part{{Number: 1}},
			&storage.PutOptions{IfAbsent: true})
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
	"Delete": func(ctx context.Context, s *Store) error {
		return s.Delete(ctx, "k",
			&storage.DeleteOptions{})
	},
	"Delete if match": func(ctx context.Context, s *Store) error {
		return s.Delete(ctx, "k", &storage.DeleteOptions{IfMatch: stubETag})
	},
	"DeleteBatch": func(ctx context.Context, s *Store) error {
		errs, err := s.DeleteBatch(ctx, []string{"k"}, &storage.DeleteBatchOptions{})
		return errors.Join(append(errs, err)...)
	},
	"Get": func(ctx context.Context, s *Store) error {
		_, err := s.Get(ctx, "k", &storage.GetOptions{})
		return err
	},
	"Get range": func(ctx context.Context, s *Store) error {
		_, err := s.Get(ctx, "k", &storage.GetOptions{Offset: 5})
		return err
	},
	"Get parts": func(ctx context.Context, s *Store) error {
		_, err := s.ListPartsPage(ctx, "k", newUploadID("k"), &storage.ListPartsOptions{})
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
}

// Every answer has the kind that it means.
func TestKinds(t *testing.T) {
	tests := []struct {
		call   string
		status int
		code   string
		kind   error
		doubt  bool
	}{
		{"Get", 404, "BlobNotFound", storage.ErrNotExist, false},
		{"Get", 404, "ResourceNotFound", storage.ErrNotExist, false},
		{"Get", 404, "ContainerNotFound", storage.ErrNoBucket, false},
		{"Stat", 404, "BlobNotFound", storage.ErrNotExist, false},
		{"Stat", 404, "ContainerNotFound", storage.ErrNoBucket, false},
		{"List", 404, "ContainerNotFound", storage.ErrNoBucket, false},
		{"List", 404, "ResourceNotFound", storage.ErrNoBucket, false},
		{"Put", 404, "ContainerNotFound", storage.ErrNoBucket, false},
		{"Delete", 404, "ContainerNotFound", storage.ErrNoBucket, false},
		{"DeleteBatch", 404, "ContainerNotFound", storage.ErrNoBucket, false},
		{"Get", 403, "AuthenticationFailed", storage.ErrPermission, false},
		{"Get", 403, "AuthorizationPermissionMismatch", storage.ErrPermission, false},
		{"Get", 401, "NoAuthenticationInformation", storage.ErrPermission, false},
		{"Get", 409, "PublicAccessNotPermitted", storage.ErrPermission, false},
		{"Stat", 403, "AuthorizationFailure", storage.ErrPermission, false},
		{"Put", 403, "UnauthorizedBlobOverwrite", storage.ErrPermission, false},
		{"Put", 412, "LeaseIdMissing", storage.ErrPermission, false},
		{"Put if match", 412, "LeaseIdMissing", storage.ErrPermission, false},
		{"Delete", 412, "LeaseIdMissing", storage.ErrPermission, false},
		{"Put", 409, "BlobImmutableDueToPolicy", storage.ErrPermission, false},
		{"Get", 409, "ContainerDisabled", storage.ErrPermission, false},
		{"Put", 409, "PendingCopyOperation", storage.ErrUnavailable, false},
		{"Get", 409, "BlobArchived", storage.ErrPermission, false},
		{"Get range", 416, "InvalidRange", storage.ErrRange, false},
		{"Put if absent", 409, "BlobAlreadyExists", storage.ErrExist, false},
		{"Put if absent", 412, "ConditionNotMet", storage.ErrExist, false},
		{"Put if match", 412, "ConditionNotMet", storage.ErrPrecondition, false},
		{"Put if match", 404, "BlobNotFound", storage.ErrPrecondition, false},
		{"Complete if absent", 409, "BlobAlreadyExists", storage.ErrExist, false},
		{"Complete", 400, "InvalidBlockList", storage.ErrChanged, false},
		{"Complete", 409, "InvalidBlobType", errors.ErrUnsupported, false},
		{"PutPart", 400, "InvalidBlobOrBlock", storage.ErrInvalid, false},
		{"Copy", 404, "CannotVerifyCopySource", storage.ErrNotExist, false},
		{"Copy", 403, "CannotVerifyCopySource", storage.ErrPermission, false},
		{"Copy", 409, "CannotVerifyCopySource", errors.ErrUnsupported, false},
		{"Copy", 412, "SourceConditionNotMet", storage.ErrPrecondition, false},
		{"Copy if absent", 412, "SourceConditionNotMet", storage.ErrPrecondition, false},
		{"Copy if absent", 409, "BlobAlreadyExists", storage.ErrExist, false},
		{"Delete if match", 404, "BlobNotFound", storage.ErrPrecondition, false},
		{"Delete if match", 412, "ConditionNotMet", storage.ErrPrecondition, false},
		{"Delete", 409, "SnapshotsPresent", nil, false},
		{"Put", 400, "Crc64Mismatch", storage.ErrIntegrity, false},
		{"PutPart", 400, "Md5Mismatch", storage.ErrIntegrity, false},
		{"Put", 400, "InvalidHeaderValue", storage.ErrInvalid, false},
		{"Put", 413, "RequestBodyTooLarge", storage.ErrInvalid, false},
		{"Put", 409, "ContainerBeingDeleted", storage.ErrUnavailable, false},
		{"Get", 409, "ContainerBeingDeleted", storage.ErrUnavailable, false},
		{"Put", 503, "ServerBusy", storage.ErrThrottled, false},
		{"Put", 429, "TooManyRequests", storage.ErrThrottled, false},
		{"Put", 500, "InternalError", storage.ErrUnavailable, true},
		{"Put", 500, "OperationTimedOut", storage.ErrUnavailable, true},
		{"Put", 502, "", storage.ErrUnavailable, true},
		{"Complete", 500, "InternalError", storage.ErrUnavailable, true},
		{"Delete", 500, "InternalError", storage.ErrUnavailable, true},
		{"Get", 500, "InternalError", storage.ErrUnavailable, false},
		{"Get", 302, "", storage.ErrInvalid, false},
		{"Put", 501, "APINotImplemented", errors.ErrUnsupported, false},
	}
	for _, test := range tests {
		t.Run(test.call+" "+test.code, func(t *testing.T) {
			srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
				if test.status == http.StatusFound {
					w.Header().Set("Location", "/elsewhere")
				}
				refuse(w, test.status, test.code)
			})
			e := wantError(t, test.call, calls[test.call](t.Context(), srv.store(t)), test.kind,
				test.doubt)
			if e.Status != test.status || e.Code != test.code || e.RequestID != "REQUEST1" {
				t.Errorf("Status %d, Code %q, RequestID %q", e.Status, e.Code, e.RequestID)
			}
			want := 1
			if test.call == "Copy" && test.status == http.StatusForbidden {
				want = 2 // a look whether the tags are why
			}
			if n := len(srv.Seen()); n != want {
				t.Errorf("%d requests, want %d: the retries are the Bucket's", n, want)
			}
		})
	}
}

// What a user has to do is in the text.
func TestTexts(t *testing.T) {
	for _, test := range []struct {
		call   string
		status int
		code   string
		want   string
	}{
		{"Get", 409, "BlobArchived", "archived"},
		{"Delete", 409, "SnapshotsPresent", "has snapshots"},
		{"PutPart", 400, "InvalidBlobOrBlock", "another program"},
		{"Get", 403, "AuthenticationFailed", "message of AuthenticationFailed"},
	} {
		srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
			refuse(w, test.status,
				test.code)
		})
		err := calls[test.call](t.Context(), srv.store(t))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s, %s: %v, want %q in it", test.call, test.code, err, test.want)
		}
		noSecrets(t, err)
	}
}

// A signature that has expired is named: what the service says of it stands beside what was signed.
func TestExpiredSAS(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		refuse(w, 403,
			"AuthenticationFailed")
	})
	for _, se := range []string{"2020-01-02T03:04:05Z", "2020-01-02T03:04Z", "2020-01-02"} {
		o := srv.options()
		o.Key, o.SASToken = "", stubSAS+"&se="+url.QueryEscape(se)
		s := mustNew(t, "bucket", o)
		for name, call := range calls {
			err := call(t.Context(), s)
			wantError(t, name, err, storage.ErrPermission, false)
			if !strings.Contains(err.Error(), "expired") ||
				!strings.Contains(err.Error(), "2020-01-02") {
				t.Errorf("%s: %v does not say that the signature has expired", name, err)
			}
		}
	}
	for _, se := range []string{"", "x", "2999-01-01"} {
		o := srv.options()
		o.Key, o.SASToken = "", stubSAS+"&se="+url.QueryEscape(se)
		if err := calls["Get"](t.Context(), mustNew(t, "bucket", o)); strings.Contains(err.Error(),
			"expired") {
			t.Errorf("se=%s: %v", se, err)
		}
	}
}

// A refused version of the protocol is named with its header, and can be chosen.
func TestAPIVersion(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if v := r.Header.Get("X-Ms-Version"); v != "2025-11-05" {
			w.Header().Set("X-Ms-Error-Code", "InvalidHeaderValue")
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w,
				"<Error><Code>InvalidHeaderValue</Code><Message>The value for one of the HTTP "+
					"headers is not in the correct format.\nX</Message>"+
					"<HeaderName>x-ms-version</HeaderName><HeaderValue>"+v+"</HeaderValue></Error>")
			return
		}
		answerOK(w, r)
	})
	_, err := srv.store(t).Stat(t.Context(), "k", &storage.StatOptions{})
	wantError(t, "Stat", err, storage.ErrInvalid, false)
	_, err = srv.store(t).ListPage(t.Context(), &storage.ListOptions{})
	if wantError(t, "List", err, storage.ErrInvalid, false); err == nil ||
		!strings.Contains(err.Error(), "x-ms-version") {
		t.Errorf("ListPage: %v does not name the header", err)
	}
	o := srv.options()
	o.APIVersion = "2025-11-05"
	if _, err := mustNew(t, "bucket",
		o).Stat(t.Context(), "k", &storage.StatOptions{}); err != nil {
		t.Errorf("with APIVersion: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		w.Header().Set("Retry-After", "7")
		refuse(w, 503, "ServerBusy")
	})
	e := wantError(t, "Put", calls["Put"](t.Context(), srv.store(t)), storage.ErrThrottled, false)
	if e.RetryAfter != 7*time.Second {
		t.Errorf("RetryAfter %v", e.RetryAfter)
	}
}

// A container that is being deleted is tried within the Bucket's attempts, and then unavailable.
func TestContainerBeingDeleted(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		refuse(w, 409,
			"ContainerBeingDeleted")
	})
	b := storage.New(srv.store(t), &storage.Options{Retry: storage.RetryOptions{Attempts: 3,
		MinDelay: time.Millisecond}})
	defer b.Close()
	_, err := b.Put(t.Context(), "k", strings.NewReader("x"), nil)
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Put: %v", err)
	}
	if n := len(srv.Seen()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
}

// Doubt is where the request may have been carried out, and nowhere else.
func TestInDoubt(t *testing.T) {
	broken := newStub(t, func(w http.ResponseWriter, _ *stub.Request) { stub.Reset(w) })
	for name, call := range calls {
		write := !strings.HasPrefix(name, "Get") && name != "Stat" && name != "List"
		wantError(t, name+", reset behind the request", call(t.Context(), broken.store(t)),
			storage.ErrUnavailable, write)
	}
	gone := newStub(t, answerOK)
	o := gone.options()
	gone.Server.Close()
	for name, call := range calls {
		wantError(t, name+", connection refused", call(t.Context(), mustNew(t, "bucket", o)),
			storage.ErrUnavailable, false)
	}
	o = newTLSStub(t, answerOK).options()
	o.HTTPClient = &http.Client{Transport: &http.Transport{}} // which does not know the certificate
	for name, call := range calls {
		wantError(t, name+", TLS", call(t.Context(), mustNew(t, "bucket", o)),
			storage.ErrUnavailable, false)
	}
	srv := newStub(t, answerOK)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls {
		e := wantError(t, name+", ended before", call(ctx, srv.store(t)), nil, false)
		if e.Err != context.Canceled {
			t.Errorf("%s: Err %v", name, e.Err)
		}
	}
	if n := len(srv.Seen()); n != 0 {
		t.Errorf("%d requests under an ended context", n)
	}
}

// A context that ends while the service thinks leaves a write in doubt.
func TestContextEnds(t *testing.T) {
	for _, name := range []string{"Put", "Complete", "Delete", "Copy", "Get", "List"} {
		ctx, cancel := context.WithCancel(t.Context())
		srv := newStub(t, func(_ http.ResponseWriter, r *stub.Request) {
			cancel()
			<-r.Context().Done()
		})
		e := wantError(t, name, calls[name](ctx, srv.store(t)), nil, name != "Get" &&
			name != "List")
		if e.Err != context.Canceled {
			t.Errorf("%s: Err %v", name, e.Err)
		}
	}
}

// hanging gives no token as long as its context lasts.
type hanging struct{ asked chan struct{} }

func (h hanging) GetToken(
	ctx context.Context, _ policy.TokenRequestOptions,
) (azcore.AccessToken, error) {
	h.asked <- struct{}{}
	if ctx.Done() == nil {
		return azcore.AccessToken{}, errors.New("a context that cannot end")
	}
	<-ctx.Done()
	return azcore.AccessToken{}, ctx.Err()
}

// A credential that is waited for does not outlive the call, whatever the call.
func TestCredentialContext(t *testing.T) {
	cleanEnvironment(t)
	srv := newTLSStub(t, answerOK)
	for name, call := range calls {
		h := hanging{make(chan struct{}, 1)}
		s := mustNew(t, "bucket", &Options{Endpoint: srv.URL + "/" + stubAccount, Credential: h,
			HTTPClient: srv.Client()})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-h.asked; cancel() }()
		e := wantError(t, name, call(ctx, s), nil, false)
		if e.Err != context.Canceled {
			t.Errorf("%s: %v", name, e)
		}
		cancel()
	}
}

// The context of Get governs its body.
func TestBodyContext(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("ETag", stubETag)
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "begin")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := srv.store(t).Get(ctx, "k", &storage.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if _, err := io.ReadFull(r.Body, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = io.ReadAll(r.Body)
	if e := wantError(t, "Read", err, nil, false); e.Err != context.Canceled {
		t.Errorf("Read: Err %v", e.Err)
	}
}

// A success that is none, such as the page of a proxy, is a failure, and of a write nobody knows
// what became of it.
func TestAnswersThatAreNone(t *testing.T) {
	list := func(body string) func(http.ResponseWriter, *stub.Request) {
		return func(w http.ResponseWriter, _ *stub.Request) {
			w.Header().Set("Content-Type", "application/xml")
			io.WriteString(w, body)
		}
	}
	for _, test := range []struct {
		name, call string
		answer     func(http.ResponseWriter, *stub.Request)
		doubt      bool
	}{
		{"a page for a put", "Put", func(w http.ResponseWriter, _ *stub.Request) {
			io.WriteString(w,
				"<html>welcome</html>")
		}, true},
		{"a page for a conditional put", "Put if absent", func(w http.ResponseWriter,
			_ *stub.Request) {
			io.WriteString(w, "<html>welcome</html>")
		}, true},
		{"a page for a delete", "Delete", func(w http.ResponseWriter,
			_ *stub.Request) {
			io.WriteString(w, "<html>welcome</html>")
		}, true},
		{"a page for a batch", "DeleteBatch", func(w http.ResponseWriter, _ *stub.Request) {
			w.WriteHeader(http.StatusAccepted)
			io.WriteString(w, "<html>welcome</html>")
		}, true},
		{"a list without a body", "List", list(""), false},
		{"a list without entries", "List",
			list(`<?xml version="1.0"?><EnumerationResults ContainerName="c"></EnumerationResults>`), false},
		{"a list that is cut", "List",
			list(`<?xml version="1.0"?><EnumerationResults ContainerName="c"><Blobs><Blob><Name>a</Name></Blob>`), false},
		{"a page for a list", "List", list(`<html>welcome</html>`), false},
		{"a page for a list of parts", "Get parts", list(`<html>welcome</html>`), false},
		{"a list of parts without a body", "Get parts", list(""), false},
		{"a range without a place", "Get", func(w http.ResponseWriter, _ *stub.Request) {
			w.Header().Set("ETag", stubETag)
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "tent")
		}, false},
		{"a page for an object", "Get", func(w http.ResponseWriter,
			_ *stub.Request) {
			io.WriteString(w, "<html>welcome</html>")
		}, false},
		{"a page for properties", "Stat", func(w http.ResponseWriter,
			_ *stub.Request) {
			w.Header().Set("Content-Length", "20")
		}, false},
		{"a header that the SDK cannot read", "PutPart", func(w http.ResponseWriter,
			r *stub.Request) {
			w.Header().Set("X-Ms-Request-Server-Encrypted", "???")
			answerOK(w, r)
		}, true},
		{"a copy that is not done", "Copy", func(w http.ResponseWriter, r *stub.Request) {
			w.Header().Set("X-Ms-Copy-Status", "pending")
			answerOK(w, r)
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := newStub(t, test.answer)
			b := &bodies{RoundTripper: srv.Client().Transport}
			o := srv.options()
			o.HTTPClient = &http.Client{Transport: b}
			wantError(t, test.call, calls[test.call](t.Context(), mustNew(t, "bucket", o)),
				storage.ErrUnavailable, test.doubt)
			if n := b.open.Load(); n != 0 {
				t.Errorf("%d bodies are open", n)
			}
		})
	}
}

// bodies counts those of answers that are not closed.
type bodies struct {
	http.RoundTripper
	open atomic.Int64
}

func (b *bodies) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		b.open.Add(1)
		resp.Body = struct {
			io.Reader
			io.Closer
		}{resp.Body, &closing{resp.Body, sync.OnceFunc(func() { b.open.Add(-1) })}}
	}
	return resp, err
}

type closing struct {
	io.Closer
	closed func()
}

func (c *closing) Close() error {
	c.closed()
	return c.Closer.Close()
}

// A refusal that does not end is not read to its end.
func TestEndlessRefusal(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.WriteHeader(http.StatusForbidden)
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	for _, name := range []string{"Get", "Put", "List", "DeleteBatch"} {
		wantError(t, name, calls[name](t.Context(), srv.store(t)), storage.ErrPermission, false)
	}
}

// A body that breaks is an error of the driver, and the Bucket goes on where it broke, on the same
// version.
func TestBrokenBody(t *testing.T) {
	const content = "0123456789"
	var n int
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		h := w.Header()
		h.Set("ETag", stubETag)
		h.Set("Last-Modified", "Mon, 23 Nov 2026 07:00:00 GMT")
		n++
		if r.Header.Get("X-Ms-Range") == "" {
			h.Set("Content-Length", "10")
			io.WriteString(w, content[:4])
			w.(http.Flusher).Flush()
			stub.Reset(w)
			return
		}
		if r.Header.Get("If-Match") != stubETag ||
			!strings.HasPrefix(r.Header.Get("X-Ms-Range"), "bytes=4-") {
			t.Errorf("If-Match %q, range %q", r.Header.Get("If-Match"), r.Header.Get("X-Ms-Range"))
		}
		h.Set("Content-Range", "bytes 4-9/10")
		h.Set("Content-Length", "6")
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, content[4:])
	})
	s := srv.store(t)
	r, err := s.Get(t.Context(), "k", &storage.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(r.Body)
	r.Body.Close()
	wantError(t, "Read", err, storage.ErrUnavailable, false)
	b := storage.New(s, &storage.Options{Retry: storage.RetryOptions{MinDelay: time.Millisecond}})
	defer b.Close()
	if got, err := b.ReadAll(t.Context(), "k", nil); err != nil || string(got) != content {
		t.Errorf("ReadAll = %q, %v", got, err)
	}
}

// The source's own error is the error, whatever became of the request.
func TestSourceFails(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	data := strings.Repeat("x", 100_000)
	_, err := s.Put(t.Context(), "k", &failing{newReader(data), 50_000}, int64(len(data)),
		&storage.PutOptions{})
	if e := wantError(t, "Put", err, nil, false); e.Err != errSource {
		t.Errorf("Put: Err %v", e.Err)
	}
	_, err = s.Put(t.Context(), "k", strings.NewReader("short"), 6, &storage.PutOptions{})
	if e := wantError(t, "Put, short", err, nil, false); e.Err != io.ErrUnexpectedEOF {
		t.Errorf("Put, short: Err %v", e.Err)
	}
	_, err = s.Put(t.Context(), "k", strings.NewReader("long"), 3, &storage.PutOptions{})
	wantError(t, "Put, long", err, storage.ErrInvalid, false)
	if n := len(srv.Seen()); n != 0 {
		t.Errorf("%d requests for sources that cannot be right", n)
	}
}

// A streamed write that the service refuses ends with its error, and nothing else happens (Go CDK
// panics here).
func TestFailedStream(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
		opts   *storage.PutOptions
		kind   error
	}{
		{409, "BlobAlreadyExists", &storage.PutOptions{IfAbsent: true}, storage.ErrExist},
		{403, "AuthorizationFailure", nil, storage.ErrPermission},
		{501, "APINotImplemented", nil, errors.ErrUnsupported},
	} {
		srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
			refuse(w, test.status,
				test.code)
		})
		b := storage.New(srv.store(t), nil)
		for _, size := range []int{10, 9 << 20} { // one request, and parts
			w := b.NewWriter(t.Context(), "k", test.opts)
			io.Copy(w, io.LimitReader(zeros{}, int64(size))) // the error may come here or there
			_, err := w.Commit()
			if !errors.Is(err, test.kind) {
				t.Errorf("%s, %d bytes: Commit = %v, want %v", test.code, size, err, test.kind)
			}
			w.Close()
		}
		b.Close()
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

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
