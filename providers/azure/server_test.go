package azure

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/appendblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/testenv"
)

// onAzurite is a Store on a container of its own.
func onAzurite(t *testing.T) (*Store, *testenv.Server, string) {
	t.Helper()
	env := testenv.Azurite(t)
	name := env.NewBucket(t)
	return mustNew(t, name, options(env)), env, name
}

func put(t *testing.T, s *Store, key, content string) *storage.Object {
	t.Helper()
	o, err := s.Put(t.Context(), key, strings.NewReader(content), int64(len(content)),
		&storage.PutOptions{})
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	return o
}

func get(t *testing.T, s *Store, key string, opts storage.GetOptions) string {
	t.Helper()
	r, err := s.Get(t.Context(), key, &opts)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("reading %q: %v", key, err)
	}
	return string(b)
}

func list(t *testing.T, s *Store, opts storage.ListOptions) (keys []string) {
	t.Helper()
	for {
		page, err := s.ListPage(t.Context(), &opts)
		if err != nil {
			t.Fatalf("ListPage: %v", err)
		}
		for _, o := range page.Objects {
			keys = append(keys, o.Key)
		}
		if opts.PageToken = page.NextToken; opts.PageToken == "" {
			return keys
		}
	}
}

// What the service sorts by UTF-16 comes in the order of bytes, at every page size.
func TestServerOrder(t *testing.T) {
	s, _, _ := onAzurite(t)
	var keys []string
	for _, p := range []string{"", "p/", "p/\U0001f600/", "\ufb01/"} {
		for _, name := range []string{"a", "\ud7ff", "\ue000", "\uff5e", "\uff5e\U0001f600",
			"\U00010000", "\U0001f600", "\U0001f600\uff5e", "\U0001f600\U0001f601"} {
			keys = append(keys, p+name)
			put(t, s, p+name, name)
		}
	}
	slices.Sort(keys)
	for _, size := range []int{0, 1, 2, 3} {
		if diff := cmp.Diff(keys, list(t, s, storage.ListOptions{PageSize: size})); diff != "" {
			t.Errorf("PageSize %d: -want +got\n%s", size, diff)
		}
		for _, opts := range []storage.ListOptions{{Delimiter: "/"}, {Prefix: "p/", Delimiter: "/"},
			{StartAfter: "\uff5e"}, {StartAfter: "p/\U0001f600/\U0001f600"},
			{Delimiter: "/\U0001f600"}} {
			opts.PageSize = size
			if diff := cmp.Diff(wanted(keys, opts), list(t, s, opts)); diff != "" {
				t.Errorf("%+v: -want +got\n%s", opts, diff)
			}
		}
	}
}

// What is stored comes back as it is stored, also a part of it, although it looks as if it could be
// unpacked.
func TestServerGzip(t *testing.T) {
	_, env, name := onAzurite(t)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.WriteString(w, strings.Repeat("hello ", 1000))
	w.Close()
	for what, client := range map[string]*http.Client{
		"own": nil,
		// A transport that asks for gzip by itself, and would unpack it.
		"caller's": {Transport: http.DefaultTransport.(*http.Transport).Clone()},
	} {
		o := options(env)
		o.HTTPClient = client
		s := mustNew(t, name, o)
		if client != nil {
			t.Cleanup(client.CloseIdleConnections)
		}
		_, err := s.Put(t.Context(), "z", bytes.NewReader(packed.Bytes()), int64(packed.Len()),
			&storage.PutOptions{ContentEncoding: "gzip", ContentType: "text/plain"})
		if err != nil {
			t.Fatal(err)
		}
		if got := get(t, s, "z", storage.GetOptions{}); got != packed.String() {
			t.Errorf("%s client: %d bytes, want %d", what, len(got), packed.Len())
		}
		if got := get(t, s, "z",
			storage.GetOptions{Offset: 5, Length: 10}); got != packed.String()[5:15] {
			t.Errorf("%s client: a range is %q", what, got)
		}
		r, err := s.Get(t.Context(), "z", &storage.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.Object.ContentEncoding != "gzip" || r.Object.Size != int64(packed.Len()) {
			t.Errorf("%s client: %+v", what, r.Object)
		}
	}
}

// The ends of an object: a range behind it is ErrRange, also exactly at it, and leaks no body
// (goleak).
func TestServerRanges(t *testing.T) {
	s, _, _ := onAzurite(t)
	put(t, s, "k", "0123456789")
	put(t, s, "empty", "")
	for _, test := range []struct {
		key  string
		opts storage.GetOptions
		want string
		kind error
	}{
		{"k", storage.GetOptions{}, "0123456789", nil},
		{"k", storage.GetOptions{Length: 3}, "012", nil},
		{"k", storage.GetOptions{Offset: 8, Length: 100}, "89", nil},
		{"k", storage.GetOptions{Offset: 9}, "9", nil},
		{"k", storage.GetOptions{Offset: 10}, "", storage.ErrRange},
		{"k", storage.GetOptions{Offset: 11}, "", storage.ErrRange},
		{"empty", storage.GetOptions{}, "", nil},
		{"empty", storage.GetOptions{Offset: 1}, "", storage.ErrRange},
		{"k", storage.GetOptions{Offset: -3}, "", errors.ErrUnsupported},
	} {
		if test.kind == nil {
			if got := get(t, s, test.key, test.opts); got != test.want {
				t.Errorf("%s %+v: %q, want %q", test.key, test.opts, got, test.want)
			}
			continue
		}
		_, err := s.Get(t.Context(), test.key, &test.opts)
		wantError(t, fmt.Sprintf("%s %+v", test.key, test.opts), err, test.kind, false)
	}
	b := storage.New(s, nil)
	for key, want := range map[string]string{"k": "789", "empty": ""} {
		got, err := b.ReadAll(t.Context(), key, &storage.GetOptions{Offset: -3})
		if err != nil || string(got) != want {
			t.Errorf("the last 3 bytes of %s: %q, %v", key, got, err)
		}
	}
}

// Another writer's commit sweeps the blocks of an upload. The one with a condition learns that it
// lost; the one without whose source can be read again wins in the end; a stream cannot.
func TestServerSweptBlocks(t *testing.T) {
	s, _, _ := onAzurite(t)
	sweep := &sweeper{Store: s, t: t}
	b := storage.New(sweep, &storage.Options{PartSize: 1 << 10,
		Retry: storage.RetryOptions{MinDelay: time.Millisecond}})
	data := bytes.Repeat([]byte("0123456789abcdef"), 256) // four parts
	now := put(t, s, "match", "first")
	for _, test := range []struct {
		key  string
		opts storage.PutOptions
		kind error
	}{
		{"absent", storage.PutOptions{IfAbsent: true}, storage.ErrExist},
		{"match", storage.PutOptions{IfMatch: now.ETag}, storage.ErrPrecondition},
		{"any", storage.PutOptions{}, nil},
	} {
		sweep.once = true
		_, err := b.Put(t.Context(), test.key, bytes.NewReader(data), &test.opts)
		if !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", test.key, err, test.kind)
		}
		want := "the other's"
		if test.kind == nil {
			want = string(data)
		}
		if got := get(t, s, test.key, storage.GetOptions{}); got != want {
			t.Errorf("%s: %d bytes, want %d", test.key, len(got), len(want))
		}
	}
	sweep.once = true
	_, err := b.Put(t.Context(), "stream", io.MultiReader(bytes.NewReader(data)), nil)
	if !errors.Is(err, storage.ErrUnavailable) && !errors.Is(err, storage.ErrChanged) {
		t.Errorf("stream: %v", err)
	}
	if got := get(t, s, "stream", storage.GetOptions{}); got != "the other's" {
		t.Errorf("stream: %d bytes", len(got))
	}
}

// sweeper lets another upload of the key be completed before the first CompleteUpload.
type sweeper struct {
	*Store
	t    *testing.T
	once bool
}

func (s *sweeper) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	if s.once {
		s.once = false
		other := newUploadID(key)
		p, err := s.PutPart(ctx, key, other, 1, strings.NewReader("the other's"), 11,
			&storage.PartOptions{})
		if err != nil {
			s.t.Error(err)
		}
		if _, err := s.Store.CompleteUpload(ctx, key, other, []*storage.Part{p},
			&storage.PutOptions{}); err != nil {
			s.t.Error(err)
		}
	}
	return s.Store.CompleteUpload(ctx, key, id, parts, opts)
}

// Uploads are listed from their first part on, by pages, with the parts that they have.
func TestServerUploads(t *testing.T) {
	s, _, _ := onAzurite(t)
	put(t, s, "in/empty", "")
	put(t, s, "in/object", "x")
	var want []string
	for _, key := range []string{"in/a", "in/a", "in/b", "in/\U0001f600", "in/\uff5e", "out"} {
		id, err := s.CreateUpload(t.Context(), key, &storage.PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutPart(t.Context(), key, id, 7, strings.NewReader("part"), 4,
			&storage.PartOptions{}); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(key, "in/") {
			want = append(want, key+" "+id)
		}
	}
	slices.Sort(want)
	for _, size := range []int{0, 1, 2, 3} {
		var got []string
		opts := storage.ListOptions{Prefix: "in/", PageSize: size}
		for range 50 {
			page, err := s.ListUploadsPage(t.Context(), &opts)
			if err != nil {
				t.Fatal(err)
			}
			if size > 0 && len(page.Uploads) > size {
				t.Errorf("a page of %d, PageSize %d", len(page.Uploads), size)
			}
			for _, u := range page.Uploads {
				got = append(got, u.Key+" "+u.ID)
			}
			if opts.PageToken = page.NextToken; opts.PageToken == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("PageSize %d: -want +got\n%s", size, diff)
		}
	}
	for _, token := range []string{"nonsense", "e30"} {
		if _, err := s.ListUploadsPage(t.Context(),
			&storage.ListOptions{PageToken: token}); token == "nonsense" &&
			!errors.Is(err, storage.ErrInvalid) {
			t.Errorf("ListUploadsPage with the token %q: %v", token, err)
		}
	}
	_, err := s.ListPartsPage(t.Context(), "in/a", newUploadID("in/a"), &storage.ListPartsOptions{})
	wantError(t, "parts of an upload that is not there", err, storage.ErrNotExist, false)
	_, err = s.ListPartsPage(t.Context(), "missing", newUploadID("missing"),
		&storage.ListPartsOptions{})
	wantError(t, "parts at a key that is not there", err, storage.ErrNotExist, false)
}

// Blobs that are no block blobs are read, listed, copied and deleted; parts cannot be put over
// them.
func TestServerOtherBlobs(t *testing.T) {
	s, _, _ := onAzurite(t)
	a := s.Client().NewAppendBlobClient("append")
	sums := map[string]*string{sumName: new("crc32c.AAAAAA")}
	if _, err := a.Create(t.Context(), &appendblob.CreateOptions{Metadata: sums}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := a.AppendBlock(t.Context(), streaming.NopCloser(strings.NewReader("line\n")),
			nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Client().NewPageBlobClient("page").Create(t.Context(), 512,
		&pageblob.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b := storage.New(s, nil)
	if got, err := b.ReadAll(t.Context(), "append", nil); err != nil ||
		string(got) != "line\nline\n" {
		t.Errorf("ReadAll = %q, %v: a sum that an append left behind does not count", got, err)
	}
	if o, err := s.Stat(t.Context(), "page", &storage.StatOptions{}); err != nil || o.Size != 512 {
		t.Errorf("Stat of a page blob: %+v, %v", o, err)
	}
	if got := list(t, s, storage.ListOptions{}); !slices.Equal(got, []string{"append", "page"}) {
		t.Errorf("List = %q", got)
	}
	_, err := s.PutPart(t.Context(), "append", newUploadID("append"), 1, strings.NewReader("x"), 1,
		&storage.PartOptions{})
	wantError(t, "PutPart over an append blob", err, errors.ErrUnsupported, false)
	if _, err := b.Copy(t.Context(), "copy", "append", nil); err != nil {
		t.Errorf("Copy of an append blob: %v", err)
	} else if got := get(t, s, "copy", storage.GetOptions{}); got != "line\nline\n" {
		t.Errorf("the copy is %q", got)
	}
	put(t, s, "append", "replaced")
	if o, err := s.Stat(t.Context(), "append", &storage.StatOptions{}); err != nil || o.Size != 8 ||
		o.Checksums.CRC32C == nil {
		t.Errorf("after Put: %+v, %v", o, err)
	}
	for _, key := range []string{"append", "page"} {
		if err := s.Delete(t.Context(), key, &storage.DeleteOptions{}); err != nil {
			t.Errorf("Delete(%q): %v", key, err)
		}
	}
}

// What stands in the way is named: a snapshot, a lease, the archive.
func TestServerObstacles(t *testing.T) {
	s, _, _ := onAzurite(t)
	put(t, s, "snapshot", "x")
	if _, err := s.Client().NewBlobClient("snapshot").CreateSnapshot(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	err := s.Delete(t.Context(), "snapshot", &storage.DeleteOptions{})
	if wantError(t, "Delete", err, nil, false); !strings.Contains(err.Error(), "snapshots") {
		t.Errorf("Delete: %v", err)
	}
	errs, err := s.DeleteBatch(t.Context(), []string{"snapshot"}, &storage.DeleteBatchOptions{})
	if err != nil || errs[0] == nil || !strings.Contains(errs[0].Error(), "snapshots") {
		t.Errorf("DeleteBatch: %v, %v", errs, err)
	}
	if got := list(t, s, storage.ListOptions{}); !slices.Equal(got, []string{"snapshot"}) {
		t.Errorf("List = %q: snapshots are no objects", got)
	}
	put(t, s, "archived", "x")
	if _, err := s.Client().NewBlobClient("archived").SetTier(t.Context(), blob.AccessTierArchive,
		nil); err != nil {
		t.Fatal(err)
	}
	_, err = s.Get(t.Context(), "archived", &storage.GetOptions{})
	if wantError(t, "Get", err, storage.ErrPermission, false); !strings.Contains(err.Error(),
		"archived") {
		t.Errorf("Get: %v", err)
	}
	if o, err := s.Stat(t.Context(), "archived", &storage.StatOptions{}); err != nil ||
		o.StorageClass != "Archive" {
		t.Errorf("Stat: %+v, %v", o, err)
	}
}

// Everything that needs the container says that it is missing, or that it may not be used, and
// never that an object is.
func TestServerMissing(t *testing.T) {
	_, env, name := onAzurite(t)
	missing := mustNew(t, "no-such-container", options(env))
	o := options(env)
	o.Key = base64.StdEncoding.EncodeToString([]byte("another key"))
	wrong := mustNew(t, name, o)
	for what, call := range calls {
		kind := storage.ErrNoBucket
		err := call(t.Context(), missing)
		// the service looks at the source first, and there is none either
		if strings.HasPrefix(what, "Copy") {
			if !errors.Is(err, storage.ErrNoBucket) && !errors.Is(err, storage.ErrNotExist) {
				t.Errorf("%s: %v", what, err)
			}
		} else {
			wantError(t, what+", missing container", err, kind, false)
		}
		wantError(t, what+", wrong key", call(t.Context(), wrong), storage.ErrPermission, false)
	}
}

// A shared access signature does what it permits, and an expired one nothing.
func TestServerSAS(t *testing.T) {
	s, env, name := onAzurite(t)
	put(t, s, "k", "content")
	sign := func(p sas.ContainerPermissions, expires time.Duration) *Store {
		q, err := sas.BlobSignatureValues{ContainerName: name, Permissions: p.String(),
			ExpiryTime: time.Now().Add(expires).UTC()}.SignWithSharedKey(s.key)
		if err != nil {
			t.Fatal(err)
		}
		o := options(env)
		o.Key, o.SASToken = "", "?"+q.Encode()
		return mustNew(t, name, o)
	}
	reader := sign(sas.ContainerPermissions{Read: true, List: true}, time.Hour)
	if got := get(t, reader, "k", storage.GetOptions{}); got != "content" {
		t.Errorf("Get = %q", got)
	}
	if got := list(t, reader, storage.ListOptions{}); !slices.Equal(got, []string{"k"}) {
		t.Errorf("List = %q", got)
	}
	wantError(t, "Put", calls["Put"](t.Context(), reader), storage.ErrPermission, false)
	wantError(t, "Delete", calls["Delete"](t.Context(), reader), storage.ErrPermission, false)
	writer := sign(sas.ContainerPermissions{Read: true, Write: true, Create: true, Delete: true,
		List: true}, time.Hour)
	if _, err := writer.Copy(t.Context(), "copy", "k",
		&storage.CopyOptions{Replace: true}); err != nil {
		t.Errorf("Copy: %v", err)
	}
	if got := get(t, writer, "copy", storage.GetOptions{}); got != "content" {
		t.Errorf("the copy is %q", got)
	}
	errs, err := writer.DeleteBatch(t.Context(), []string{"copy", "missing"},
		&storage.DeleteBatchOptions{})
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Errorf("DeleteBatch: %v", err)
	}
	expired := sign(sas.ContainerPermissions{Read: true, List: true}, -time.Hour)
	for _, what := range []string{"Get", "Stat", "List"} {
		wantError(t, what+", expired", calls[what](t.Context(), expired), storage.ErrPermission,
			false)
	}
	o := options(env)
	o.Key, o.Anonymous = "", true
	if err := calls["Get"](t.Context(), mustNew(t, name, o)); !errors.Is(err,
		storage.ErrPermission) && !errors.Is(err, storage.ErrNotExist) {
		// Azure tells those who may not look that there is nothing
		t.Errorf("Get, anonymous: %v", err)
	}
}

// A token of Entra ID signs every kind of request.
func TestServerEntra(t *testing.T) {
	env := testenv.AzuriteTLS(t)
	name := env.NewBucket(t)
	o := options(env)
	o.Key, o.Credential = "", fakeEntra{}
	s := mustNew(t, name, o)
	put(t, s, "k", "content")
	if got := get(t, s, "k", storage.GetOptions{}); got != "content" {
		t.Errorf("Get = %q", got)
	}
	if _, err := s.Copy(t.Context(), "copy", "k", &storage.CopyOptions{}); err != nil {
		t.Errorf("Copy: %v", err)
	}
	if got := list(t, s, storage.ListOptions{}); !slices.Equal(got, []string{"copy", "k"}) {
		t.Errorf("List = %q", got)
	}
	errs, err := s.DeleteBatch(t.Context(), []string{"k", "copy"}, &storage.DeleteBatchOptions{})
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Errorf("DeleteBatch: %v", err)
	}
	_, err = s.Stat(t.Context(), "k", &storage.StatOptions{})
	wantError(t, "Stat", err, storage.ErrNotExist, false)
}

// fakeEntra gives the tokens that Azurite takes: unsigned ones.
type fakeEntra struct{}

func (fakeEntra) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"aud": "https://storage.azure.com",
		"iss": "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
		"nbf": now.Add(-time.Minute).Unix(), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"oid": "oid", "tid": "tid",
	})
	if err != nil {
		return azcore.AccessToken{}, err
	}
	enc := base64.RawURLEncoding
	token := enc.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." +
		enc.EncodeToString(claims) + "." + enc.EncodeToString([]byte("signature"))
	return azcore.AccessToken{Token: token, ExpiresOn: now.Add(time.Hour)}, nil
}

// A URL that is signed with a user delegation key is what it says, and to Azurite, too, if the
// account is in the host: the SDK looks for it there.
func TestServerUserDelegation(t *testing.T) {
	env := testenv.AzuriteTLS(t)
	name := env.NewBucket(t)
	transport := env.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(env.Endpoint,
			"https://"))
	}
	transport.TLSClientConfig.ServerName = "127.0.0.1" // of its certificate
	client := &http.Client{Transport: transport}
	conformance.Test(t, conformance.Options{
		Open: func(ctx context.Context) (storage.Store, error) {
			return New(ctx, name, &Options{Account: env.AccessKey, Credential: fakeEntra{},
				HTTPClient: client})
		},
		HTTPClient: client,
		Only:       []string{"copy/keeps", "delete/*", "list/*", "write/*", "sign/*"},
	})
}

// A list begins behind any text, also one that is no key and that the service takes in no
// parameter.
func TestServerStartAfter(t *testing.T) {
	s, _, _ := onAzurite(t)
	keys := []string{"a", "a b", "a/b", "ab", "a\u00ff", "a\uf8ff", "a\U0001f600", "b"}
	slices.Sort(keys)
	for _, key := range keys {
		put(t, s, key, key)
	}
	for _, after := range []string{"a\x00", "a\x01", "a\n", "a\x7f", "a\\", "a\ufffe", "a\uffff",
		"a\uffffb", "a\x00\U0001f600", "a\ufffd", "a.", "a/", "a\U0010ffff", "%", "a+", "a&b=c"} {
		for _, opts := range []storage.ListOptions{{}, {Prefix: "a"}, {Delimiter: "/"},
			{PageSize: 1}} {
			opts.StartAfter = after
			if diff := cmp.Diff(wanted(keys, opts), list(t, s, opts)); diff != "" {
				t.Errorf("%q, %+v: -want +got\n%s", after, opts, diff)
			}
		}
	}
	for _, delimiter := range []string{"\x00", "\uffff", "\xff", "\n"} {
		if diff := cmp.Diff(keys,
			list(t, s, storage.ListOptions{Delimiter: delimiter})); diff != "" {
			t.Errorf("Delimiter %q: -want +got\n%s", delimiter, diff)
		}
	}
	for _, prefix := range []string{"a\x00", "a\uffff", "a\\", "a."} {
		if got := list(t, s, storage.ListOptions{Prefix: prefix}); len(got) != 0 {
			t.Errorf("Prefix %q: %q", prefix, got)
		}
	}
}

// A key of any text is signed, copied from and deleted in a batch as what it is, though each writes
// it into a URL in its own way.
func TestServerOddKeys(t *testing.T) {
	s, env, _ := onAzurite(t)
	for _, key := range []string{
		"a b", " a ", "ü/\U0001f600", "a+b", "a%2Fb", "a%", "a?b=c#d", "/a", "a//b",
		"a;b,c:d@e&f=g", "'\"<>`{}|^[]~!$*()", "..a/.b", "e\u0301", strings.Repeat("é", 512),
	} {
		put(t, s, key, key)
		signed, err := s.SignURL(t.Context(), key,
			&storage.SignOptions{ResponseContentType: "a/b; c=\"d&e+f\"",
				ResponseDisposition: "attachment; filename=\"ü +&%.txt\""})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := env.Client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || string(body) != key ||
			resp.Header.Get("Content-Type") != "a/b; c=\"d&e+f\"" {
			t.Errorf("%q, signed: %s, %.100q, %v, %v", key, resp.Status, body, resp.Header, err)
		}
		for _, replace := range []bool{false, true} {
			if _, err := s.Copy(t.Context(), "copy", key,
				&storage.CopyOptions{Replace: replace}); err != nil {
				t.Errorf("%q, Copy: %v", key, err)
			} else if got := get(t, s, "copy", storage.GetOptions{}); got != key {
				t.Errorf("%q, Copy: %q", key, got)
			}
		}
		if errs, err := s.DeleteBatch(t.Context(), []string{"other", key},
			&storage.DeleteBatchOptions{}); errors.Join(append(errs, err)...) != nil {
			t.Errorf("%q, DeleteBatch: %v, %v", key, errs, err)
		}
		_, err = s.Stat(t.Context(), key, &storage.StatOptions{})
		wantError(t, "Stat behind DeleteBatch", err, storage.ErrNotExist, false)
	}
}
