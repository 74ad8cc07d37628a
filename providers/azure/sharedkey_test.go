package azure

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// signedRequest is what a signature is over.
type signedRequest struct {
	method, key, version string
	fields               [][2]string
	size                 int64
}

// replaced puts a request in the place of the SDK's.
type replaced struct{ by *http.Request }

func (p replaced) Do(req *policy.Request) (*http.Response, error) {
	req.Raw().Method, req.Raw().URL, req.Raw().Header = p.by.Method, p.by.URL, p.by.Header
	return req.Next()
}

// taken takes the signature of a request that it does not make.
type taken struct{ authorization string }

var errTaken = errors.New("not to be sent")

func (p *taken) Do(req *http.Request) (*http.Response, error) {
	p.authorization = req.Header.Get("Authorization")
	return nil, errTaken
}

// bySDK is the Authorization that the SDK gives a request.
func bySDK(t *testing.T, req *http.Request) string {
	t.Helper()
	key, err := container.NewSharedKeyCredential(stubAccount, stubKey)
	if err != nil {
		t.Fatal(err)
	}
	take := new(taken)
	c, err := container.NewClientWithSharedKeyCredential("http://x/", key,
		&container.ClientOptions{ClientOptions: azcore.ClientOptions{
			Transport: take, PerCallPolicies: []policy.Policy{replaced{req}},
			Retry: policy.RetryOptions{MaxRetries: -1},
		}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetProperties(t.Context(), nil); !errors.Is(err, errTaken) {
		t.Fatal(err)
	}
	return take.authorization
}

// checkSignature holds the signature of a request against that of the SDK.
func checkSignature(t *testing.T, path string, in *signedRequest) {
	t.Helper()
	s := &Store{route: route{
		scheme: "https", host: "x.example:9000", version: "2025-11-05", path: path,
		rawPath: (&url.URL{Path: path}).EscapedPath(),
	}}
	signer, err := newSigner(stubAccount, stubKey)
	if err != nil {
		t.Fatal(err)
	}
	r := s.newRequest(in.method, in.key, in.version)
	for _, f := range in.fields {
		r.Set(f[0], f[1])
	}
	u := s.route.url(r.key, r.query)
	signer.sign(r, u, in.size)
	h := r.Header()
	got := h.Get("Authorization")
	h.Del("Authorization")
	if in.size > 0 {
		h.Set("Content-Length", strconv.FormatInt(in.size, 10))
	}
	if want := bySDK(t, &http.Request{Method: in.method, URL: u, Header: h}); got != want {
		t.Errorf("%+v\n got %s\nwant %s", in, got, want)
	}
}

// The signature is the SDK's, whatever is signed.
func TestSignature(t *testing.T) {
	const alphabet = "abcXYZ019-._~/ +%&=?#$'()*,:;@[]\\^`{|}<>\"é\x01\x7f😀\t"
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func(n int, letters []rune) string {
		var b strings.Builder
		for range rnd.IntN(n) {
			b.WriteRune(letters[rnd.IntN(len(letters))])
		}
		return b.String()
	}
	names := []string{
		"If-Match", "If-None-Match", "If-Modified-Since", "x-ms-range", "Content-Type",
		"Content-MD5", "Accept", "Expect", "x-ms-blob-type", "x-ms-blob-content-type",
		"x-ms-blob-cache-control", "x-ms-blob-content-disposition", "x-ms-tags",
		"x-ms-access-tier", "x-ms-content-crc64", metaField + sumName,
	}
	for range 3000 {
		in := &signedRequest{
			method:  []string{"GET", "PUT", "HEAD", "DELETE"}[rnd.IntN(4)],
			key:     "k" + text(20, []rune(alphabet)),
			version: text(8, []rune(alphabet)), size: rnd.Int64N(3) * 1000,
		}
		for _, i := range rnd.Perm(len(names))[:rnd.IntN(len(names))] {
			in.fields = append(in.fields, [2]string{
				names[i], strings.Map(printable, text(12, []rune(alphabet))),
			})
		}
		for range rnd.IntN(8) {
			name := "m" + text(5, []rune("aby_019"))
			in.fields = append(in.fields, [2]string{metaField + name, "v"})
		}
		in.fields = firstOfEach(in.fields)
		paths := []string{"/bucket/", "/" + stubAccount + "/bucket/", "/b a+se/$root/", "/"}
		checkSignature(t, paths[rnd.IntN(len(paths))], in)
		if t.Failed() {
			return
		}
	}
}

// firstOfEach drops fields whose names were there before.
func firstOfEach(fields [][2]string) (kept [][2]string) {
	seen := make(map[string]bool)
	for _, f := range fields {
		if !seen[strings.ToLower(f[0])] {
			kept = append(kept, f)
		}
		seen[strings.ToLower(f[0])] = true
	}
	return kept
}

// printable is what a header can carry.
func printable(r rune) rune {
	if r < ' ' && r != '\t' || r == 0x7f {
		return -1
	}
	return r
}

// FuzzSignature holds a signature against the SDK's.
func FuzzSignature(f *testing.F) {
	f.Fuzz(func(t *testing.T, key, version, name, other, value string, size int64) {
		if !isIdentifier(name) || !isIdentifier(other) {
			t.Skip("no names of metadata")
		}
		value = strings.Map(printable, value)
		fields := firstOfEach([][2]string{
			{metaField + name, value}, {metaField + other, "x"}, {"If-Match", value},
			{"x-ms-blob-content-type", value},
		})
		checkSignature(t, "/bucket/", &signedRequest{
			method: "PUT", key: key, version: version, fields: fields, size: max(size, 0),
		})
	})
}
