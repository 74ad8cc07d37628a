package s3

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// newDirectory opens a directory bucket that holds keys, and lists them as they stand there, from a
// continuation token on. It starts after no key.
func newDirectory(t *testing.T, keys []string) *Store {
	cleanEnvironment(t)
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		q := r.URL.Query()
		switch {
		case q.Has("session"):
			io.WriteString(w, "<CreateSessionResult><Credentials><AccessKeyId>A</AccessKeyId>"+
				"<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"+
				"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>")
		case q.Has("start-after"):
			refuse(w, http.StatusNotImplemented, "NotImplemented")
		default:
			at, _ := strconv.Atoi(q.Get("continuation-token"))
			end := min(at+100, len(keys))
			io.WriteString(w, "<ListBucketResult>")
			for _, key := range keys[at:end] {
				fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>1</Size><ETag>"e"</ETag></Contents>`, key)
			}
			fmt.Fprintf(w, "<IsTruncated>%t</IsTruncated>", end < len(keys))
			if end < len(keys) {
				fmt.Fprintf(w, "<NextContinuationToken>%d</NextContinuationToken>", end)
			}
			io.WriteString(w, "</ListBucketResult>")
		}
	})
	return mustNew(t, "b--use1-az4--x-s3", &Options{
		Region: "us-east-1", AccessKeyID: stubKey, SecretAccessKey: stubSecret,
		HTTPClient: &http.Client{Transport: &stub.Everywhere{Server: srv.Server}},
	})
}

// A directory bucket has no order, so nothing that was cut by keys is a part of its list.
func TestDirectoryBucketIsNotSplit(t *testing.T) {
	keys := make([]string, 3000)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%04d", i)
	}
	runs := slices.Collect(slices.Chunk(keys, 100))
	rand.Shuffle(len(runs), func(i, j int) { runs[i], runs[j] = runs[j], runs[i] })
	keys = slices.Concat(runs...)
	s := newDirectory(t, keys)
	if s.Capabilities().ListSplit {
		t.Error("lists of a directory bucket can be split")
	}
	b := storage.New(s, nil)
	defer b.Close()
	var got []string
	for o, err := range b.List(t.Context(), &storage.ListOptions{Concurrency: 8}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Key)
	}
	slices.Sort(got)
	slices.Sort(keys)
	if !slices.Equal(got, keys) {
		t.Errorf("%d keys, %d of them different, want %d once each", len(got),
			len(slices.Compact(slices.Clone(got))), len(keys))
	}
}

// What starts after a key is refused in a directory bucket, before any request.
func TestDirectoryBucketStartsAfterNoKey(t *testing.T) {
	s := newDirectory(t, []string{"b", "a"})
	_, err := s.ListPage(t.Context(), &storage.ListOptions{StartAfter: "a"})
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "StartAfter") {
		t.Errorf("%v, want ErrUnsupported, of StartAfter", err)
	}
	p, err := s.ListPage(t.Context(), &storage.ListOptions{})
	if err != nil || len(p.Objects) != 2 {
		t.Errorf("from the beginning: %v, %v", p, err)
	}
}
