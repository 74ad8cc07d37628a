package gcs

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/gcsfake"
)

// The JSON API takes any text, so that every program reads it; what the headers of a read would
// alter is encoded, and what others wrote is never decoded.
func TestMetadataAsOthersSeeIt(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	ours := map[string]string{"plain": "ü 日本", "blanks": " ends ", "mark": "utf8b64:YQ", "none": ""}
	_, err := s.Put(t.Context(), "ours", strings.NewReader("x"), 1,
		&storage.PutOptions{Metadata: ours})
	if err != nil {
		t.Fatal(err)
	}
	raw := rawMetadata(t, f, "ours")
	for name, v := range ours {
		if encoded := raw[name] != v; encoded != (name != "plain") {
			t.Errorf("%s is stored as %q", name, raw[name])
		}
	}
	theirs := map[string]string{
		"word": "=?UTF-8?B?w7w=?=", "encoded": "utf8b64:w7w", "raw": "grüße",
	}
	w := s.Client().Bucket(f.bucket).Object("theirs").NewWriter(t.Context())
	w.Metadata = theirs
	if _, err := w.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]map[string]string{"ours": ours, "theirs": theirs} {
		o, err := s.Stat(t.Context(), key, &storage.StatOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, o.Metadata); diff != "" {
			t.Errorf("Stat(%q) (-want +got):\n%s", key, diff)
		}
		r, err := s.Get(t.Context(), key, &storage.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if diff := cmp.Diff(want, r.Object.Metadata); diff != "" {
			t.Errorf("Get(%q) (-want +got):\n%s", key, diff)
		}
	}
}

// rawMetadata is what the JSON API says of an object.
func rawMetadata(t *testing.T, f *fake, key string) map[string]string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		f.URL+"/storage/v1/b/"+f.bucket+"/o/"+url.PathEscape(key), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer good")
	resp, err := f.options.HTTPClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var o struct{ Metadata map[string]string }
	if err := json.NewDecoder(resp.Body).Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o.Metadata
}
