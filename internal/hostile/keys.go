package hostile

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// evil is what must not become a header or a parameter.
const evil = "X-Evil"

// keys are those of an attacker who chooses the names of objects.
var keys = []string{
	"../other/x", "a/../../other/x", "a/./../../other/x", "a//../../other/x", "/../other/x",
	"a/../b", "..", ".", "a/..", "a/.", "./a", "%2e%2e/other/x",
	"..%2fother%2fx", "%2e%2e%2fother", "..;/other", "/", "//", "///x", "a//b", "/other/x", "a/",
	"?acl", "a?acl", "a?" + evil + "=1", "a&" + evil + "=1", "a=1", "#", "a#b", "a b", "a+b",
	"a%2Fb",
	"a%", "a%zz", "a%00b", "a\x00b", "a\r\n" + evil + ": 1", "a HTTP/1.1\r\n" + evil +
		": 1\r\n\r\n",
	"a\nb", `..\other\x`, `..\..\x`, `C:\x`, "C:x", "CON", "a:b", "a;b=c", "http://other/x",
	"//other/x", "@other", "*", "a\u0085", "\u202ex", "a\u2028b", "\ufeffx",
	"1", strings.Repeat("../", 100) + "etc/passwd", "<a>&'\"",
	"a?versionId=1&delete&uploads&policy",
}

// Keys checks that no key makes a request for anything but the object of that key, and in a view
// one below its prefix: not for another bucket or another resource, with no header or parameter
// more, and not at another host. It tries a service that has nothing, and one that has all of it.
func (p *Provider) Keys(t *testing.T) {
	for name, answer := range map[string]stub.Answer{
		"nothing": func(w http.ResponseWriter, _ *stub.Request) {
			w.WriteHeader(http.StatusNotFound)
		},
		"all": p.oblige,
	} {
		t.Run(name, func(t *testing.T) {
			at := stub.New(t, answer)
			whole := p.bucket(t, at.URL, at.Client())
			for _, view := range [...]string{"", "view/"} {
				b := whole.Prefix(view)
				for _, call := range append(keyed(), inParts()...) {
					p.keys(t, at, b, &call)
				}
				p.signed(t, b)
			}
		})
	}
}

// keys makes a call with each key. What a call is for is asked for at least once.
func (p *Provider) keys(t *testing.T, at *stub.Server, b *storage.Bucket, call *keyedCall) {
	asked := 0
	for _, k := range keys {
		at.Seen()
		_ = call.do(t.Context(), b, k)
		for _, r := range at.Seen() {
			asked++
			if wrong := p.astray(r, b, k, call); wrong != "" {
				t.Errorf("%s %q, view %q: %s %s: %s",
					call.name, k, b.StoreKey(""), r.Method, r.RequestURI, wrong)
			}
		}
	}
	if asked == 0 && !call.mute {
		t.Errorf("%s: no request", call.name)
	}
}

// signed signs URLs for each key.
func (p *Provider) signed(t *testing.T, b *storage.Bucket) {
	for _, k := range keys {
		for _, o := range [...]storage.SignOptions{
			{}, {Method: http.MethodPut}, {VersionID: "1&" + evil + "=1#"},
			{ResponseContentType: "a&" + evil + "=1#", ResponseDisposition: "a?" + evil + "=1"},
		} {
			signed, err := b.SignURL(t.Context(), k, &o)
			if err != nil {
				continue
			}
			u, err := url.Parse(signed.URL)
			if err != nil {
				t.Errorf("SignURL %q: not an URL", k)
				continue
			}
			r, err := http.NewRequest(signed.Method, signed.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host, r.RequestURI = u.Host, u.RequestURI()
			if wrong := p.astray(&stub.Request{Request: r}, b, k, new(keyedCall)); wrong != "" {
				t.Errorf("SignURL %q, view %q: %s: %s", k, b.StoreKey(""), u.EscapedPath(), wrong)
			}
		}
	}
}

// astray says how a request goes astray that a call of b for key made; "" for nothing.
func (p *Provider) astray(
	r *stub.Request, b *storage.Bucket, key string, call *keyedCall,
) string {
	of, err := p.about(r)
	if err != nil {
		return err.Error()
	}
	session := slices.Contains(of.asks, "upload_id") // which the service has named
	if len(of.keys) == 0 && !session && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "of the bucket as a whole"
	}
	full := b.StoreKey(key)
	for _, k := range of.keys {
		mine := k == full || call.prefix && strings.HasPrefix(k, full)
		for _, other := range beside {
			mine = mine || k == b.StoreKey(other)
		}
		if !mine {
			return "of another object"
		}
	}
	if at, ok := prefixOf(r); ok && !strings.HasPrefix(at, b.StoreKey("")) {
		return "a list above the view"
	}
	for _, what := range of.asks {
		// Lists tell what is there. How an upload is sent on Cloud Storage is no other request.
		usual := what == "restype=container" || what == "comp=list" ||
			strings.HasPrefix(what, "uploadType=")
		if !usual && !slices.Contains(call.may, what) {
			return "for " + what
		}
	}
	return ""
}

// prefixOf is the prefix of a list, if a request is for one of objects.
func prefixOf(r *stub.Request) (string, bool) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	list := q.Has("list-type") || q.Get("comp") == "list" || q.Has("uploads") ||
		strings.HasSuffix(r.URL.Path, "/storage/v1/b/bucket/o")
	return q.Get("prefix"), err == nil && list && r.Method == http.MethodGet
}
