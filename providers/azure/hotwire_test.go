package azure

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// seen is what a service sees of a request.
type seen struct {
	Method, URI, Host, Body string
	Length                  int64
	Encoding                []string
	Header                  http.Header
}

// request is the one that a call made, without what changes from one to the next.
func (s *server) request(t *testing.T) *seen {
	t.Helper()
	r := s.One(t)
	r.Header.Del("X-Ms-Date")
	if a := r.Header.Get("Authorization"); strings.HasPrefix(a, "SharedKey ") {
		r.Header.Set("Authorization", "SharedKey")
	}
	return &seen{
		r.Method, r.RequestURI, r.Host, string(r.Body), r.ContentLength, r.TransferEncoding,
		r.Header,
	}
}

const (
	oddKey   = "a b/ü?#%&=:@+,;*'()!~$[]//.x"
	oldBlob  = "2026-11-23T07:00:00.0000000Z"
	crc64Sum = 0xae8b14860a799888 // of the digits from 1 to 9
)

// hotPairs are calls of the Store and of the SDK that ask for the same.
var hotPairs = []struct {
	name string
	ours func(context.Context, *Store) error
	sdk  func(context.Context, *container.Client) error
}{
	{"Get", func(ctx context.Context, s *Store) error {
		return readAll(s.Get(ctx, oddKey, new(storage.GetOptions)))
	}, func(ctx context.Context, c *container.Client) error {
		return download(ctx, c, nil)
	}},
	{"Get of a range of a version", func(ctx context.Context, s *Store) error {
		return readAll(s.Get(ctx, oddKey, &storage.GetOptions{
			Length: 7, VersionID: oldBlob, IfMatch: stubETag,
		}))
	}, func(ctx context.Context, c *container.Client) error {
		return download((&attempt{version: oldBlob}).begin(ctx), c, &blob.DownloadStreamOptions{
			Range: blob.HTTPRange{Count: 7},
			AccessConditions: &blob.AccessConditions{
				ModifiedAccessConditions: &blob.ModifiedAccessConditions{
					IfMatch: new(azcore.ETag(stubETag)),
				},
			},
		})
	}},
	{"Get of what is new", func(ctx context.Context, s *Store) error {
		since := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
		return readAll(s.Get(ctx, "k", &storage.GetOptions{Offset: 0, IfModifiedSince: since}))
	}, func(ctx context.Context, c *container.Client) error {
		since := time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC)
		out, err := c.NewBlobClient("k").DownloadStream(ctx, &blob.DownloadStreamOptions{
			AccessConditions: &blob.AccessConditions{
				ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfModifiedSince: &since},
			},
		})
		if err != nil {
			return err
		}
		return out.Body.Close()
	}},
	{"Stat", func(ctx context.Context, s *Store) error {
		_, err := s.Stat(ctx, oddKey, &storage.StatOptions{VersionID: oldBlob})
		return err
	}, func(ctx context.Context, c *container.Client) error {
		ctx = (&attempt{version: oldBlob}).begin(ctx)
		_, err := c.NewBlobClient(oddKey).GetProperties(ctx, nil)
		return err
	}},
	{"Delete", func(ctx context.Context, s *Store) error {
		return s.Delete(ctx, oddKey, &storage.DeleteOptions{IfMatch: stubETag})
	}, func(ctx context.Context, c *container.Client) error {
		_, err := c.NewBlobClient(oddKey).Delete(ctx, &blob.DeleteOptions{
			AccessConditions: writeConditions(false, stubETag, new(attempt)),
		})
		return err
	}},
	{"Put", func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, "a b/ü?#%", strings.NewReader("123456789"), 9, &storage.PutOptions{
			ContentType: "text/plain", ContentEncoding: "gzip", ContentLanguage: "de",
			ContentDisposition: "inline", CacheControl: "no-cache",
			Metadata:     map[string]string{"a-b": "ü", "c": "1"},
			Tags:         map[string]string{"t": "1 + ü&="},
			StorageClass: "Cool", IfAbsent: true,
		})
		return err
	}, func(ctx context.Context, c *container.Client) error {
		body := struct {
			io.ReadSeeker
			io.Closer
		}{strings.NewReader("123456789"), io.NopCloser(nil)}
		_, err := c.NewBlockBlobClient("a b/ü?#%").Upload(ctx, body, &blockblob.UploadOptions{
			HTTPHeaders: &blob.HTTPHeaders{
				BlobContentType: new("text/plain"), BlobContentEncoding: new("gzip"),
				BlobContentLanguage: new("de"), BlobContentDisposition: new("inline"),
				BlobCacheControl: new("no-cache"),
			},
			Metadata: map[string]*string{
				"a_2d_b": new(storage.EncodeMetadataValue("ü")), "c": new("1"),
				sumName: new("crc32c.4waSgw.9"),
			},
			Tags: map[string]string{"t": "1 + ü&="}, Tier: new(blob.AccessTierCool),
			TransactionalValidation: blob.TransferValidationTypeCRC64(crc64Sum),
			AccessConditions:        writeConditions(true, "", new(attempt)),
		})
		return err
	}},
	{"Put of nothing", func(ctx context.Context, s *Store) error {
		md5 := []byte("\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e")
		_, err := s.Put(ctx, "k", strings.NewReader(""), 0, &storage.PutOptions{
			Checksums: storage.Checksums{MD5: md5},
		})
		return err
	}, func(ctx context.Context, c *container.Client) error {
		body := struct {
			io.ReadSeeker
			io.Closer
		}{strings.NewReader(""), io.NopCloser(nil)}
		md5 := []byte("\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e")
		_, err := c.NewBlockBlobClient("k").Upload(ctx, body, &blockblob.UploadOptions{
			Metadata:                map[string]*string{sumName: new("crc32c.AAAAAA.0")},
			TransactionalValidation: blob.TransferValidationTypeMD5(md5),
		})
		return err
	}},
}

func readAll(r *storage.GetResult, err error) error {
	if err != nil {
		return err
	}
	defer r.Body.Close()
	_, err = io.Copy(io.Discard, r.Body)
	return err
}

func download(ctx context.Context, c *container.Client, o *blob.DownloadStreamOptions) error {
	out, err := c.NewBlobClient(oddKey).DownloadStream(ctx, o)
	if err != nil {
		return err
	}
	return out.Body.Close()
}

// What the Store sends by itself is what the SDK would send, byte by byte, whatever signs it.
func TestHotWire(t *testing.T) {
	cleanEnvironment(t)
	srv := newTLSStub(t, answerOK)
	for name, o := range map[string]*Options{
		"key":       {Key: stubKey},
		"sas":       {SASToken: "sv=2025-11-05&sp=rw&sig=stub-signature%2B%2F%3D&se=2030-01-01"},
		"token":     {Credential: stubCredential{}},
		"anonymous": {Anonymous: true},
		"version":   {Key: stubKey, APIVersion: "2024-08-04"},
	} {
		o.Endpoint, o.HTTPClient = srv.URL+"/"+stubAccount, srv.Client()
		s := mustNew(t, "bucket", o)
		for _, pair := range hotPairs {
			if err := pair.ours(t.Context(), s); err != nil {
				t.Fatalf("%s by %s: %v", pair.name, name, err)
			}
			ours := srv.request(t)
			if err := pair.sdk(t.Context(), s.Client()); err != nil {
				t.Fatalf("%s by %s: %v", pair.name, name, err)
			}
			if diff := cmp.Diff(srv.request(t), ours); diff != "" {
				t.Errorf("%s by %s: -sdk +ours\n%s", pair.name, name, diff)
			}
		}
	}
}

// asking is a credential that notes what it was asked for.
type asking struct{ asked []policy.TokenRequestOptions }

func (a *asking) GetToken(
	ctx context.Context, o policy.TokenRequestOptions,
) (azcore.AccessToken, error) {
	a.asked = append(a.asked, o)
	return stubCredential{}.GetToken(ctx, o)
}

// challenged is a store with tokens whose service refuses one until it has asked for another.
func challenged(t *testing.T, challenge string) (*Store, *asking, *server) {
	cleanEnvironment(t)
	credential, refused := new(asking), challenge == ""
	srv := newTLSStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if !refused {
			refused = true
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answerOK(w, r)
	})
	return mustNew(t, "bucket", &Options{
		Endpoint: srv.URL + "/" + stubAccount, Credential: credential, HTTPClient: srv.Client(),
	}), credential, srv
}

// The Store and the SDK have one token, which is asked for once.
func TestTokenIsShared(t *testing.T) {
	s, credential, _ := challenged(t, "")
	for _, name := range []string{"Stat", "List", "Put", "PutPart", "Delete"} {
		if err := calls[name](t.Context(), s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if n := len(credential.asked); n != 1 {
		t.Errorf("%d tokens, want 1", n)
	}
}

// Calls at the same time have nothing in common but the token. The race detector sees more.
func TestTokenManyAtOnce(t *testing.T) {
	s, credential, srv := challenged(t, "")
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for _, name := range []string{"Put", "Stat", "Delete"} {
				if err := calls[name](t.Context(), s); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	all.Wait()
	if n := len(credential.asked); n != 1 {
		t.Errorf("%d tokens, want 1", n)
	}
	methods := make(map[string]int)
	for _, r := range srv.Seen() {
		methods[r.Method]++
	}
	want := map[string]int{"PUT": 16, "HEAD": 16, "DELETE": 16}
	if diff := cmp.Diff(want, methods); diff != "" {
		t.Errorf("requests: -want +got\n%s", diff)
	}
}

// A token that the service wants to be another is asked for anew, by what the service says, and the
// request is made again, with its whole body.
func TestTokenIsChallenged(t *testing.T) {
	for name, test := range map[string]struct{ challenge, scope, claims string }{
		"scope": {
			"Bearer authorization_uri=https://login.example/tenant/oauth2/authorize " +
				"resource_id=https://other.example",
			"https://other.example/.default", "",
		},
		"claims": {
			`Bearer realm="", authorization_uri="https://login.example/common/oauth2/authorize", ` +
				`error="insufficient_claims", claims="eyJhIjoxfQ=="`,
			"https://storage.azure.com/.default", `{"a":1}`,
		},
	} {
		s, credential, srv := challenged(t, test.challenge)
		if err := calls["Put"](t.Context(), s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := len(credential.asked); n != 2 {
			t.Fatalf("%s: %d tokens, want 2", name, n)
		}
		if o := credential.asked[1]; !slices.Equal(o.Scopes, []string{test.scope}) ||
			o.Claims != test.claims {
			t.Errorf("%s: asked for %+v", name, o)
		}
		requests := srv.Seen()
		if len(requests) != 2 || string(requests[1].Body) != "x" {
			t.Errorf("%s: %d requests, the last with body %q", name, len(requests),
				requests[len(requests)-1].Body)
		}
	}
}
