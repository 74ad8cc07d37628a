package s3

import (
	"crypto/md5"
	"encoding/base64"
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

const manyTags = `<Tagging><TagSet><Tag><Key>class</Key><Value>a b+c</Value></Tag>` +
	`<Tag><Key>keep</Key><Value>7y</Value></Tag></TagSet></Tagging>`

// large answers as S3 does about an object of 6 GiB, above what CopyObject takes, with tags that
// may be read, or not.
func large(count string, tags int) stub.Answer {
	return func(w http.ResponseWriter, r *stub.Request) {
		q := r.URL.Query()
		switch {
		case r.Method == http.MethodHead:
			h := w.Header()
			h.Set("ETag", `"src"`)
			h.Set("Content-Length", fmt.Sprint(6<<30))
			h.Set("X-Amz-Meta-Owner", "me")
			h.Set("X-Amz-Tagging-Count", count)
		case r.Method == http.MethodGet && q.Has("tagging") && tags != http.StatusOK:
			refuse(w, tags, "AccessDenied")
		case r.Method == http.MethodGet && q.Has("tagging"):
			io.WriteString(w, manyTags)
		case r.Header.Get("X-Amz-Copy-Source") != "" && !q.Has("uploadId"):
			refuse(w, http.StatusBadRequest, "InvalidRequest")
		default:
			answerOK(w, r)
		}
	}
}

// A copy in parts has the tags of its source. It asks for them only if the source says that it has
// some, and begins nothing where it may not read them.
func TestLargeCopyKeepsTags(t *testing.T) {
	for _, test := range []struct {
		name      string
		count     string
		status    int
		loss      []string
		want      error
		asked     bool
		tagged    string
		abandoned bool
	}{
		{"tags", "2", 200, nil, nil, true, "class=a%20b%2Bc&keep=7y", false},
		{"no tags", "", 200, nil, nil, false, "", false},
		{"tags that may not be read", "2", 403, nil, storage.ErrPermission, true, "", true},
		{"tags that may be lost", "2", 403, []string{"tags"}, nil, true, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := newStub(t, large(test.count, test.status))
			b := storage.New(srv.store(t), nil)
			defer b.Close()
			_, err := b.Copy(t.Context(), "dst", "src", &storage.CopyOptions{AllowLoss: test.loss})
			if !errors.Is(err, test.want) || test.want == nil && err != nil {
				t.Errorf("Copy: %v, want %v", err, test.want)
			}
			if test.want != nil && !strings.Contains(err.Error(), "tags") {
				t.Errorf("%v does not name the tags", err)
			}
			seen := srv.Seen()
			asked := slices.ContainsFunc(seen, func(r *stub.Request) bool {
				return r.Method == http.MethodGet && r.URL.Query().Has("tagging")
			})
			i := slices.IndexFunc(seen, func(r *stub.Request) bool {
				return r.Method == http.MethodPost && r.URL.Query().Has("uploads")
			})
			if asked != test.asked || (i < 0) != test.abandoned {
				t.Errorf("tags were asked for: %v; upload %d of %d requests", asked, i, len(seen))
			}
			if i >= 0 && seen[i].Header.Get("X-Amz-Tagging") != test.tagged {
				t.Errorf("x-amz-tagging %q, want %q", seen[i].Header.Get("X-Amz-Tagging"),
					test.tagged)
			}
		})
	}
}

// CopyObject is refused where the tags may not be read, and does not say that they are why: the
// error does. With AllowLoss the copy has none.
func TestCopyOfSecretTags(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		switch {
		case r.URL.Query().Has("tagging"),
			r.Header.Get("X-Amz-Copy-Source") != "" &&
				r.Header.Get("X-Amz-Tagging-Directive") != "REPLACE":
			refuse(w, http.StatusForbidden, "AccessDenied")
		default:
			answerOK(w, r)
		}
	})
	b := storage.New(srv.store(t), nil)
	defer b.Close()
	_, err := b.Copy(t.Context(), "dst", "src", nil)
	if !errors.Is(err, storage.ErrPermission) || !strings.Contains(err.Error(), "tags") {
		t.Errorf("Copy: %v, want ErrPermission that names the tags", err)
	}
	opts := &storage.CopyOptions{AllowLoss: []string{"tags"}}
	if _, err := b.Copy(t.Context(), "dst", "src", opts); err != nil {
		t.Errorf("Copy with AllowLoss: %v", err)
	}
}

// A caller's MD5 goes where AWS keeps it, and comes back. With another sum beside it, that one is
// kept, and the MD5 is checked.
func TestKeptMD5(t *testing.T) {
	const content = "123456789"
	sum := md5.Sum([]byte(content))
	text := base64.StdEncoding.EncodeToString(sum[:])
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("X-Amz-Checksum-Md5", text)
		w.Header().Set("X-Amz-Checksum-Type", "FULL_OBJECT")
		answerOK(w, r)
	})
	s := srv.store(t)
	for _, test := range []struct {
		sums             storage.Checksums
		kept, contentMD5 string
	}{
		{storage.Checksums{MD5: sum[:]}, text, ""},
		{storage.Checksums{MD5: sum[:], CRC32C: []byte{0xe3, 0x06, 0x92, 0x83}}, "", text},
	} {
		_, err := s.Put(t.Context(), "k", strings.NewReader(content), int64(len(content)),
			&storage.PutOptions{Checksums: test.sums})
		if err != nil {
			t.Fatal(err)
		}
		h := srv.One(t).Header
		if h.Get("X-Amz-Checksum-Md5") != test.kept || h.Get("Content-Md5") != test.contentMD5 {
			t.Errorf("%v", h)
		}
		if (h.Get("X-Amz-Checksum-Crc32c") == "") != (test.kept != "") {
			t.Errorf("x-amz-checksum-crc32c %q", h.Get("X-Amz-Checksum-Crc32c"))
		}
	}
	o, err := s.Stat(t.Context(), "k", &storage.StatOptions{})
	if err != nil || string(o.Checksums.MD5) != string(sum[:]) {
		t.Errorf("Stat: %+v, %v", o, err)
	}
}
