package s3

import (
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// lister answers lists with the keys that it holds, and counts what else it is asked.
type lister struct {
	*server
	keys []string
}

func newLister(t *testing.T) *lister {
	l := new(lister)
	l.server = newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		q := r.URL.Query()
		if !q.Has("list-type") {
			answerOK(w, r)
			return
		}
		type object struct{ Key, ETag string }
		var answer struct {
			XMLName      xml.Name `xml:"ListBucketResult"`
			Name         string
			EncodingType string
			Contents     []object
		}
		answer.Name, answer.EncodingType = "bucket", "url"
		for _, key := range l.keys {
			if strings.HasPrefix(key, q.Get("prefix")) {
				answer.Contents = append(answer.Contents, object{url.QueryEscape(key), `"etag"`})
			}
		}
		xml.NewEncoder(w).Encode(answer)
	})
	return l
}

// lists and others count the requests since the last call.
func (l *lister) count() (lists, others int) {
	for _, r := range l.Seen() {
		if r.URL.Query().Has("list-type") {
			lists++
		} else {
			others++
		}
	}
	return lists, others
}

// A key that a write would refuse is asked for where a list shows it.
func TestKeysThatAListShows(t *testing.T) {
	l := newLister(t)
	s := l.provider(t, "generic")
	ctx := t.Context()
	const key = "2026//part"
	if err := s.CheckKey(key); !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("CheckKey: %v, want %v", err, storage.ErrInvalidKey)
	}
	calls := map[string]func() (got, missing error){
		"Stat": func() (error, error) {
			_, err := s.Stat(ctx, key, &storage.StatOptions{})
			return err, storage.ErrNotExist
		},
		"Get": func() (error, error) {
			r, err := s.Get(ctx, key, &storage.GetOptions{})
			if err == nil {
				r.Body.Close()
			}
			return err, storage.ErrNotExist
		},
		"Copy": func() (error, error) {
			_, err := s.Copy(ctx, "copy", key, &storage.CopyOptions{})
			return err, storage.ErrNotExist
		},
		"Delete": func() (error, error) {
			return s.Delete(ctx, key, &storage.DeleteOptions{}),
				nil
		},
		"DeleteBatch": func() (error, error) {
			errs, err := s.DeleteBatch(ctx, []string{key}, &storage.DeleteBatchOptions{})
			return errors.Join(append(errs, err)...), nil
		},
	}
	for name, call := range calls {
		if got, missing := call(); !errors.Is(got, missing) {
			t.Errorf("%s of a key that no list shows: %v, want %v", name, got, missing)
		}
		if lists, others := l.count(); lists != 1 || others != 0 {
			t.Errorf("%s of a key that no list shows: %d lists and %d other requests, want 1 and 0",
				name, lists, others)
		}
	}
	_, err := s.SignURL(ctx, key, &storage.SignOptions{Method: http.MethodGet})
	if !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("SignURL of a key that no list shows: %v, want %v", err, storage.ErrInvalidKey)
	}
	l.count()

	// A longer key of the list is not the key, but of its kind.
	l.keys = []string{key + "x", key + "y"}
	_, err = s.Stat(ctx, key, &storage.StatOptions{})
	if !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("Stat beside a longer key: %v, want %v", err, storage.ErrNotExist)
	}
	l.count()
	for name, call := range calls {
		if got, _ := call(); got != nil {
			t.Errorf("%s of a kind of key that a list has shown: %v", name, got)
		}
		if lists, others := l.count(); lists != 0 || others != 1 {
			t.Errorf("%s of a kind of key that a list has shown: %d lists and %d other requests, "+
				"want 0 and 1", name, lists, others)
		}
	}
	if _, err := s.SignURL(ctx, key, &storage.SignOptions{Method: http.MethodGet}); err != nil {
		t.Errorf("SignURL: %v", err)
	}
	_, err = s.SignURL(ctx, key, &storage.SignOptions{Method: http.MethodPut})
	if !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("SignURL of a PUT: %v, want %v", err, storage.ErrInvalidKey)
	}
	// Another kind of key has not been shown.
	if err := s.Delete(ctx, "/lead", &storage.DeleteOptions{}); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if lists, others := l.count(); lists != 1 || others != 0 {
		t.Errorf("a key of another kind: %d lists and %d other requests, want 1 and 0", lists,
			others)
	}
}

// A service that is known to clean paths is never asked for what it would take for another key.
func TestKeysThatAreLost(t *testing.T) {
	for provider, keys := range map[string][]string{
		"minio": {"a//b", "/lead", "//lead", "k/../y", "k/./y", "..", "../x", "a//", "k/" +
			strings.Repeat("s", 256), "a\x00"},
		"versitygw": {"a//b", "/lead", "k/../y", ".", "a//", ".sgwtmp/x"},
		"aws":       {"../x", strings.Repeat("k", 1025)},
		"generic":   {strings.Repeat("k", 1025)},
	} {
		l := newLister(t)
		s := l.provider(t, provider)
		for _, key := range keys {
			_, err := s.Stat(t.Context(), key, &storage.StatOptions{})
			if !errors.Is(err, storage.ErrInvalidKey) {
				t.Errorf("%s: Stat(%.20q): %v, want %v", provider, key, err, storage.ErrInvalidKey)
			}
			err = s.Delete(t.Context(), key, &storage.DeleteOptions{})
			if !errors.Is(err, storage.ErrInvalidKey) {
				t.Errorf("%s: Delete(%.20q): %v, want %v", provider, key, err,
					storage.ErrInvalidKey)
			}
			err = s.AbortUpload(t.Context(), key, "id")
			if !errors.Is(err, storage.ErrInvalidKey) {
				t.Errorf("%s: AbortUpload(%.20q): %v, want %v", provider, key, err,
					storage.ErrInvalidKey)
			}
		}
		if lists, others := l.count(); lists+others != 0 {
			t.Errorf("%s: %d requests, want none", provider, lists+others)
		}
	}
}

// Markers of directories can be asked for at once where that is known to be harmless, and on
// SeaweedFS only where a list shows the very key.
func TestMarkersAreAskedFor(t *testing.T) {
	for provider, want := range map[string]struct{ lists, others int }{
		"minio": {0, 1}, "generic": {0, 1}, "aws": {0, 1}, "b2": {0, 1}, "seaweedfs": {1, 1},
		"versitygw": {0, 2}, // see mixedHead
	} {
		l := newLister(t)
		l.keys = []string{"dir/"}
		s := l.provider(t, provider)
		if provider == "b2" || provider == "seaweedfs" { // of which only the first learns from it
			if _, err := s.ListPage(t.Context(), &storage.ListOptions{}); err != nil {
				t.Fatal(err)
			}
			l.count()
		}
		if _, err := s.Stat(t.Context(), "dir/", &storage.StatOptions{}); err != nil {
			t.Errorf("%s: %v", provider, err)
		}
		if lists, others := l.count(); lists != want.lists || others != want.others {
			t.Errorf("%s: %d lists and %d other requests, want %+v", provider, lists, others, want)
		}
	}
}
