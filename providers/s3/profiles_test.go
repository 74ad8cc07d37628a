package s3

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// switched are the profiles that no server here is behind: stubs show what each of them sends, and
// what it refuses to send.
var switched = []struct {
	name     string
	o        Options // of New beside Provider
	host     string  // that is asked for the object, by default
	region   string  // of the signature
	path     string
	refuses  string // what is errors.ErrUnsupported without a request
	limits   storage.PartLimits
	maxBatch int
	keys     string // that are refused, beside those that every profile refuses
}{
	{
		name: "r2", o: Options{Endpoint: "https://account.r2.cloudflarestorage.com"},
		host: "https://account.r2.cloudflarestorage.com", region: "auto", path: "/bucket/k",
		refuses: "delete if match, tags, encryption",
		limits: storage.PartLimits{Min: 5 << 20, Max: 5<<30 - 5<<20, MaxObject: 5<<40 - 5<<30,
			Count: 10_000, Parallel: true, Equal: true},
		maxBatch: 700,
	},
	{
		name: "b2", o: Options{Region: "us-west-004"},
		host: "https://s3.us-west-004.backblazeb2.com", region: "us-west-004", path: "/bucket/k",
		refuses: "put if absent, put if match, complete if absent, complete if match, copy if " +
			"absent, copy if match, copy source if match, delete if match, sign if absent, tags, " +
			"class",
		limits: storage.PartLimits{Min: 5 << 20, Max: 5_000_000_000,
			MaxObject: 10_000_000_000_000, Count: 10_000, Parallel: true},
		maxBatch: 1000, keys: "a/ a\\b a\x7fb a\nb",
	},
	{
		name: "gcs",
		host: "https://storage.googleapis.com", region: "auto", path: "/bucket/k",
		refuses: "put if absent, put if match, complete if absent, complete if match, copy if " +
			"absent, copy if match, copy source if match, delete if match, sign if absent, copy " +
			"part, tags, encryption",
		limits: storage.PartLimits{Min: 5 << 20, Max: 5 << 30, MaxObject: 5 << 40, Count: 10_000,
			Parallel: true}, maxBatch: 1000, keys: "a\nb",
	},
	{
		name: "wasabi", o: Options{Region: "eu-central-2"},
		host: "https://s3.eu-central-2.wasabisys.com", region: "eu-central-2", path: "/bucket/k",
		refuses: "put if absent, put if match, complete if absent, complete if match, copy if " +
			"absent, copy if match, copy source if match, delete if match, sign if absent, " +
			"class, encryption",
		limits: storage.PartLimits{Min: 5 << 20, Max: 5 << 30, MaxObject: 5_000_000_000_000,
			Count: 10_000, Parallel: true}, maxBatch: 1000,
	},
	{
		name: "spaces", o: Options{Region: "fra1"},
		host: "https://fra1.digitaloceanspaces.com", region: "fra1", path: "/bucket/k",
		refuses: "put if absent, complete if absent, complete if match, copy if absent, copy if " +
			"match, copy source if match, delete if match, sign if absent, tags, class, encryption",
		limits: storage.PartLimits{Min: 5 << 20, Max: 5 << 30, MaxObject: 5_000_000_000_000,
			Count: 10_000, Parallel: true}, maxBatch: 1000,
	},
	{
		name: "tigris",
		host: "https://bucket.t3.storage.dev", region: "auto", path: "/k",
		refuses: "complete if absent, complete if match, copy if absent, copy if match, copy " +
			"source if match, delete if match",
		limits: storage.PartLimits{Min: 5 << 20, Max: 5 << 30, MaxObject: 5_000_000_000_000,
			Count: 10_000, Parallel: true},
		maxBatch: 1000,
	},
	{
		name: "ceph", o: Options{Endpoint: "https://rgw.example"},
		host: "https://rgw.example", region: "us-east-1", path: "/bucket/k",
		refuses: "complete if absent, complete if match, copy if absent, copy if match, copy " +
			"source if match, delete if match, tags",
		limits: storage.PartLimits{Min: 5 << 20, Max: 5 << 30, MaxObject: 5 << 40, Count: 10_000,
			Parallel: true}, maxBatch: 1000,
	},
	{
		name: "garage", o: Options{Endpoint: "http://garage.example:3900"},
		host: "http://garage.example:3900", region: "garage", path: "/bucket/k",
		refuses: "put if absent, put if match, complete if absent, complete if match, copy if " +
			"absent, copy if match, copy source if match, delete if match, sign if absent, " +
			"version, tags, class, encryption",
		limits: storage.PartLimits{Min: 5 << 20, Max: 5 << 30, MaxObject: 5 << 40, Count: 10_000,
			Parallel: true}, maxBatch: 1000,
	},
	{
		name: "seaweedfs", o: Options{Endpoint: "http://weed.example:8333"},
		host: "http://weed.example:8333", region: "us-east-1", path: "/bucket/k",
		refuses: "put if absent, put if match, complete if absent, complete if match, copy if " +
			"absent, copy if match, copy source if match, delete if match, sign if absent, " +
			"class, encryption",
		limits: storage.PartLimits{Min: 5 << 20, Max: 5 << 30, MaxObject: 5 << 40, Count: 10_000,
			Parallel: true}, maxBatch: 1000,
		keys: "a/ .uploads/a " + strings.Repeat("s", 256) + ` a\b`,
	},
}

// switches are the requests that a profile can refuse to make, in the order of the table above.
var switches = []struct {
	name string
	call func(context.Context, *Store) error
}{
	{"put if absent", calls["Put if absent"]},
	{"put if match", calls["Put if match"]},
	{"complete if absent", func(ctx context.Context, s *Store) error {
		_, err := s.CreateUpload(ctx, "k", &storage.PutOptions{IfAbsent: true})
		return sameAnswer(err, calls["Complete if absent"](ctx, s))
	}},
	{"complete if match", func(ctx context.Context, s *Store) error {
		_, err := s.CreateUpload(ctx, "k", &storage.PutOptions{IfMatch: `"e"`})
		return sameAnswer(err, calls["Complete if match"](ctx, s))
	}},
	{"copy if absent", calls["Copy if absent"]},
	{"copy if match", calls["Copy if match"]},
	{"copy source if match", func(ctx context.Context, s *Store) error {
		_, err := s.Copy(ctx, "k", "src", &storage.CopyOptions{SourceIfMatch: `"e"`})
		if !s.can().CopyPart {
			return err
		}
		_, err2 := s.CopyPart(ctx, "k", "id", 1, "src", &storage.CopyPartOptions{SourceLength: 1,
			SourceIfMatch: `"e"`})
		return sameAnswer(err, err2)
	}},
	{"copy replace", func(ctx context.Context, s *Store) error {
		_, err := s.Copy(ctx, "k", "src", &storage.CopyOptions{Replace: true})
		return err
	}},
	{"delete if match", calls["Delete if match"]},
	{"sign if absent", func(ctx context.Context, s *Store) error {
		_, err := s.SignURL(ctx, "k", &storage.SignOptions{Method: "PUT", IfAbsent: true})
		return err
	}},
	{"copy part", func(ctx context.Context, s *Store) error {
		_, err := s.CopyPart(ctx, "k", "id", 1, "src", &storage.CopyPartOptions{SourceLength: 1})
		return err
	}},
	{"version", func(ctx context.Context, s *Store) error {
		_, err := s.Get(ctx, "k", &storage.GetOptions{VersionID: "v"})
		_, err2 := s.Stat(ctx, "k", &storage.StatOptions{VersionID: "v"})
		_, err3 := s.Copy(ctx, "k", "src", &storage.CopyOptions{SourceVersionID: "v"})
		_, err4 := s.SignURL(ctx, "k", &storage.SignOptions{VersionID: "v"})
		return sameAnswer(err, err2, err3, err4)
	}},
	{"tags", func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1,
			&storage.PutOptions{Tags: map[string]string{"a": "b"}})
		_, err2 := s.CreateUpload(ctx, "k", &storage.PutOptions{Tags: map[string]string{"a": "b"}})
		_, err3 := s.Copy(ctx, "k", "src", &storage.CopyOptions{Replace: !s.profile.stickyHeaders,
			Tags: map[string]string{"a": "b"}})
		return sameAnswer(err, err2, err3)
	}},
	{"class", func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "k", strings.NewReader("x"), 1,
			&storage.PutOptions{StorageClass: "COLD"})
		_, err2 := s.CreateUpload(ctx, "k", &storage.PutOptions{StorageClass: "COLD"})
		_, err3 := s.Copy(ctx, "k", "src", &storage.CopyOptions{StorageClass: "COLD"})
		return sameAnswer(err, err2, err3)
	}},
}

// sameAnswer is the first error, or one that says that the others are of another kind.
func sameAnswer(errs ...error) error {
	for _, err := range errs[1:] {
		if errors.Is(err, errors.ErrUnsupported) != errors.Is(errs[0], errors.ErrUnsupported) {
			return fmt.Errorf("different answers: %v", errs)
		}
	}
	return errs[0]
}

// A stub, because these services cannot be installed, or not here.
func TestProfiles(t *testing.T) {
	for _, c := range switched {
		t.Run(c.name, func(t *testing.T) {
			cleanEnvironment(t)
			if c.region == "auto" {
				// which is not meant for a service with one region
				t.Setenv("AWS_REGION", "eu-west-1")
			}
			srv := newStub(t, answerOK)
			rt := &stub.Everywhere{Server: srv.Server}
			o := c.o
			o.Provider, o.AccessKeyID, o.SecretAccessKey, o.HTTPClient = c.name, stubKey,
				stubSecret, &http.Client{Transport: rt}
			s := mustNew(t, "bucket", &o)
			srv.Seen() // what New asked
			if err := calls["Put"](t.Context(), s); err != nil {
				t.Fatal(err)
			}
			r := srv.One(t)
			region := strings.Split(r.Header.Get("Authorization"), "/")[2]
			if got, want := rt.Last()+" "+r.URL.Path+" "+region, c.host+" "+c.path+" "+
				c.region; got != want {
				t.Errorf("went to %s, want %s", got, want)
			}
			if diff := cmp.Diff(c.limits, s.PartLimits(&storage.PutOptions{})); diff != "" {
				t.Errorf("PartLimits (-want +got):\n%s", diff)
			}
			if _, err := s.Put(t.Context(), "k", strings.NewReader(""), c.limits.Max+1,
				&storage.PutOptions{}); !errors.Is(err, storage.ErrInvalid) {
				t.Errorf("Put of more than a part: %v", err)
			}
			var refuses []string
			for _, w := range switches {
				err := w.call(t.Context(), s)
				n := len(srv.Seen())
				switch {
				case errors.Is(err, errors.ErrUnsupported) && n == 0:
					refuses = append(refuses, w.name)
				case err != nil:
					t.Errorf("%s: %v after %d requests", w.name, err, n)
				case n == 0 && w.name != "sign if absent":
					t.Errorf("%s: no request", w.name)
				}
			}
			for _, refused := range []struct {
				what string
				o    Options
				want error
			}{
				{"encryption", Options{SSE: "AES256"}, errors.ErrUnsupported},
				{"batch", Options{BatchSize: c.maxBatch + 1}, storage.ErrInvalid},
			} {
				o := o
				o.SSE, o.BatchSize = refused.o.SSE, refused.o.BatchSize
				store, err := New(t.Context(), "bucket", &o)
				if err == nil {
					store.Close()
				}
				switch {
				case refused.what == "encryption" && errors.Is(err, refused.want):
					refuses = append(refuses, refused.what)
				case refused.what == "batch" && !errors.Is(err, refused.want),
					refused.what != "batch" && err != nil:
					t.Errorf("New with %s: %v", refused.what, err)
				}
			}
			if got := strings.Join(refuses, ", "); got != c.refuses {
				t.Errorf("refuses %s\nwant    %s", got, c.refuses)
			}
			var keys []string
			for _, key := range []string{"a/", ".uploads/a", strings.Repeat("s", 256), `a\b`,
				"a\x7fb", "a\nb"} {
				if s.checkKey(key) != nil {
					keys = append(keys, key)
				}
			}
			if got := strings.Join(keys, " "); got != c.keys {
				t.Errorf("refuses the keys %q, want %q", got, c.keys)
			}
			for _, key := range []string{"a//b", "/a", "a/../b", "a/.", "\x01"} {
				if err := s.checkKey(key); !errors.Is(err, storage.ErrInvalidKey) {
					t.Errorf("key %q: %v", key, err)
				}
			}
			// 2 KiB with the names as they are on the wire.
			if _, err := s.metadata(map[string]string{"n": strings.Repeat("x",
				maxMetadata-len("x-amz-meta-n"))}); err != nil {
				t.Errorf("2 KiB of metadata: %v", err)
			}
			if _, err := s.metadata(map[string]string{"n": strings.Repeat("x",
				maxMetadata-len("x-amz-meta-"))}); !errors.Is(err, storage.ErrInvalid) {
				t.Errorf("more than 2 KiB of metadata: %v", err)
			}
			o.BatchSize = c.maxBatch
			if got := mustNew(t, "bucket", &o).MaxBatch(); got != c.maxBatch {
				t.Errorf("MaxBatch = %d, want %d", got, c.maxBatch)
			}
		})
	}
	if len(switched) != len(hosted)+len(installed) {
		t.Errorf("%d rows for %d profiles", len(switched), len(hosted)+len(installed))
	}
}

// A stub, because R2 alone names the conditions of a copy's destination so.
func TestR2Copy(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.provider(t, "r2")
	for call, want := range map[string][2]string{"Copy": {"", ""}, "Copy if absent": {"*", ""},
		"Copy if match": {"", `"e"`}} {
		if err := calls[call](t.Context(), s); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		r := srv.One(t)
		got := [2]string{r.Header.Get("Cf-Copy-Destination-If-None-Match"),
			r.Header.Get("Cf-Copy-Destination-If-Match")}
		if got != want || r.Header.Get("If-Match")+r.Header.Get("If-None-Match") != "" {
			t.Errorf("%s with %v", call, r.Header)
		}
		if signed := r.Header.Get("Authorization"); want != [2]string{} &&
			!strings.Contains(signed, "cf-copy-destination-if-") {
			t.Errorf("%s: the condition is not signed: %s", call, signed)
		}
	}
	refused := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		refuse(w, 412,
			"PreconditionFailed")
	})
	s = refused.provider(t, "r2")
	for call, kind := range map[string]error{"Copy if absent": storage.ErrExist,
		"Copy if match": storage.ErrPrecondition} {
		if err := calls[call](t.Context(), s); !errors.Is(err, kind) {
			t.Errorf("%s: %v", call, err)
		}
	}
	// A directive for tags would be one for what there is not.
	if _, err := srv.provider(t,
		"r2").Copy(t.Context(), "k", "src", &storage.CopyOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	if r := srv.One(t); r.Header.Get("X-Amz-Metadata-Directive") != "REPLACE" ||
		r.Header.Get("X-Amz-Tagging-Directive") != "" {
		t.Errorf("Copy with Replace: %v", r.Header)
	}
}

// A stub, to see what is signed: Google's front end alters Accept-Encoding.
func TestUnsignedEncoding(t *testing.T) {
	srv := newStub(t, answerOK)
	for provider, signed := range map[string]bool{"gcs": false, "aws": true} {
		s := srv.provider(t, provider)
		for what, err := range everyCall(t.Context(), s) {
			if err != nil && !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: %s: %v", provider, what, err)
			}
		}
		seen := srv.Seen()
		if len(seen) < 10 {
			t.Errorf("%s: %d requests", provider, len(seen))
		}
		for _, r := range seen {
			_, headers, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
			if strings.Contains(headers, "accept-encoding") != signed ||
				!strings.Contains(headers, "host;") ||
				r.Header.Get("Accept-Encoding") != "identity" {
				t.Errorf("%s: %s %s with Accept-Encoding %q signs %s", provider, r.Method, r.URL,
					r.Header.Get("Accept-Encoding"), headers)
			}
		}
	}
}

// A stub, to see the header: without it a bucket of Tigris in many regions answers from the nearest
// one.
func TestTigrisHeader(t *testing.T) {
	srv := newStub(t, answerOK)
	for provider, want := range map[string]string{"tigris": "true", "aws": ""} {
		s := srv.provider(t, provider)
		for what, err := range everyCall(t.Context(), s) {
			if err != nil {
				t.Errorf("%s: %s: %v", provider, what, err)
			}
		}
		for _, r := range srv.Seen() {
			if got := r.Header.Get("X-Tigris-Consistent"); got != want {
				t.Errorf("%s: %s %s with X-Tigris-Consistent %q", provider, r.Method, r.URL, got)
			}
			if strings.Contains(r.Header.Get("Authorization"), "tigris") {
				t.Errorf("%s: the header is signed", provider)
			}
		}
		u, err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
		if err != nil || len(u.Header) != 0 {
			t.Errorf("%s: SignURL needs %v, %v", provider, u.Header, err)
		}
	}
}

// What the options, the endpoint, the environment and the profile say of the region, the most
// explicit first.
func TestLocate(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		env  string // AWS_REGION
		want string // endpoint and region
	}{
		{"region of the environment", Options{Provider: "wasabi"}, "us-west-1",
			"https://s3.us-west-1.wasabisys.com us-west-1"},
		{"region of the options", Options{Provider: "wasabi", Region: "eu-west-1"}, "us-west-1",
			"https://s3.eu-west-1.wasabisys.com eu-west-1"},
		{"region of the endpoint", Options{Provider: "b2",
			Endpoint: "https://s3.us-west-004.backblazeb2.com"}, "eu-west-1",
			"https://s3.us-west-004.backblazeb2.com us-west-004"},
		{"region of a bare endpoint", Options{Provider: "spaces",
			Endpoint: "ams3.digitaloceanspaces.com/"}, "",
			"https://ams3.digitaloceanspaces.com/ ams3"},
		{"no region in the endpoint", Options{Provider: "wasabi",
			Endpoint: "https://s3.wasabisys.com"}, "", "https://s3.wasabisys.com us-east-1"},
		{"another endpoint", Options{Provider: "b2", Endpoint: "https://proxy.example:444",
			Region: "r"}, "", "https://proxy.example:444 r"},
		{"one region", Options{Provider: "gcs"}, "eu-west-1",
			"https://storage.googleapis.com auto"},
		{"one region, but asked for", Options{Provider: "gcs", Region: "us-east1"}, "eu-west-1",
			"https://storage.googleapis.com us-east1"},
		{"plain HTTP", Options{Provider: "tigris", DisableHTTPS: true}, "",
			"http://t3.storage.dev auto"},
		{"region of the environment", Options{Provider: "ceph", Endpoint: "http://h"}, "here",
			"http://h here"},
		{"one region of a server", Options{Provider: "garage", Endpoint: "http://h"}, "here",
			"http://h garage"},
		{"another one, as configured", Options{Provider: "versitygw", Endpoint: "http://h",
			Region: "here"}, "there", "http://h here"},
		{"region that is a host", Options{Provider: "b2", Region: "evil.example/"}, "",
			`invalid argument: "evil.example/" is no region`},
		{"neither", Options{Provider: "b2"}, "",
			"invalid argument: provider b2 needs a region or an endpoint"},
		{"no host", Options{Provider: "r2"}, "", "invalid argument: provider r2 needs an endpoint"},
		{"of AWS only", Options{Provider: "wasabi", Region: "eu-west-1", DualStack: true}, "",
			"invalid argument: Accelerate, DualStack and FIPS choose an endpoint of AWS: not " +
				"with provider wasabi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cleanEnvironment(t)
			t.Setenv("AWS_REGION", c.env)
			o := c.o
			o.AccessKeyID, o.SecretAccessKey = stubKey, stubSecret
			s, err := New(t.Context(), "bucket", &o)
			var got string
			if err == nil {
				t.Cleanup(func() { s.Close() })
				got = *s.Client().Options().BaseEndpoint + " " + s.region
			} else {
				got = strings.TrimPrefix(err.Error(), "storage: ")
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// sourced is a page, a probe or a check.
var sourced = regexp.MustCompile("https://|internal/testenv/defects|polystore check")

// shown is what a profile is held against as a whole.
var shown = regexp.MustCompile("TestConformance|polystore check")

// promised are the switches that make a profile promise more, each with the words by which the
// profile's comment names it. What a server here keeps it may leave to TestConformance, and what
// is assumed to polystore check.
var promised = map[string]string{
	"IfAbsent":            "conditions? of|If-None-Match",
	"IfMatch":             "conditions? of|If-Match",
	"MultipartConditions": "CompleteMultipartUpload",
	"DeleteIfMatch":       "DeleteObject",
	"CopyConditions":      "CopyObject",
	"CopySourceIfMatch":   "conditions of the source",
	"CopyPart":            "[Pp]art copies|UploadPartCopy",
	"StorageClass":        "storage classes",
	"Tags":                "tags",
	"encryption":          "encryption|SSE-S3",
	"md5Sum":              "x-amz-checksum-md5",
	"uploadSums":          "sums of whole objects",
	"header":              "X-Tigris-Consistent",
}

// Each profile names where its facts come from, and what it promises.
func TestProfilesHaveSources(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "profiles.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		c, ok := n.(*ast.CompositeLit)
		if !ok || c.Type != nil || len(c.Elts) == 0 {
			return true
		}
		var name, comment string
		var promises []string
		for _, group := range file.Comments {
			if c.Lbrace < group.Pos() && group.End() < c.Elts[0].Pos() {
				comment += group.Text()
			}
		}
		ast.Inspect(c, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				key := kv.Key.(*ast.Ident).Name
				if v, ok := kv.Value.(*ast.BasicLit); ok && key == "name" {
					name = v.Value
				}
				if promised[key] != "" {
					promises = append(promises, key)
				}
				return key == "can"
			}
			return true
		})
		found++
		if !sourced.MatchString(comment) {
			t.Errorf("%s has no source", name)
		}
		comment = strings.ReplaceAll(comment, "\n", " ")
		for _, p := range promises {
			if !shown.MatchString(comment) &&
				!regexp.MustCompile(promised[p]).MatchString(comment) {
				t.Errorf("%s: nothing says where %s comes from", name, p)
			}
		}
		return false
	})
	if found != len(profiles) {
		t.Errorf("%d profiles were read, of %d", found, len(profiles))
	}
}
