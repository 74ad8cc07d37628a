package azure

import (
	"io"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// A stub, because these answers lack what the service always gives, or say it in another form: a
// proxy in front of it does that.
func TestLackingAnswers(t *testing.T) {
	ends := "" // how the end of a body is told
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		h := w.Header()
		h["Date"] = nil
		h.Set("ETag", stubETag)
		h.Set("X-Ms-Blob-Type", "BlockBlob")
		h.Set("Last-Modified", "Wed, 5 Oct 2022 07:28:00 GMT")
		h.Set("X-Ms-Creation-Time", "0")
		h.Set("Content-MD5", "none")
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
	b := storage.New(srv.store(t), &storage.Options{Retry: storage.RetryOptions{Attempts: 1}})
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
	if o, err := b.Stat(t.Context(), "k", nil); err != nil {
		t.Errorf("Stat = %+v, %v", o, err)
	}
	ends = "close"
	_, err = b.ReadAll(t.Context(), "k", nil)
	wantError(t, "ReadAll, ended by the connection", err, storage.ErrUnavailable, false)
	srv.Seen()
}

// Content-Range, Content-Length and what was asked for have to fit together: never a short success.
func TestContentRangeHeldAgainst(t *testing.T) {
	const whole = "0123456789"
	var contentRange, body string
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		h := w.Header()
		h.Set("ETag", stubETag)
		h.Set("X-Ms-Blob-Type", "BlockBlob")
		h.Set("Last-Modified", "Wed, 5 Oct 2022 07:28:00 GMT")
		h.Set("X-Ms-Creation-Time", "0")
		h.Set("Content-MD5", "none")
		h.Set("Content-Range", contentRange)
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, body)
	})
	s := srv.store(t)
	for _, test := range []struct{ contentRange, body string }{
		{"bytes 2-5/10", "234"}, {"bytes 2-4/10", "2345"}, {"bytes 0-3/10", "0123"},
		{"bytes 3-6/10", "3456"}, {"bytes 2-5", "2345"},
	} {
		contentRange, body = test.contentRange, test.body
		_, err := s.Get(t.Context(), "k", &storage.GetOptions{Offset: 2, Length: 4})
		wantError(t, contentRange+" with "+body, err, storage.ErrUnavailable, false)
	}
	// A part of what was asked for is read on.
	answers := [][2]string{{"bytes 2-3/10", "23"}, {"bytes 4-4/10", "4"}, {"bytes 5-7/10", "567"}}
	i := 0
	srv = newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		h := w.Header()
		h.Set("ETag", stubETag)
		h.Set("X-Ms-Blob-Type", "BlockBlob")
		h.Set("Last-Modified", "Wed, 5 Oct 2022 07:28:00 GMT")
		h.Set("X-Ms-Creation-Time", "0")
		h.Set("Content-MD5", "none")
		h.Set("Content-Range", answers[i][0])
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, answers[i][1])
		i = min(i+1, len(answers)-1)
	})
	b := storage.New(srv.store(t), &storage.Options{Retry: storage.RetryOptions{Attempts: 1}})
	data, err := b.ReadAll(t.Context(), "k", &storage.GetOptions{Offset: 2, Length: 6})
	if string(data) != whole[2:8] || err != nil {
		t.Errorf("ReadAll in parts: %q, %v", data, err)
	}
	if n := len(srv.Seen()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
}
