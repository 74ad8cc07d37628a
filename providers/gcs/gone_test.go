package gcs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// An upload or a session that somebody ended under a Put of a Bucket is made again from a source
// that can be read again. From a stream it is ErrUnavailable: never ErrNotExist, which would be
// about the object. So it is if the answer comes while the bytes still go up, and the connection is
// cut behind it.
func TestSessionGoneOfBucket(t *testing.T) {
	const part = 5 << 20
	data := make([]byte, 3*part)
	type answer = func(*http.Request, http.RoundTripper) (*http.Response, error)
	for name, gone := range map[string]func(*testing.T) answer{
		"410":      func(*testing.T) answer { return say(http.StatusGone, nil, "") },
		"404":      func(*testing.T) answer { return say(http.StatusNotFound, nil, "Not Found") },
		"404, cut": func(t *testing.T) answer { return hangUp(t, "404 Not Found") },
		"410, cut": func(t *testing.T) answer { return hangUp(t, "410 Gone") },

		"499, of a session": func(*testing.T) answer { return say(cancelled, nil, "") },
	} {
		for _, absent := range []bool{false, true} {
			if name == "499, of a session" && !absent {
				continue // uploads without a condition are no sessions
			}
			t.Run(fmt.Sprint(name, " IfAbsent ", absent), func(t *testing.T) {
				f, h := startHooked(t)
				b := storage.New(f.open(t), &storage.Options{PartSize: part})
				defer b.Close()
				opts := &storage.PutOptions{IfAbsent: absent, Concurrency: 1}
				isPart := func(r *http.Request) bool {
					return isChunk(r) || r.URL.Query().Has("partNumber")
				}
				h.once(isPart, gone(t))
				o, err := b.Put(t.Context(), "sized", bytes.NewReader(data), opts)
				if err != nil || o.Size != int64(len(data)) {
					t.Errorf("a source that can be read again: %+v, %v", o, err)
				}
				h.once(isPart, gone(t))
				stream := struct{ io.Reader }{bytes.NewReader(data)}
				_, err = b.Put(t.Context(), "stream", stream, opts)
				wantKind(t, "a stream", err, storage.ErrUnavailable)
				_, err = b.Stat(t.Context(), "stream", nil)
				if !errors.Is(err, storage.ErrNotExist) {
					t.Errorf("Stat of the stream's object: %v", err)
				}
			})
		}
	}
}

// hangUp answers a request at its headers, and cuts the connection under its body.
func hangUp(
	t *testing.T, status string,
) func(*http.Request, http.RoundTripper) (*http.Response, error) {
	server := stub.NewRefuser(t, "HTTP/1.1 "+status+"\r\nConnection: close\r\n\r\nNot here.")
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		there := r.Clone(r.Context())
		there.URL.Host, there.Host = at.Host, at.Host
		return next.RoundTrip(there)
	}
}
