package s3

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/polystore/storage/driver/httpdriver"
)

// signedRequest is what a signature is over.
type signedRequest struct {
	method, key, version, payload string
	fields                        []httpdriver.Field
	credentials                   aws.Credentials
	at                            time.Time
}

// checkSignature holds the signature of a request against that of the SDK.
func checkSignature(t *testing.T, s *route, r *signedRequest) {
	t.Helper()
	in := newRequest(r.method, r.key, "")
	if r.version != "" {
		in.query = "versionId=" + escape(r.version, false) + "&x-id=GetObject"
	}
	in.payload = r.payload
	for _, f := range r.fields {
		in.Set(f.Name, f.Value)
	}
	in.Set("X-Amz-Content-Sha256", r.payload)
	u, path := s.url(r.key, in.query)
	got := s.sign(in, path, &r.credentials, r.at)

	req := &http.Request{Method: r.method, URL: u, Host: s.host, Header: in.Header()}
	if s.bareEncoding {
		req.Header.Del("Accept-Encoding")
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	err := signer.SignHTTP(
		t.Context(), r.credentials, req, r.payload, s.service, s.region, r.at,
	)
	if err != nil {
		t.Fatal(err)
	}
	if want := req.Header.Get("Authorization"); got != want {
		t.Errorf("%+v\n got %s\nwant %s", r, got, want)
	}
	if req.URL.RawQuery != in.query {
		t.Errorf("the query %s is %s to the SDK", in.query, req.URL.RawQuery)
	}
	if req.URL.RequestURI() != strings.TrimSuffix(path+"?"+in.query, "?") {
		t.Errorf("%s is signed, %s is sent", path, req.URL.RequestURI())
	}
}

func testRoute(path string, bare bool) *route {
	t := &route{
		scheme: "https", address: "s3.example:9000", host: "s3.example:9000",
		path: path, rawPath: escape(path, true),
	}
	t.service, t.region, t.bareEncoding = "s3", "eu-west-3", bare
	return t
}

// The signature is the SDK's, whatever is signed.
func TestSignature(t *testing.T) {
	const alphabet = "abcXYZ019-._~/ +%&=?#$'()*,:;@[]\\^`{|}<>\"é\x01\x7f😀\t"
	r := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		var b strings.Builder
		letters := []rune(alphabet)
		for range r.IntN(n) {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	names := []string{
		"If-Match", "Range", "Content-Type", "X-Amz-Tagging", "X-Amz-Meta-A_b", "X-Amz-Meta-Ab",
		"X-Amz-Meta-_a", "X-Amz-Meta-A", "Expect", "User-Agent", "X-Amz-Checksum-Crc32c",
	}
	routes := []*route{
		testRoute("/", false), testRoute("/bucket/", false), testRoute("/b a+se/bucket/", true),
	}
	for range 5000 {
		in := &signedRequest{
			method: []string{"GET", "PUT", "HEAD", "DELETE"}[r.IntN(4)], key: "k" + text(20),
			version: text(8),
			payload: []string{unsignedPayload, emptyPayload, trailedPayload}[r.IntN(3)],
			credentials: aws.Credentials{
				AccessKeyID: fmt.Sprint("AKID", r.IntN(3)), SessionToken: text(9),
				SecretAccessKey: fmt.Sprint("secret", r.IntN(3)),
			},
			at: time.Unix(1.7e9+int64(r.IntN(3*86400)), 0),
		}
		for _, i := range r.Perm(len(names))[:r.IntN(len(names))] {
			value := strings.Map(printable, text(12))
			in.fields = append(in.fields, httpdriver.Field{Name: names[i], Value: value})
		}
		checkSignature(t, routes[r.IntN(len(routes))], in)
		if t.Failed() {
			return
		}
	}
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
	f.Fuzz(func(t *testing.T, key, version, name, value, token string, bare bool) {
		name = http.CanonicalHeaderKey("X-Amz-Meta-" + name)
		value, token = strings.Map(printable, value), strings.Map(printable, token)
		if strings.ContainsFunc(name, func(r rune) bool {
			return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
		}) {
			t.Skip("no header has the name")
		}
		if strings.ToLower(name) == "x-amz-meta-" {
			t.Skip("no name")
		}
		checkSignature(t, testRoute("/bucket/", bare), &signedRequest{
			method: "PUT", key: key, version: version, payload: unsignedPayload,
			fields: []httpdriver.Field{{Name: name, Value: value}}, at: time.Unix(1.7e9, 0),
			credentials: aws.Credentials{
				AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: token,
			},
		})
	})
}
