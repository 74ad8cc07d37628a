package gcs

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

func stubStore(t *testing.T, srv *stub.Server) *Store {
	t.Helper()
	return mustNew(t, "bucket", &Options{Endpoint: srv.URL, Anonymous: true,
		HTTPClient: srv.Client()})
}

// A stub, because these answers lack what the service always gives, or say it in another form: a
// proxy in front of it does that.
func TestLackingAnswers(t *testing.T) {
	ends := "" // how the end of a body is told
	srv := stub.New(t, func(w http.ResponseWriter, r *stub.Request) {
		h := w.Header()
		h["Date"] = nil
		h.Set("X-Goog-Generation", "1")
		h.Set("Last-Modified", "Wed, 5 Oct 2022 07:28:00 GMT")
		h.Set("Expires", "1632280617")
		if r.Method != http.MethodGet {
			return
		}
		switch ends {
		case "length":
			h.Set("Content-Length", "5")
		case "close":
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			buf.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n")
			h.Write(buf)
			buf.WriteString("\r\nhello")
			buf.Flush()
			return
		}
		io.WriteString(w, "he")
		w.(http.Flusher).Flush()
		io.WriteString(w, "llo")
	})
	b := storage.New(stubStore(t, srv), &storage.Options{Retry: storage.RetryOptions{Attempts: 1}})
	for _, ends = range []string{"length", "chunks"} {
		data, err := b.ReadAll(t.Context(), "k", nil)
		if string(data) != "hello" || err != nil {
			t.Errorf("ReadAll, ended by %s: %q, %v", ends, data, err)
		}
	}
	r, err := b.Get(t.Context(), "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Len() != -1 || r.Object().Size != -1 || r.Close() != nil {
		t.Errorf("Len %d, Size %d of an object in chunks", r.Len(), r.Object().Size)
	}
	ends = "close"
	_, err = b.ReadAll(t.Context(), "k", nil)
	wantKind(t, "ReadAll, ended by the connection", err, storage.ErrUnavailable)
	srv.Seen()
}

// Content-Range, Content-Length and what was asked for have to fit together: never a short success.
func TestContentRangeHeldAgainst(t *testing.T) {
	const whole = "0123456789"
	var contentRange, body string
	srv := stub.New(t, func(w http.ResponseWriter, r *stub.Request) {
		h := w.Header()
		h.Set("X-Goog-Generation", "1")
		h.Set("Last-Modified", "Wed, 5 Oct 2022 07:28:00 GMT")
		h.Set("Expires", "1632280617")
		h.Set("Content-Range", contentRange)
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, body)
	})
	s := stubStore(t, srv)
	for _, test := range []struct{ contentRange, body string }{
		{"bytes 2-5/10", "234"}, {"bytes 2-4/10", "2345"}, {"bytes 0-3/10", "0123"},
		{"bytes 3-6/10", "3456"}, {"bytes 2-5", "2345"},
	} {
		contentRange, body = test.contentRange, test.body
		_, err := s.Get(t.Context(), "k", &storage.GetOptions{Offset: 2, Length: 4})
		wantKind(t, contentRange+" with "+body, err, storage.ErrUnavailable)
	}
	// A part of what was asked for is read on.
	answers := [][2]string{{"bytes 2-3/10", "23"}, {"bytes 4-4/10", "4"}, {"bytes 5-7/10", "567"}}
	i := 0
	srv = stub.New(t, func(w http.ResponseWriter, r *stub.Request) {
		h := w.Header()
		h.Set("X-Goog-Generation", "1")
		h.Set("Last-Modified", "Wed, 5 Oct 2022 07:28:00 GMT")
		h.Set("Expires", "1632280617")
		h.Set("Content-Range", answers[i][0])
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, answers[i][1])
		i = min(i+1, len(answers)-1)
	})
	b := storage.New(stubStore(t, srv), &storage.Options{Retry: storage.RetryOptions{Attempts: 1}})
	data, err := b.ReadAll(t.Context(), "k", &storage.GetOptions{Offset: 2, Length: 6})
	if string(data) != whole[2:8] || err != nil {
		t.Errorf("ReadAll in parts: %q, %v", data, err)
	}
	if n := len(srv.Seen()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
}

// Google's own testbench answers 405 to the DELETE of the XML API; its JSON API has one.
func TestDeleteByJSON(t *testing.T) {
	for _, emulator := range []bool{true, false} {
		var paths []string
		srv := stub.New(t, func(w http.ResponseWriter, r *stub.Request) {
			paths = append(paths, r.URL.Path)
			if strings.HasPrefix(r.URL.Path, "/storage/v1/") {
				w.WriteHeader(http.StatusNoContent)
			} else {
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
		})
		s := mustNew(t, "bucket", &Options{
			Endpoint: srv.URL, Anonymous: true, Emulator: emulator, HTTPClient: srv.Client(),
		})
		err := s.Delete(t.Context(), "k", &storage.DeleteOptions{})
		if (err == nil) != emulator || len(paths) != map[bool]int{true: 2, false: 1}[emulator] {
			t.Errorf("emulator %v: %v after %q", emulator, err, paths)
		}
	}
}

// A list of other names, from a cache that looks at the path alone, is no answer.
func TestListOfOthers(t *testing.T) {
	srv := stub.New(t, func(w http.ResponseWriter, r *stub.Request) {
		if r.URL.Query().Has("uploads") {
			io.WriteString(w, "<ListMultipartUploadsResult><Upload><Key>other</Key>"+
				"<UploadId>u</UploadId></Upload></ListMultipartUploadsResult>")
			return
		}
		io.WriteString(w, `{"kind": "storage#objects", "items": [`+
			`{"name": "other", "generation": "1", "size": "1"}]}`)
	})
	s := stubStore(t, srv)
	for prefix, want := range map[string]error{"": nil, "oth": nil,
		"mine/": storage.ErrUnavailable} {
		opts := &storage.ListOptions{Prefix: prefix}
		if _, err := s.ListPage(t.Context(), opts); !errors.Is(err, want) {
			t.Errorf("ListPage below %q: %v, want %v", prefix, err, want)
		}
		if _, err := s.ListUploadsPage(t.Context(), opts); !errors.Is(err, want) {
			t.Errorf("ListUploadsPage below %q: %v, want %v", prefix, err, want)
		}
	}
}
