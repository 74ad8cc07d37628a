package gcs

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/testenv"
)

// cut sends half of a request's body, and cuts the connection.
func cut(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	half := r.Clone(r.Context())
	half.Body = io.NopCloser(io.MultiReader(
		io.LimitReader(r.Body, r.ContentLength/2), brokenReader{},
	))
	defer r.Body.Close()
	resp, err := next.RoundTrip(half)
	if err == nil {
		resp.Body.Close()
		return nil, errors.New("half a body was answered")
	}
	return nil, errLost
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errLost }

// The public fake takes a question how much it has for the end of the upload. A connection that
// breaks under a part, or under its answer, leaves the old object whole, and the new one whole
// where the source can be read again.
func TestEmulatorBrokenConnection(t *testing.T) {
	env := testenv.FakeGCS(t)
	transport := env.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	h := &hook{base: transport}
	s := mustNew(t, env.NewBucket(t), &Options{
		Endpoint: env.Endpoint, Emulator: true, Anonymous: true,
		HTTPClient: &http.Client{Transport: h},
	})
	b := storage.New(s, &storage.Options{PartSize: 4 << 20})
	defer b.Close()
	data := bytes.Repeat([]byte("123456789abc"), 1<<20)
	isPart := func(r *http.Request) bool {
		return strings.HasPrefix(r.Header.Get("Content-Range"), "bytes 4194304-")
	}
	isEnd := func(r *http.Request) bool {
		return strings.HasSuffix(r.Header.Get("Content-Range"), "/12582912")
	}
	for _, test := range []struct {
		name   string
		match  func(*http.Request) bool
		fault  func(*http.Request, http.RoundTripper) (*http.Response, error)
		cond   bool
		stream bool
		want   error
	}{
		{"cut under a part", isPart, cut, false, false, nil},
		{"cut under a part, IfMatch", isPart, cut, true, false, nil},
		{"the answer to a part lost", isPart, lose, false, false, nil},
		{"the answer to the end lost", isEnd, lose, false, false, nil},
		{"the answer to the end lost, IfMatch", isEnd, lose, true, false, nil},
		{"cut under a part of a stream", isPart, cut, false, true, nil},
		{"the answer to a part of a stream lost", isPart, lose, true, true, storage.ErrUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			h.once(func(*http.Request) bool { return false }, nil)
			old, err := b.Put(t.Context(), "k", strings.NewReader("old"), nil)
			if err != nil {
				t.Fatal(err)
			}
			opts := new(storage.PutOptions)
			if test.cond {
				opts.IfMatch = old.ETag
			}
			h.take()
			h.once(test.match, test.fault)
			var source io.Reader = bytes.NewReader(data)
			if test.stream {
				source = io.MultiReader(source)
			}
			_, err = b.Put(t.Context(), "k", source, opts)
			if !errors.Is(err, test.want) || test.want == nil && err != nil {
				t.Errorf("Put: %v, want %v", err, test.want)
			}
			for _, r := range h.take() {
				if strings.HasPrefix(r, "PUT bytes */*") {
					t.Errorf("the emulator was asked: %s", r)
				}
			}
			want := data
			if test.want != nil {
				want = []byte("old")
			}
			if got, err := b.ReadAll(t.Context(), "k", nil); err != nil || !bytes.Equal(got, want) {
				t.Errorf("the object has %d bytes, want %d: %v", len(got), len(want), err)
			}
		})
	}
}

// A service that says of a part that the object is made leaves a doubt.
func TestSessionMadeEarly(t *testing.T) {
	f, h := startHooked(t)
	u := beginSession(t, f.open(t), 3*chunk)
	h.once(func(r *http.Request) bool { return r.Method == http.MethodPut },
		say(http.StatusOK, nil, `{"generation":"7","size":"1"}`))
	err := u.part(0, chunk)
	var e *storage.Error
	if !errors.As(err, &e) || !e.InDoubt || e.Kind != storage.ErrUnavailable {
		t.Errorf("PutPart: %v, want ErrUnavailable in doubt", err)
	}
}
