package gcs

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"testing"

	gcloud "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/gcsfake"
)

// tagsOf reads tags by the SDK.
func tagsOf(t *testing.T, s *Store, key string) map[string]string {
	t.Helper()
	a, err := s.Client().Bucket(s.bucket).Object(key).Attrs(t.Context())
	if err != nil {
		t.Fatalf("Attrs(%q): %v", key, err)
	}
	var tags map[string]string
	if a.Contexts != nil {
		tags = make(map[string]string)
		for name, v := range a.Contexts.Custom {
			tags[name] = v.Value
		}
	}
	return tags
}

func wantTags(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: tags -want +got\n%s", what, diff)
	}
}

var someTags = map[string]string{"project": "x 1", "Größe": "ü+%&=:𝄞", "7": "a.b-c_d@e,f;g"}

// Tags are object contexts on every way to write, and an overwrite leaves none of them.
func TestTags(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	put(t, s, "k", "content", storage.PutOptions{Tags: someTags})
	wantTags(t, "Put", tagsOf(t, s, "k"), someTags)
	put(t, s, "k", "content", storage.PutOptions{})
	wantTags(t, "Put without", tagsOf(t, s, "k"), nil)

	b := storage.New(s, &storage.Options{PartSize: 2 * chunk})
	data := bytes.Repeat([]byte("0123456789"), chunk/2)
	for name, o := range map[string]storage.PutOptions{"parts": {},
		"conditional parts": {IfAbsent: true}} {
		o.Tags = someTags
		if _, err := b.Put(t.Context(), name, struct{ io.Reader }{bytes.NewReader(data)},
			&o); err != nil {
			t.Fatalf("Put of %s: %v", name, err)
		}
		wantTags(t, name, tagsOf(t, s, name), someTags)
		if got, _ := read(t, s, name, storage.GetOptions{}); got != string(data) {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(data))
		}
	}
	id, err := s.CreateUpload(t.Context(), "k", &storage.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CompleteUpload(t.Context(), "k", id, nil, &storage.PutOptions{Tags: someTags})
	wantKind(t, "tags that come with CompleteUpload", err, errors.ErrUnsupported)
}

// A copy keeps the tags of its source, in another class, too; with Replace it has those of the
// options and no others.
func TestTagsOfCopies(t *testing.T) {
	for name, test := range map[string]struct {
		opts storage.CopyOptions
		want map[string]string
	}{
		"plain": {want: someTags},
		"class": {opts: storage.CopyOptions{StorageClass: "COLDLINE"}, want: someTags},
		"replaced": {opts: storage.CopyOptions{Replace: true,
			Tags: map[string]string{"other": "1"}}, want: map[string]string{"other": "1"}},
		"dropped":       {opts: storage.CopyOptions{Replace: true}},
		"dropped class": {opts: storage.CopyOptions{Replace: true, StorageClass: "COLDLINE"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, gcsfake.Options{RewriteLimit: 1 << 20})
			s := f.open(t)
			put(t, s, "k", string(make([]byte, 3<<20)), storage.PutOptions{Tags: someTags})
			for opts := test.opts; ; {
				r, err := s.Copy(t.Context(), "l", "k", &opts)
				if err != nil {
					t.Fatal(err)
				}
				if opts.Token = r.Token; opts.Token == "" {
					break
				}
			}
			wantTags(t, "the copy", tagsOf(t, s, "l"), test.want)
			wantTags(t, "the source", tagsOf(t, s, "k"), someTags)
		})
	}
}

// storage.objects.dropContexts, which few roles have, is asked for only where there is something to
// drop.
func TestDropContextsPermission(t *testing.T) {
	f, h := startHooked(t)
	s := f.open(t)
	put(t, s, "plain", "content", storage.PutOptions{})
	put(t, s, "tagged", "content", storage.PutOptions{Tags: someTags})
	h.requests = nil
	for _, src := range []string{"plain", "tagged"} {
		for _, opts := range []*storage.CopyOptions{{}, {StorageClass: "COLDLINE"},
			{Replace: true, Tags: someTags}, {Replace: true}} {
			if _, err := s.Copy(t.Context(), "l", src, opts); err != nil {
				t.Fatal(err)
			}
			last := h.requests[len(h.requests)-1].URL.Query()
			if got, want := last.Has("dropContextGroups"), src == "tagged" && opts.Replace &&
				opts.Tags == nil; got != want {
				t.Errorf("a copy of %s by %+v: dropContextGroups %v", src, opts, got)
			}
		}
	}
}

// A conditional copy through a Bucket replaces the headers and tags by themselves, and refuses none
// of its own conditions.
func TestConditionalCopyOfTagged(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	put(t, s, "k", "content", storage.PutOptions{Tags: someTags, ContentType: "text/x"})
	b := storage.New(s, nil)
	for _, opts := range []*storage.CopyOptions{{IfAbsent: true}, {IfAbsent: true, Replace: true,
		Tags: map[string]string{"a": "1"}}} {
		if _, err := b.Copy(t.Context(), "l", "k", opts); err != nil {
			t.Fatal(err)
		}
		want := opts.Tags
		if !opts.Replace {
			want = someTags
		}
		wantTags(t, "the copy", tagsOf(t, s, "l"), want)
		if _, err := b.Copy(t.Context(), "l", "k", opts); !errors.Is(err, storage.ErrExist) {
			t.Errorf("Copy again: %v, want %v", err, storage.ErrExist)
		}
		if err := b.Delete(t.Context(), "l", nil); err != nil {
			t.Fatal(err)
		}
	}
}

// A source that changes between the look at it and the copy is no refusal of the caller's
// condition: the copy is to be tried again, and then has what the source has now.
func TestCopyOfChangingSource(t *testing.T) {
	changes := map[string]func(*testing.T, *Store){
		"another generation": func(t *testing.T, s *Store) {
			put(t, s, "k", "changed", storage.PutOptions{ContentType: "text/changed"})
		},
		"other metadata": func(t *testing.T, s *Store) {
			_, err := s.Client().Bucket(s.bucket).Object("k").Update(t.Context(),
				gcloud.ObjectAttrsToUpdate{ContentType: "text/changed"})
			if err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, change := range changes {
		for _, opts := range []storage.CopyOptions{{StorageClass: "COLDLINE"},
			{StorageClass: "COLDLINE", IfAbsent: true}, {Replace: true, IfAbsent: true}} {
			f, h := startHooked(t)
			s := f.open(t)
			put(t, s, "k", "content", storage.PutOptions{ContentType: "text/x"})
			isRewrite := func(r *http.Request) bool {
				return r.Method == http.MethodPost &&
					r.URL.Query().Get("ifSourceMetagenerationMatch") != ""
			}
			h.once(isRewrite, func(r *http.Request, next http.RoundTripper) (*http.Response,
				error) {
				change(t, s)
				return next.RoundTrip(r)
			})
			_, err := s.Copy(t.Context(), "l", "k", &opts)
			if e := wantKind(t, name, err, storage.ErrUnavailable); e.InDoubt {
				t.Errorf("%s: a copy that was refused is in doubt", name)
			}
			if _, err = s.Copy(t.Context(), "l", "k", &opts); err != nil {
				t.Fatalf("%s: Copy again: %v", name, err)
			}
			o, err := s.Stat(t.Context(), "l", &storage.StatOptions{})
			if want := map[bool]string{true: defaultType,
				false: "text/changed"}[opts.Replace]; err != nil || o.ContentType != want {
				t.Errorf("%s, %+v: the copy is %+v, %v", name, opts, o, err)
			}
			if opts.IfAbsent {
				_, err = s.Copy(t.Context(), "l", "k", &opts)
				wantKind(t, name+", onto an object", err, storage.ErrExist)
			}
			opts.SourceIfMatch = "5"
			_, err = s.Copy(t.Context(), "m", "k", &opts)
			wantKind(t, name+", of another version", err, storage.ErrPrecondition)
		}
	}
}

// A source that is replaced while it is copied in several calls is ErrChanged: no further call can
// go on.
func TestCopyInCallsOfChangingSource(t *testing.T) {
	f := startFake(t, gcsfake.Options{RewriteLimit: 1 << 20})
	s := f.open(t)
	put(t, s, "k", string(make([]byte, 3<<20)), storage.PutOptions{})
	opts := &storage.CopyOptions{StorageClass: "COLDLINE"}
	r, err := s.Copy(t.Context(), "l", "k", opts)
	if err != nil || r.Token == "" {
		t.Fatalf("Copy = %+v, %v", r, err)
	}
	put(t, s, "k", "changed", storage.PutOptions{})
	opts.Token = r.Token
	_, err = s.Copy(t.Context(), "l", "k", opts)
	wantKind(t, "Copy", err, storage.ErrChanged)
}

// A copy into another class has the metadata as another program wrote it, which is not how a Bucket
// would.
func TestClassCopyKeepsForeignMetadata(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s := f.open(t)
	put(t, s, "k", "content", storage.PutOptions{})
	metadata := map[string]string{"Camel": "=?utf-8?q?=C3=BC?=", "plain": "ü"}
	o := s.Client().Bucket(s.bucket).Object("k")
	if _, err := o.Update(t.Context(),
		gcloud.ObjectAttrsToUpdate{Metadata: maps.Clone(metadata)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Copy(t.Context(),
		"l", "k", &storage.CopyOptions{StorageClass: "COLDLINE"}); err != nil {
		t.Fatal(err)
	}
	a, err := s.Client().Bucket(s.bucket).Object("l").Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(metadata, a.Metadata); diff != "" || a.StorageClass != "COLDLINE" {
		t.Errorf("class %s; metadata -want +got\n%s", a.StorageClass, diff)
	}
}

// On an emulator tags are refused, and not dropped.
func TestTagsOnEmulator(t *testing.T) {
	s := mustNew(t, "bucket", &Options{Endpoint: "127.0.0.1:1", Emulator: true, Anonymous: true})
	_, err := s.Put(t.Context(), "k", bytes.NewReader(nil), 0, &storage.PutOptions{Tags: someTags})
	wantKind(t, "Put", err, errors.ErrUnsupported)
	_, err = s.CreateUpload(t.Context(), "k", &storage.PutOptions{Tags: someTags})
	wantKind(t, "CreateUpload", err, errors.ErrUnsupported)
}
