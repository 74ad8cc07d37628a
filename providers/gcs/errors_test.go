package gcs

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
)

// stubbed is a Store on a server that says what no well-behaved one does.
func stubbed(t *testing.T, handler http.HandlerFunc) (*Store, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	transport := httpdriver.NewTransport(nil)
	t.Cleanup(transport.CloseIdleConnections)
	return mustNew(t, "bucket", &Options{Endpoint: server.URL, Anonymous: true,
		HTTPClient: &http.Client{Transport: transport}}), server
}

func jsonError(code int, reason string) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":"the message","errors":[{"domain":"global","reason":%q,"message":"the message"}]}}`, code, reason)
}

func xmlErrorText(code string) string {
	return "<?xml version='1.0' encoding='UTF-8'?><Error><Code>" + code +
		"</Code><Message>the message</Message><Details>and more</Details></Error>"
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		status  int
		body    string
		kind    error
		code    string
		inDoubt bool // of a write
	}{
		{304, "", storage.ErrNotModified, "", false},
		{400, jsonError(400, "invalid"), storage.ErrInvalid, "invalid", false},
		{400, xmlErrorText("ExpiredToken"), storage.ErrPermission, "ExpiredToken", false},
		{400, xmlErrorText("BadDigest"), storage.ErrIntegrity, "BadDigest", false},
		{400, xmlErrorText("UserProjectMissing"), storage.ErrPermission, "UserProjectMissing",
			false},
		{400, xmlErrorText("KeyTooLong"), storage.ErrInvalidKey, "KeyTooLong", false},
		{401, jsonError(401, "authError"), storage.ErrPermission, "authError", false},
		{403, jsonError(403, "forbidden"), storage.ErrPermission, "forbidden", false},
		{403, xmlErrorText("AccessDenied"), storage.ErrPermission, "AccessDenied", false},
		{403, jsonError(403, "rateLimitExceeded"), storage.ErrThrottled, "rateLimitExceeded",
			false},
		{404, xmlErrorText("NoSuchBucket"), storage.ErrNoBucket, "NoSuchBucket", false},
		{405, "", errors.ErrUnsupported, "", false},
		{408, "", storage.ErrUnavailable, "", true}, // a proxy's: it may come after the commit
		{409, jsonError(409, "conflict"), storage.ErrUnavailable, "conflict", false},
		{409, xmlErrorText("OperationAborted"), storage.ErrUnavailable, "OperationAborted", false},
		{412, jsonError(412, "conditionNotMet"), storage.ErrPrecondition, "conditionNotMet", false},
		{416, xmlErrorText("InvalidRange"), storage.ErrRange, "InvalidRange", false},
		{429, jsonError(429, "rateLimitExceeded"), storage.ErrThrottled, "rateLimitExceeded",
			false},
		{429, xmlErrorText("SlowDown"), storage.ErrThrottled, "SlowDown", false},
		{500, jsonError(500, "backendError"), storage.ErrUnavailable, "backendError", true},
		{502, "<html>a page for people</html>", storage.ErrUnavailable, "", true},
		{503, xmlErrorText("SlowDown"), storage.ErrThrottled, "SlowDown", false},
		{503, "upstream connect error", storage.ErrUnavailable, "", true},
		{301, "", storage.ErrInvalid, "", false},
	} {
		t.Run(fmt.Sprint(test.status, test.code), func(t *testing.T) {
			s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Guploader-Uploadid", "the-id")
				w.Header().Set("Retry-After", "7")
				w.Header().Set("Location", "https://elsewhere.example/")
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			check := func(what string, err error, inDoubt bool) {
				t.Helper()
				e := wantKind(t, what, err, test.kind)
				if e.Status != test.status || e.Code != test.code || e.InDoubt != inDoubt ||
					e.RequestID != "the-id" || e.RetryAfter != 7*time.Second {
					t.Errorf("%s: %+v", what, *e)
				}
				if test.code != "" && !strings.Contains(err.Error(), "the message") ||
					strings.Contains(err.Error(), "http") {
					t.Errorf("%s: %v", what, err)
				}
			}
			_, err := s.Get(t.Context(), "k", &storage.GetOptions{})
			check("Get", err, false)
			_, err = s.Put(t.Context(), "k", strings.NewReader("x"), 1, &storage.PutOptions{})
			check("Put", err, test.inDoubt)
			if test.status != 404 {
				check("Delete", s.Delete(t.Context(), "k", &storage.DeleteOptions{}), test.inDoubt)
			}
		})
	}
}

// A refused condition has the kind of what was asked.
func TestRefusals(t *testing.T) {
	s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusPreconditionFailed)
		fmt.Fprint(w, jsonError(412, "conditionNotMet"))
	})
	ctx, body := t.Context(), strings.NewReader("x")
	_, err := s.Put(ctx, "k", body, 1, &storage.PutOptions{IfAbsent: true})
	wantKind(t, "Put", err, storage.ErrExist)
	_, err = s.Put(ctx, "k", body, 1, &storage.PutOptions{IfMatch: "5"})
	wantKind(t, "Put", err, storage.ErrPrecondition)
	_, err = s.Copy(ctx, "k", "l", &storage.CopyOptions{IfAbsent: true})
	wantKind(t, "Copy", err, storage.ErrExist)
	_, err = s.Copy(ctx, "k", "l", &storage.CopyOptions{SourceIfMatch: "5"})
	wantKind(t, "Copy", err, storage.ErrPrecondition)
	wantKind(t, "Delete", s.Delete(ctx, "k", &storage.DeleteOptions{IfMatch: "5"}),
		storage.ErrPrecondition)
}

// A server that is not there did not carry anything out; one that took the whole body and broke off
// may have.
func TestDoubt(t *testing.T) {
	s, server := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
		var b [4096]byte
		for {
			if _, err := r.Body.Read(b[:]); err != nil {
				break
			}
		}
		panic(http.ErrAbortHandler)
	})
	server.Config.ErrorLog = nil
	_, err := s.Put(t.Context(), "k", strings.NewReader("x"), 1, &storage.PutOptions{})
	if e := wantKind(t, "Put", err, storage.ErrUnavailable); !e.InDoubt {
		t.Errorf("a broken answer to a whole body: %+v", *e)
	}
	if e := wantKind(t, "Delete", s.Delete(t.Context(), "k", &storage.DeleteOptions{}),
		storage.ErrUnavailable); !e.InDoubt {
		t.Errorf("a broken answer to a delete: %+v", *e)
	}
	_, err = s.Get(t.Context(), "k", &storage.GetOptions{})
	if e := wantKind(t, "Get", err, storage.ErrUnavailable); e.InDoubt {
		t.Errorf("a broken answer to a read: %+v", *e)
	}
	server.Close()
	_, err = s.Put(t.Context(), "k", strings.NewReader("x"), 1, &storage.PutOptions{})
	if e := wantKind(t, "Put", err, storage.ErrUnavailable); e.InDoubt ||
		strings.Contains(err.Error(), "upload/storage") {
		t.Errorf("a connection that was refused: %v", err)
	}
}

// What a batch says of single keys.
func TestBatchErrors(t *testing.T) {
	s, _ := stubbed(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w,
			"<DeleteResult><Error><Key>denied</Key><Code>AccessDenied</Code><Message>no</Message></Error>"+
				"<Error><Key>gone</Key><Code>NoSuchKey</Code></Error><Error><Key>late</Key><Code>InternalError</Code></Error></DeleteResult>")
	})
	errs, err := s.DeleteBatch(t.Context(), []string{"denied", "fine", "gone", "late", "a\nb",
		"denied"}, &storage.DeleteBatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, kind := range []error{storage.ErrPermission, nil, nil, storage.ErrUnavailable,
		storage.ErrInvalidKey, storage.ErrPermission} {
		if kind == nil && errs[i] != nil || kind != nil && !errors.Is(errs[i], kind) {
			t.Errorf("key %d: %v, want %v", i, errs[i], kind)
		}
	}
}

func FuzzParseRefusal(f *testing.F) {
	for _, body := range []string{jsonError(404, "notFound"), xmlErrorText("NoSuchKey"), "{", "<",
		"{}", "<Error/>", "Not Found", "\xff"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if r := parseRefusal(body); len(r.code) > len(body) {
			t.Errorf("code %q out of %q", r.code, body)
		}
	})
}
