package s3

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// What a profile that a server here is behind refuses without a request, as the table of
// TestProfiles has it of the others.
func TestRefusedBeforeSent(t *testing.T) {
	refuses := map[string]string{
		"aws":       "",
		"minio":     "copy if absent, copy if match, delete if match",
		"versitygw": "copy if absent, copy if match, delete if match, class",
		"generic": "complete if absent, complete if match, copy if absent, copy if match, copy " +
			"source if match, " +
			"delete if match",
		"ministack": "copy if absent, copy if match, copy replace, tags",
	}
	for i := range profiles {
		name := profiles[i].name
		want, here := refuses[name]
		if !here {
			if !slices.ContainsFunc(hosted, named(name)) && !slices.ContainsFunc(installed,
				named(name)) {
				t.Errorf("%s is in no table", name)
			}
			continue
		}
		srv := newStub(t, answerOK)
		s := srv.provider(t, name)
		var got []string
		for _, w := range switches {
			srv.Seen()
			if err := w.call(t.Context(), s); errors.Is(err, errors.ErrUnsupported) &&
				len(srv.Seen()) == 0 {
				got = append(got, w.name)
			} else if err != nil {
				t.Errorf("%s: %s: %v", name, w.name, err)
			}
		}
		if g := strings.Join(got, ", "); g != want {
			t.Errorf("%s refuses %s\nwant %s", name, g, want)
		}
	}
}

func named(name string) func(profile) bool { return func(p profile) bool { return p.name == name } }

// Ceph and Spaces compare If-Match of a write without its quotes. Reads keep them.
func TestBareMatch(t *testing.T) {
	srv := newStub(t, answerOK)
	for provider, want := range map[string]string{"ceph": "e", "spaces": "e", "generic": `"e"`} {
		s := srv.provider(t, provider)
		srv.Seen()
		if err := calls["Put if match"](t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if got := srv.One(t).Header.Get("If-Match"); got != want {
			t.Errorf("Put on %s: If-Match %s, want %s", provider, got, want)
		}
		r, err := s.Get(t.Context(), "k", &storage.GetOptions{IfMatch: `"etag"`})
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if got := srv.One(t).Header.Get("If-Match"); got != `"etag"` {
			t.Errorf("Get on %s: If-Match %s", provider, got)
		}
	}
}

// Where conditions hold in buckets without versions only, the bucket is asked once, and where it
// could not be, again by the first write that needs it.
func TestConditionsByVersioning(t *testing.T) {
	var status, asked = "", 0
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		switch {
		case !r.URL.Query().Has("versioning"):
			answerOK(w, r)
		case status == "down":
			w.WriteHeader(http.StatusBadGateway)
		case status == "denied":
			refuse(w, http.StatusForbidden, "AccessDenied")
		default:
			asked++
			fmt.Fprintf(w, "<VersioningConfiguration>%s</VersioningConfiguration>", status)
		}
	})
	for _, c := range []struct {
		status string
		holds  bool
	}{
		{"", true}, {"<Status>Enabled</Status>", false}, {"<Status>Suspended</Status>", false},
		{"denied", false},
	} {
		status = c.status
		s := srv.provider(t, "ceph")
		srv.Seen()
		for _, call := range []string{"Put if absent", "Put if match"} {
			err := calls[call](t.Context(), s)
			if n := len(srv.Seen()); (err == nil) != c.holds || !c.holds && (n != 0 ||
				!errors.Is(err, errors.ErrUnsupported)) {
				t.Errorf("%q: %s: %v after %d requests", c.status, call, err, n)
			}
		}
		if got := s.Capabilities(); got.IfAbsent != c.holds || got.IfMatch != c.holds ||
			got.SignURLIfAbsent != c.holds {
			t.Errorf("%q: %+v", c.status, got)
		}
	}
	status = "down"
	s := srv.provider(t, "ceph")
	if err := calls["Put if absent"](t.Context(), s); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Put if absent where the bucket cannot be asked: %v", err)
	}
	if err := calls["Put"](t.Context(), s); err != nil {
		t.Errorf("Put there: %v", err)
	}
	status, asked = "", 0
	for range 2 {
		if err := calls["Put if absent"](t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// Ceph leaves the ETag of a completed upload out, and says of one that is gone that it is busy.
func TestCephComplete(t *testing.T) {
	gone := true
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		switch q := r.URL.Query(); {
		case r.Method == http.MethodGet && q.Has("uploadId") && gone:
			refuse(w, http.StatusNotFound, "NoSuchUpload")
		case r.Method == http.MethodPost && q.Get("uploadId") == "busy":
			refuse(w, http.StatusInternalServerError, "InternalError")
		case r.Method == http.MethodPost:
			io.WriteString(w,
				"<CompleteMultipartUploadResult><Key>k</Key><ETag></ETag></CompleteMultipartUploadResult>")
		default:
			answerOK(w, r)
		}
	})
	s := srv.provider(t, "ceph")
	parts := []*storage.Part{{Number: 1, ETag: `"9dd4e461268c8034f5c8564e155c67a6"`}}
	o, err := s.CompleteUpload(t.Context(), "k", "id", parts, &storage.PutOptions{})
	// printf x | md5sum | xxd -r -p | md5sum
	if err != nil || o.ETag != `"9affad555af89da9b0bfcd5e45bc93da-1"` {
		t.Errorf("CompleteUpload = %+v, %v", o, err)
	}
	parts[0].ETag = `"no MD5"`
	if o, err := s.CompleteUpload(t.Context(), "k", "id", parts,
		&storage.PutOptions{}); err != nil || o.ETag != storage.ETagNone {
		t.Errorf("CompleteUpload of parts with other ETags = %+v, %v", o, err)
	}
	if _, err := s.CompleteUpload(t.Context(), "k", "busy", parts,
		&storage.PutOptions{}); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("CompleteUpload of one that is gone: %v", err)
	}
	gone = false
	if _, err := s.CompleteUpload(t.Context(), "k", "busy", parts,
		&storage.PutOptions{}); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("CompleteUpload of a busy one: %v", err)
	}
}

// Names that Ceph would alter go in another form, and those of others come back as they are.
func TestHyphens(t *testing.T) {
	sent := make(http.Header)
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if r.Method == http.MethodHead {
			for name, v := range sent {
				w.Header()[name] = v
			}
			w.Header().Set("X-Amz-Meta-Polystore-Hex-61", "theirs") // "a" needs no encoding
		} else if r.Method == http.MethodPut {
			for name, v := range r.Header {
				if strings.HasPrefix(name, "X-Amz-Meta-") {
					sent[name] = v
				}
			}
		}
		answerOK(w, r)
	})
	s := srv.provider(t, "ceph")
	m := map[string]string{"a_b": "1", "a-b": "2", "polystore-hex-x": "3", "c.d": "4"}
	if _, err := s.Put(t.Context(),
		"k", strings.NewReader("x"), 1, &storage.PutOptions{Metadata: m}); err != nil {
		t.Fatal(err)
	}
	for name := range sent {
		if strings.Contains(name, "_") {
			t.Errorf("sent %s", name)
		}
	}
	o, err := s.Stat(t.Context(), "k", &storage.StatOptions{})
	m["polystore-hex-61"] = "theirs"
	if err != nil || fmt.Sprint(o.Metadata) != fmt.Sprint(m) {
		t.Errorf("Stat has %v, %v, want %v", o.Metadata, err, m)
	}
}

// A key with a percent sign is decoded once too often by Ceph.
func TestPartSourceDecodedTwice(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.provider(t, "ceph")
	srv.Seen()
	for key, refused := range map[string]bool{"a%41": true, "a%zz": true, "a?versionId=1": true,
		"a+b ü": false} {
		_, err := s.CopyPart(t.Context(), "k", "id", 1, key,
			&storage.CopyPartOptions{SourceLength: 1})
		if n := len(srv.Seen()); errors.Is(err, errors.ErrUnsupported) != refused ||
			refused == (n > 0) {
			t.Errorf("CopyPart of %q: %v after %d requests", key, err, n)
		}
	}
}

// Garage tells a version of everything, and takes none.
func TestVersionsOfNoUse(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("X-Amz-Version-Id", "v")
		answerOK(w, r)
	})
	for provider, want := range map[string]string{"garage": "", "generic": "v"} {
		s, ctx := srv.provider(t, provider), t.Context()
		written, err := s.Put(ctx, "k", strings.NewReader("x"), 1, &storage.PutOptions{})
		completed, err2 := s.CompleteUpload(ctx, "k", "id",
			[]*storage.Part{{Number: 1, ETag: `"e"`}}, &storage.PutOptions{})
		copied, err3 := s.Copy(ctx, "k", "src", &storage.CopyOptions{})
		stat, err4 := s.Stat(ctx, "k", &storage.StatOptions{})
		got, err5 := s.Get(ctx, "k", &storage.GetOptions{})
		if err := errors.Join(err, err2, err3, err4, err5); err != nil {
			t.Fatalf("%s: %v", provider, err)
		}
		got.Body.Close()
		for what, o := range map[string]*storage.Object{"Put": written, "Stat": stat,
			"CompleteUpload": completed, "Copy": copied.Object, "Get": got.Object} {
			if o.VersionID != want {
				t.Errorf("%s: %s has the version %q, want %q", provider, what, o.VersionID, want)
			}
		}
	}
}
