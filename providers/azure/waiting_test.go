package azure

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// A body waits for the service's word after the service was too busy.
func TestBodyWaits(t *testing.T) {
	for _, never := range []string{"", "1"} {
		t.Setenv(envNoWaiting, never)
		busy := true
		srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
			if busy {
				refuse(w, 503, "ServerBusy")
				return
			}
			answerOK(w, r)
		})
		s := srv.store(t)
		wantError(t, "Put", calls["Put"](t.Context(), s), storage.ErrThrottled, false)
		busy = false
		for call, expect := range map[string]string{"Put": "100-continue", "Put empty": ""} {
			srv.Seen()
			if err := calls[call](t.Context(), s); err != nil {
				t.Fatalf("%s: %v", call, err)
			}
			if never != "" {
				expect = ""
			}
			if got := srv.One(t).Header.Get("Expect"); got != expect {
				t.Errorf("%s, never %q: Expect %q, want %q", call, never, got, expect)
			}
		}
	}
}

// A request that breaks with an idle connection, before anything was written, is made again with
// its whole body.
func TestBodyIsReadAgain(t *testing.T) {
	var read []string
	o := newStub(t, answerOK).options()
	o.HTTPClient = &http.Client{Transport: roundTripper(func(
		req *http.Request,
	) (*http.Response, error) {
		for range 2 {
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			b, err := io.ReadAll(body)
			if err != nil {
				return nil, err
			}
			read = append(read, string(b))
		}
		return nil, errTaken
	})}
	s := mustNew(t, "bucket", o)
	_, err := s.Put(t.Context(), "k", strings.NewReader("content"), 7, &storage.PutOptions{})
	if err == nil || len(read) != 2 || read[1] != "content" {
		t.Errorf("%q, %v", read, err)
	}
}
