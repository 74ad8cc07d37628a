package hostile

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// Givers checks how a provider asks for credentials: open opens it with a service at an URL that
// gives them out. That service redirects, which is not followed, and answers without an end, which
// is not read to memory.
func Givers(t *testing.T, open func(t *testing.T, at string) storage.Store) {
	elsewhere := stub.New(t, func(w http.ResponseWriter, _ *stub.Request) {})
	other := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
	for name, answer := range map[string]func(w http.ResponseWriter, r *stub.Request){
		"redirect": func(w http.ResponseWriter, r *stub.Request) {
			w.Header().Set("Location", elsewhere.URL+r.URL.RequestURI())
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"redirect to another host": func(w http.ResponseWriter, r *stub.Request) {
			w.Header().Set("Location", other+r.URL.RequestURI())
			w.WriteHeader(http.StatusPermanentRedirect)
		},
		"301": func(w http.ResponseWriter, r *stub.Request) {
			w.Header().Set("Location", other+r.URL.RequestURI())
			w.WriteHeader(http.StatusMovedPermanently)
		},
		"JSON without an end": func(w http.ResponseWriter, r *stub.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"`)
			endless(w, "a")
		},
		"XML without an end": func(w http.ResponseWriter, r *stub.Request) {
			io.WriteString(w, "<Response><Result><Credentials><AccessKeyId>")
			endless(w, "a")
		},
		"an error without an end": func(w http.ResponseWriter, r *stub.Request) {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":"`)
			endless(w, "a")
		},
	} {
		sound := t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			at := stub.New(t, func(w http.ResponseWriter, r *stub.Request) {
				asked.Add(1)
				if r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" {
					w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
					io.WriteString(w, "a-metadata-token")
					return
				}
				answer(w, r)
			})
			b := storage.New(open(t, at.URL), Options())
			defer b.Close()
			var err error
			grown := growth(func() { _, err = b.Stat(t.Context(), key, nil) })
			if !errors.Is(err, storage.ErrPermission) && !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("Stat: %v", err)
			}
			if asked.Load() == 0 {
				t.Error("nobody was asked for credentials")
			}
			for _, r := range elsewhere.Seen() {
				t.Errorf("%s %s, with %v and %q", r.Method, r.URL, r.Header, r.Body)
			}
			if grown > tolerated {
				t.Errorf("it took %d MiB", grown>>20)
			}
		})
		if !sound {
			return // what has no bound takes minutes for each answer
		}
	}
}
