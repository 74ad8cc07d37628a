package s3

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/testenv"
)

// trailerWatch counts the requests with a trailer, and alters their bodies.
type trailerWatch struct {
	http.RoundTripper
	alter func(body []byte) // nil: not
	n     atomic.Int64
}

func (w *trailerWatch) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("X-Amz-Trailer") == "" {
		return w.RoundTripper.RoundTrip(r)
	}
	w.n.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if w.alter != nil {
		w.alter(body)
	}
	altered := r.Clone(r.Context())
	altered.Body = io.NopCloser(bytes.NewReader(body))
	return w.RoundTripper.RoundTrip(altered)
}

// What a server keeps of a body with a trailer are its plain bytes, their encoding and their sum,
// and it refuses a body whose sum is another. The servers without the switch are sent none.
func TestTrailers(t *testing.T) {
	onServers(t, func(t *testing.T, _ *testenv.Server, o Options, bucket string) {
		watch := &trailerWatch{RoundTripper: o.HTTPClient.Transport}
		o.HTTPClient = &http.Client{Transport: watch}
		s := mustNew(t, bucket, &o)
		took := func(what string, requests int64) {
			t.Helper()
			if !s.profile.trailers {
				requests = 0
			}
			if n := watch.n.Swap(0); n != requests {
				t.Errorf("%s: %d requests with a trailer, want %d", what, n, requests)
			}
		}
		ctx := t.Context()
		for _, encoding := range []string{"", "gzip"} {
			o, err := s.Put(ctx, "put", strings.NewReader(bulk), int64(len(bulk)),
				&storage.PutOptions{ContentEncoding: encoding})
			if err != nil {
				t.Fatal(err)
			}
			took("Put", 1)
			keeps(t, s, "put", bulk, encoding)
			if got, err := s.Stat(ctx, "put", new(storage.StatOptions)); err != nil ||
				!s.profile.contentMD5 && !cmp.Equal(got.Checksums.CRC32C, o.Checksums.CRC32C) {
				t.Errorf("Stat has %x, Put had %x, %v", got.Checksums, o.Checksums, err)
			}
		}

		b := storage.New(s, &storage.Options{PartSize: minPart})
		content := string(someBytes(3*minPart + 12345))
		if _, err := b.PutReaderAt(ctx, "parts", strings.NewReader(content), int64(len(content)),
			nil); err != nil {
			t.Fatal(err)
		}
		took("an upload in parts", 3) // the last one is small
		keeps(t, s, "parts", content, "")

		if !s.profile.trailers {
			return
		}
		for what, alter := range map[string]func(body []byte){
			"byte":    func(body []byte) { body[1000] ^= 1 },
			"trailer": func(body []byte) { body[len(body)-len("AAAA==\r\n\r\n")] ^= 1 },
		} {
			watch.alter = alter
			_, err := s.Put(ctx, "altered", strings.NewReader(bulk), int64(len(bulk)),
				new(storage.PutOptions))
			if !errors.Is(err, storage.ErrIntegrity) {
				t.Errorf("Put with an altered %s: %v", what, err)
			}
			if _, err := s.Stat(ctx, "altered", new(storage.StatOptions)); !errors.Is(err,
				storage.ErrNotExist) {
				t.Errorf("an altered %s was stored: %v", what, err)
			}
			id, err := s.CreateUpload(ctx, "altered", new(storage.PutOptions))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.PutPart(ctx, "altered", id, 1, strings.NewReader(bulk),
				int64(len(bulk)), new(storage.PartOptions)); !errors.Is(err,
				storage.ErrIntegrity) {
				t.Errorf("PutPart with an altered %s: %v", what, err)
			}
			if err := s.AbortUpload(ctx, "altered", id); err != nil {
				t.Error(err)
			}
		}
		took("altered", 4)
	})
}

func keeps(t *testing.T, s *Store, key, content, encoding string) {
	t.Helper()
	r, err := s.Get(t.Context(), key, new(storage.GetOptions))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	got, err := io.ReadAll(r.Body)
	if err != nil || string(got) != content || r.Object.ContentEncoding != encoding {
		t.Errorf("%s has %d bytes, encoding %q, %v, want %d, %q", key, len(got),
			r.Object.ContentEncoding, err, len(content), encoding)
	}
}
