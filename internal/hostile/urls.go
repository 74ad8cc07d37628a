package hostile

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// within are URLs of the bucket "bucket", without their scheme, and the prefix that each names.
var within = map[string]string{
	"//bucket/../other/x":                  "../other/x/",
	"//bucket/a/../../other":               "a/../../other/",
	"//bucket/%2e%2e/other":                "../other/",
	"//bucket/..%2fother":                  "../other/",
	"//bucket/%252e%252e/other":            "%2e%2e/other/",
	"//bucket/..":                          "../",
	"//bucket//":                           "/",
	"//bucket///other/x":                   "//other/x/",
	"//bucket/%3Facl&" + evil + "=1":       "?acl&" + evil + "=1/",
	"//bucket/a%0d%0a" + evil + ":1":       "a\r\n" + evil + ":1/",
	"//bucket/%00":                         "\x00/",
	"//bucket?prefix=../":                  "../",
	"//bucket?prefix=..":                   "..",
	"//bucket?prefix=..%2fother%2f":        "../other/",
	"//bucket?prefix=%252e%252e/":          "%2e%2e/",
	"//bucket?prefix=/":                    "/",
	"//bucket?prefix=..%5Cother%5C":        `..\other\`,
	"//bucket?prefix=%3Facl%26delete%23":   "?acl&delete#",
	"//bucket?prefix=http://other/":        "http://other/",
	"//bucket?prefix=a%20HTTP/1.1%0d%0a:1": "a HTTP/1.1\r\n:1",
}

// outside are URLs that are not to be opened, without their scheme.
var outside = []string{
	"", "bucket", "/bucket", "//", "///bucket", "///../bucket", "//.", "//..", "//../bucket",
	"//./bucket", "//%2e%2e", "//%2e%2e/bucket", "//bucket%2f..%2fother", "//bucket%00",
	"//user@bucket", "//user:word@bucket", "//bucket@other", "//:@bucket", "//@bucket",
	"//bucket:80", "//bucket:", "//bucket:/x", "//[::1]", "//[bucket]", "//bu cket",
	"//bucket#../other", `//bucket\..\other`,
	"//bucket?prefix=../&prefix=a/", "//bucket/a?prefix=../", "//bucket?prefix=%ff", "//bucket/%ff",
	"//bucket?prefix=%zz", "//bucket?prefix=a;b", "//bucket?Prefix=../", "//bucket?bucket=other",
	"//bucket?key=x", "//bucket?prefix%5B%5D=a",
}

// strange are names that are no bucket's of a service in the cloud. Other services may have them.
var strange = []string{"bucket..", "bucket;x", "bucket&x", "bucket,other", "bucket*", "a$b", "*"}

// URLs checks that an URL is refused, or opens a bucket that stays within what the URL names: in
// the bucket of the provider, and below the prefix. opener is for the scheme and an endpoint; more
// are URLs of the scheme that are not to be opened.
func (p *Provider) URLs(
	t *testing.T, scheme string,
	opener func(endpoint string, client *http.Client) storage.Opener, more ...string,
) {
	at := stub.New(t, p.oblige)
	var m storage.Mux
	m.Handle(scheme, opener(at.URL, at.Client()))
	for _, rest := range slices.Concat(outside, more) {
		b, err := m.Open(t.Context(), scheme+":"+rest)
		if err == nil {
			t.Errorf("Open(%q): no error", scheme+":"+rest)
			b.Close()
		} else if !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("Open(%q): %v", scheme+":"+rest, err)
		}
	}
	for _, name := range strange {
		b, err := m.Open(t.Context(), scheme+"://"+name)
		if err != nil {
			continue
		}
		_, _ = b.WriteAll(t.Context(), key, small, nil)
		_, _ = b.Stat(t.Context(), key, nil)
		_ = b.Delete(t.Context(), key, nil)
		for _, r := range at.Seen() {
			raw, _, _ := strings.Cut(r.RequestURI, "?")
			segments := strings.Split(raw, "/")
			if !slices.Contains(segments, url.PathEscape(name)) &&
				!slices.Contains(segments, url.QueryEscape(name)) || path.Clean(raw) != raw {
				t.Errorf("%s://%s: %s %s", scheme, name, r.Method, r.RequestURI)
			}
		}
		b.Close()
	}
	call := &keyedCall{prefix: true, may: []string{
		"delete", "uploads", "uploadId", "comp=batch", "comp=blocklist",
	}}
	for rest, prefix := range within {
		b, err := m.OpenWith(t.Context(), scheme+":"+rest, Options())
		if err != nil {
			t.Errorf("Open(%q): %v", scheme+":"+rest, err)
			continue
		}
		if got := b.StoreKey(""); got != prefix {
			t.Errorf("Open(%q) has the prefix %q", scheme+":"+rest, got)
		}
		for _, k := range [...]string{"x", "../x", "..", "/"} {
			_, _ = b.Stat(t.Context(), k, nil)
			_, _ = b.WriteAll(t.Context(), k, small, nil)
			_ = b.Delete(t.Context(), k, nil)
		}
		_, _ = b.ListPage(t.Context(), nil)
		_, _ = b.DeletePrefix(t.Context(), "", nil)
		_, _ = b.CleanUploads(t.Context(), -time.Hour, nil)
		seen := at.Seen()
		for _, r := range seen {
			if wrong := p.astray(r, b, "", call); wrong != "" {
				t.Errorf("%q: %s %s: %s", scheme+":"+rest, r.Method, r.RequestURI, wrong)
			}
		}
		if len(seen) == 0 {
			t.Errorf("%q: no request", scheme+":"+rest)
		}
		b.Close()
	}
}
