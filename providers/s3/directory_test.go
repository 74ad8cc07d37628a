package s3

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/internal/stub"
)

// newDirectory opens a directory bucket that holds keys, and lists them as they stand there, from a
// continuation token on. It starts after no key, takes no prefix but a path that ends in a slash,
// and no other delimiter: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func newDirectory(t *testing.T, keys []string) *Store {
	cleanEnvironment(t)
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		q := r.URL.Query()
		prefix, delimiter := q.Get("prefix"), q.Get("delimiter")
		switch {
		case q.Has("session"):
			io.WriteString(w, "<CreateSessionResult><Credentials><AccessKeyId>A</AccessKeyId>"+
				"<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"+
				"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>")
		case prefix != "" && !strings.HasSuffix(prefix, "/"), delimiter != "" && delimiter != "/":
			refuse(w, http.StatusBadRequest, "InvalidRequest")
		case q.Has("uploads"):
			io.WriteString(w, "<ListMultipartUploadsResult>")
			for _, key := range entriesOf(keys, prefix, "") {
				fmt.Fprintf(w, "<Upload><Key>%s</Key><UploadId>u</UploadId></Upload>", key)
			}
			io.WriteString(w, "</ListMultipartUploadsResult>")
		case q.Has("start-after"):
			refuse(w, http.StatusNotImplemented, "NotImplemented")
		default:
			listDirectory(w, entriesOf(keys, prefix, delimiter), q)
		}
	})
	return mustNew(t, "b--use1-az4--x-s3", &Options{
		Region: "us-east-1", AccessKeyID: stubKey, SecretAccessKey: stubSecret,
		HTTPClient: &http.Client{Transport: &stub.Everywhere{Server: srv.Server}},
	})
}

// entriesOf are the keys with the prefix, rolled up.
func entriesOf(keys []string, prefix, delimiter string) (entries []string) {
	seen := make(map[string]bool)
	for _, key := range keys {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		if common, ok := driver.CommonPrefix(key, prefix, delimiter); ok {
			key = common
		}
		if !seen[key] {
			seen[key] = true
			entries = append(entries, key)
		}
	}
	return entries
}

func listDirectory(w io.Writer, entries []string, q url.Values) {
	at, _ := strconv.Atoi(q.Get("continuation-token"))
	size, err := strconv.Atoi(q.Get("max-keys"))
	if err != nil {
		size = 100
	}
	end := min(at+size, len(entries))
	io.WriteString(w, "<ListBucketResult>")
	for _, key := range entries[at:end] {
		if q.Get("delimiter") != "" && strings.HasSuffix(key, "/") {
			fmt.Fprintf(w, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", key)
			continue
		}
		fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>1</Size><ETag>"e"</ETag></Contents>`, key)
	}
	fmt.Fprintf(w, "<IsTruncated>%t</IsTruncated>", end < len(entries))
	if end < len(entries) {
		fmt.Fprintf(w, "<NextContinuationToken>%d</NextContinuationToken>", end)
	}
	io.WriteString(w, "</ListBucketResult>")
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

// A directory bucket takes a path as a prefix. What is behind its last slash is compared here.
func TestDirectoryBucketPrefixes(t *testing.T) {
	b := storage.New(newDirectory(t, []string{"log/b", "logs/2", "log", "d/log2", "d/x", "logs/1",
		"d/logs/1", "other", "d/a"}), nil)
	defer b.Close()
	for _, test := range []struct {
		prefix, delimiter string
		want              []string
	}{
		{"log", "", []string{"log", "log/b", "logs/1", "logs/2"}},
		{"log", "/", []string{"log", "log/", "logs/"}},
		{"logs/", "", []string{"logs/1", "logs/2"}},
		{"d/log", "", []string{"d/log2", "d/logs/1"}},
		{"d/log", "/", []string{"d/log2", "d/logs/"}},
		{"none", "", nil},
		{"", "/", []string{"d/", "log", "log/", "logs/", "other"}},
	} {
		for _, size := range []int{1, 2, 1000} {
			var got []string
			for o, err := range b.List(t.Context(), &storage.ListOptions{
				Prefix: test.prefix, Delimiter: test.delimiter, PageSize: size,
			}) {
				if err != nil {
					t.Errorf("List(%q, %q): %v", test.prefix, test.delimiter, err)
					break
				}
				if o.IsPrefix != strings.HasSuffix(o.Key, "/") {
					t.Errorf("%q: IsPrefix is %t", o.Key, o.IsPrefix)
				}
				got = append(got, o.Key)
			}
			if slices.Sort(got); !slices.Equal(got, test.want) {
				t.Errorf("List(%q, %q) by pages of %d = %q, want %q", test.prefix, test.delimiter,
					size, got, test.want)
			}
		}
	}
}

// So is that of a list of uploads.
func TestDirectoryBucketUploads(t *testing.T) {
	s := newDirectory(t, []string{"d/logs/1", "log", "d/log2", "d/x"})
	page, err := s.ListUploadsPage(t.Context(), &storage.ListOptions{Prefix: "d/log"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range page.Uploads {
		got = append(got, u.Key)
	}
	if want := []string{"d/log2", "d/logs/1"}; !slices.Equal(got, want) {
		t.Errorf("uploads below d/log: %q, want %q", got, want)
	}
}

// A directory bucket has no delimiter but the slash, which is refused before any request.
func TestDirectoryBucketDelimiters(t *testing.T) {
	s := newDirectory(t, []string{"a-b"})
	_, err := s.ListPage(t.Context(), &storage.ListOptions{Delimiter: "-"})
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "delimiter") {
		t.Errorf("%v, want ErrUnsupported, of the delimiter", err)
	}
}
