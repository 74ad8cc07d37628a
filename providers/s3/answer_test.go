package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// page is what proxies and load balancers answer: no XML.
const page = "<html>\r\n<head><title>Sorry</title></head>\r\n<body>\r\n<center><h1>Sorry</h1></center>\r\n<hr>\r\n</body>\r\n</html>\r\n"

// A stub, because it stands for what is between: its refusals have a status and nothing else that
// could be understood.
func TestForeignRefusal(t *testing.T) {
	for _, c := range []struct {
		call    string
		status  int
		kind    error
		inDoubt bool
	}{
		{"Put", 400, storage.ErrInvalid, false},
		{"Put", 401, storage.ErrPermission, false},
		{"Put", 403, storage.ErrPermission, false},
		{"Put", 404, nil, false}, // of what?
		{"Put", 405, errors.ErrUnsupported, false},
		{"Put", 413, storage.ErrInvalid, false},
		{"Put", 429, storage.ErrThrottled, false},
		{"Put", 502, storage.ErrUnavailable, true},
		{"Put", 504, storage.ErrUnavailable, true},
		{"Get", 404, storage.ErrNotExist, false},
		{"Get", 503, storage.ErrUnavailable, false},
		{"List", 404, nil, false},
		{"Complete", 404, nil, false},
		{"Delete", 404, nil, false},
		{"Delete if match", 404, storage.ErrPrecondition, false},
		{"Abort", 404, nil, false},
	} {
		for body, text := range map[string]string{"a page": page, "nothing": "",
			"JSON": `{"error": "sorry"}`} {
			srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(c.status)
				io.WriteString(w, text)
			})
			e := wantError(t, fmt.Sprintf("%s answered %d with %s", c.call, c.status, body),
				calls[c.call](t.Context(), srv.store(t)), c.kind, c.inDoubt)
			if e.Status != c.status || e.RetryAfter != 7*time.Second ||
				!strings.Contains(e.Error(), http.StatusText(c.status)) {
				t.Errorf("%d with %s: Status %d, RetryAfter %v, %v", c.status, body, e.Status,
					e.RetryAfter, e)
			}
		}
	}
}

// verbs are the calls that make one request each, by the request.
var verbs = map[string]func(context.Context, *Store) error{
	"Put": calls["Put"], "List": calls["List"], "Complete": calls["Complete"],
	"Copy": calls["Copy"],
	"PutPart": func(ctx context.Context, s *Store) error {
		_, err := s.PutPart(ctx, "k", "id", 1, strings.NewReader("x"), 1,
			&storage.PartOptions{})
		return err
	},
	"CopyPart": func(ctx context.Context, s *Store) error {
		_, err := s.CopyPart(ctx, "k", "id", 1, "src",
			&storage.CopyPartOptions{SourceLength: 1})
		return err
	},
	"CreateUpload": func(ctx context.Context, s *Store) error {
		_, err := s.CreateUpload(ctx, "k", &storage.PutOptions{})
		return err
	},
	"DeleteBatch": func(ctx context.Context, s *Store) error {
		_, err := s.DeleteBatch(ctx, []string{"k"}, nil)
		return err
	},
	"Get": calls["Get"], "Stat": calls["Stat"], "Delete": calls["Delete"],
	"AbortUpload": func(ctx context.Context, s *Store) error {
		return s.AbortUpload(ctx, "k", "id")
	},
	"ListPartsPage": func(ctx context.Context, s *Store) error {
		_, err := s.ListPartsPage(ctx, "k", "id", &storage.ListPartsOptions{})
		return err
	},
	"ListUploadsPage": func(ctx context.Context, s *Store) error {
		_, err := s.ListUploadsPage(ctx, &storage.ListOptions{})
		return err
	},
}

// A stub, because it stands for a portal or a proxy that answers 200 to everything: an empty list,
// a batch that is gone and an upload that is complete are the worst that could be made of it.
func TestForeignSuccess(t *testing.T) {
	for body, text := range map[string]string{
		"a page": page, "nothing": "", "JSON": `{"status": "ok"}`,
		"XHTML": `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>`,
	} {
		srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) { io.WriteString(w, text) })
		for call, f := range verbs {
			if text == "" && (call == "Put" || call == "Delete" || call == "AbortUpload") {
				continue // successes; of a Put whose ETag was taken away: TestLackingAnswers
			}
			write := !strings.HasPrefix(call, "List") && call != "Get" && call != "Stat"
			wantError(t, call+" answered 200 with "+body, f(t.Context(), srv.store(t)),
				storage.ErrUnavailable, write)
		}
	}
	// As S3 does it while it takes its time: blanks, before and behind the XML's own first line.
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		io.WriteString(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
		for range 100 {
			io.WriteString(w, strings.Repeat(" ", 100))
			w.(http.Flusher).Flush()
		}
		io.WriteString(w,
			`<CompleteMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ETag>"done-1"</ETag></CompleteMultipartUploadResult>`)
	})
	o, err := srv.store(t).CompleteUpload(t.Context(), "k", "id",
		[]*storage.Part{{Number: 1, ETag: `"e"`}}, &storage.PutOptions{})
	if err != nil || o.ETag != `"done-1"` {
		t.Errorf("CompleteUpload after blanks = %+v, %v", o, err)
	}
	srv = newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		io.WriteString(w, "<InitiateMultipartUploadResult></InitiateMultipartUploadResult>")
	})
	wantError(t, "CreateUpload without an ID", verbs["CreateUpload"](t.Context(), srv.store(t)),
		storage.ErrUnavailable, true)
}

// A stub, because it stands for what is between: a gateway that queues a write answers 202, one
// that changes what it hands on 203.
func TestForeignStatus(t *testing.T) {
	taken := map[string]bool{
		"Put 201": true, "Put 204": true, "PutPart 201": true, "PutPart 204": true, // Ceph, if told
		"CopyPart 201": true, "Copy 201": true, "CreateUpload 201": true, "Complete 201": true,
		"DeleteBatch 201": true, // documents, which are looked at
		"Delete 204":      true, "AbortUpload 204": true, "Get 206": true,
	}
	for call, f := range verbs {
		write := !strings.HasPrefix(call, "List") && call != "Get" && call != "Stat"
		for _, status := range [...]int{201, 202, 203, 204, 205, 206, 207, 226} {
			what := fmt.Sprint(call, " ", status)
			srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
				w.Header().Set("Content-Range", "bytes 0-0/1")
				w = &answeredBy{w, status}
				answerOK(w, r)
				io.WriteString(w, "x")
			})
			err := f(t.Context(), srv.store(t))
			if !taken[what] {
				wantError(t, what, err, storage.ErrUnavailable, write)
			} else if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	for _, status := range [...]int{201, 204} {
		srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) { w.WriteHeader(status) })
		wantError(t, fmt.Sprint("Put without an ETag ", status),
			calls["Put"](t.Context(), srv.store(t)), storage.ErrUnavailable, true)
	}
}

// answeredBy answers with a status of its own.
type answeredBy struct {
	http.ResponseWriter
	status int
}

func (a *answeredBy) WriteHeader(int) {}

func (a *answeredBy) Write(p []byte) (int, error) {
	a.ResponseWriter.WriteHeader(a.status)
	return a.ResponseWriter.Write(p)
}

// A stub, because this answer lacks what S3 always gives: which part of the object it is.
func TestMissingHeaders(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("ETag", `"e"`)
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "234")
		}
	})
	s := srv.store(t)
	_, err := s.Get(t.Context(), "k", &storage.GetOptions{Length: 3})
	wantError(t, "Get without Content-Range", err, storage.ErrUnavailable, false)
}

// A stub whose answers have no end: what is read of them has one.
func TestEndlessAnswer(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		more := strings.Repeat("<Contents><Key>k</Key></Contents>", 1000)
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusForbidden)
		} else if r.Method == http.MethodPost {
			more = strings.Repeat(" ", 10_000)
		} else {
			io.WriteString(w, "<ListBucketResult>")
		}
		for {
			if _, err := io.WriteString(w, more); err != nil {
				return
			}
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	wantError(t, "Put", calls["Put"](ctx, srv.store(t)), storage.ErrPermission, false)
	wantError(t, "Complete", calls["Complete"](ctx, srv.store(t)), storage.ErrUnavailable, true)
	wantError(t, "List", calls["List"](ctx, srv.store(t)), storage.ErrUnavailable, false)
}

// Headers in a form that nobody knows are no reason to fail: another program has stored them.
func TestOddDates(t *testing.T) {
	for _, h := range [][2]string{
		{"Expires", "0"}, {"Expires", "1632280617"}, {"Expires", "2022-10-21T07:28:00.000Z"},
		{"Last-Modified", "Wed, 5 Oct 2022 07:28:00 GMT"}, {"Last-Modified", "yesterday"},
	} {
		srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Content-Length", "5")
			w.Header().Set(h[0], h[1])
			if r.Method == http.MethodGet {
				io.WriteString(w, "hello")
			}
		})
		s := srv.store(t)
		if got := read(t, s, "k"); got != "hello" {
			t.Errorf("%s %q: Get = %q", h[0], h[1], got)
		}
		if o, err := s.Stat(t.Context(), "k", &storage.StatOptions{}); err != nil || o.Size != 5 {
			t.Errorf("%s %q: Stat = %+v, %v", h[0], h[1], o, err)
		}
	}
}
