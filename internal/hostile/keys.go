package hostile

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"reflect"
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
	"../other/x", "a/../../other/x", "a/../b", "..", ".", "a/..", "a/.", "./a", "%2e%2e/other/x",
	"..%2fother%2fx", "%2e%2e%2fother", "..;/other", "/", "//", "///x", "a//b", "/other/x", "a/",
	"?acl", "a?acl", "a?" + evil + "=1", "a&" + evil + "=1", "a=1", "#", "a#b", "a b", "a+b",
	"a%2Fb",
	"a%", "a%zz", "a%00b", "a\x00b", "a\r\n" + evil + ": 1", "a HTTP/1.1\r\n" + evil +
		": 1\r\n\r\n",
	"a\nb", `..\other\x`, `..\..\x`, `C:\x`, "C:x", "CON", "a:b", "a;b=c", "http://other/x",
	"//other/x", "@other", "*", "a\u0085", "\u202ex", "a\u2028b", "\ufeffx",
	strings.Repeat("../", 100) + "etc/passwd", "<a>&'\"", "a?versionId=1&delete&uploads&policy",
}

// keyed are calls for a key, or another name, that an attacker chose.
var keyed = map[string]func(ctx context.Context, b *storage.Bucket, key string) error{
	"Stat": func(ctx context.Context, b *storage.Bucket, key string) error {
		_, err := b.Stat(ctx, key, nil)
		return err
	},
	"Stat of a version": func(ctx context.Context, b *storage.Bucket, id string) error {
		_, err := b.Stat(ctx, key, &storage.StatOptions{VersionID: id})
		return err
	},
	"ReadAll": func(ctx context.Context, b *storage.Bucket, key string) error {
		_, err := b.ReadAll(ctx, key, nil)
		return err
	},
	"WriteAll": func(ctx context.Context, b *storage.Bucket, key string) error {
		_, err := b.WriteAll(ctx, key, small, nil)
		return err
	},
	"Delete": func(ctx context.Context, b *storage.Bucket, key string) error {
		return b.Delete(ctx, key, nil)
	},
	"Copy to": func(ctx context.Context, b *storage.Bucket, key string) error {
		_, err := b.Copy(ctx, key, "from", nil)
		return err
	},
	"Copy from": func(ctx context.Context, b *storage.Bucket, from string) error {
		_, err := b.Copy(ctx, key, from, nil)
		return err
	},
	"ListPage": func(ctx context.Context, b *storage.Bucket, prefix string) error {
		_, err := b.ListPage(ctx, &storage.ListOptions{
			Prefix: prefix, Delimiter: prefix, StartAfter: prefix,
		})
		return err
	},
}

// Keys checks that no key makes a request for anything but the object of that key, and in a view
// one below its prefix: not for another bucket or another resource, with no header or parameter
// more, and not at another host.
func (p *Provider) Keys(t *testing.T) {
	at := stub.New(t, func(w http.ResponseWriter, _ *stub.Request) {
		w.WriteHeader(http.StatusNotFound)
	})
	whole := p.bucket(t, at.URL, at.Client())
	for _, view := range [...]string{"", "view/"} {
		b := whole.Prefix(view)
		for name, call := range keyed {
			for _, k := range keys {
				at.Seen()
				_ = call(t.Context(), b, k)
				for _, r := range at.Seen() {
					if wrong := p.astray(r, view+k); wrong != "" {
						t.Errorf("%s %q, view %q: %s %s: %s",
							name, k, view, r.Method, r.RequestURI, wrong)
					}
				}
			}
		}
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
				if wrong := p.astray(&stub.Request{Request: r}, view+k); wrong != "" {
					t.Errorf("SignURL %q, view %q: %s: %s", k, view, u.EscapedPath(), wrong)
				}
			}
		}
	}
}

// astray says how a request goes astray that is for an object, or for the bucket; "" for nothing.
func (p *Provider) astray(r *stub.Request, key string) string {
	raw, query, _ := strings.Cut(r.RequestURI, "?")
	decoded, err := url.PathUnescape(raw)
	values, err2 := url.ParseQuery(query)
	if errors.Join(err, err2) != nil {
		return "an URL that does not parse"
	}
	inside, ofKey := false, false
	for _, base := range p.Bases {
		cleaned := path.Clean(raw) // as something on the way may do
		inside = inside || cleaned == base || strings.HasPrefix(cleaned, base+"/")
		object := decoded == base || decoded == base+"/"
		for _, k := range [...]string{key, "from", "key", "view/from", "view/key"} {
			object = object || decoded == base+"/"+k ||
				strings.HasPrefix(decoded, base+"/"+k+"/rewriteTo/")
		}
		ofKey = ofKey || object
	}
	switch {
	case !inside:
		return "outside the bucket"
	case !ofKey:
		return "of another object"
	case r.Header.Get(evil) != "" || values.Has(evil):
		return "injected"
	case strings.Contains(r.Host, "other"):
		return "another host"
	}
	for _, name := range [...]string{"acl", "policy", "delete", "uploads"} {
		if values.Has(name) {
			return "for " + name
		}
	}
	return ""
}

// Headers checks that no text of the options of a write becomes a header of its own.
func (p *Provider) Headers(t *testing.T) {
	at := stub.New(t, func(w http.ResponseWriter, _ *stub.Request) {
		w.WriteHeader(http.StatusNotFound)
	})
	b := p.bucket(t, at.URL, at.Client())
	try := func(what string, o *storage.PutOptions) {
		_, err := b.WriteAll(t.Context(), key, small, o)
		for _, r := range at.Seen() {
			if r.Header.Get(evil) != "" || r.Trailer.Get(evil) != "" {
				t.Errorf("%s: the header was sent", what)
			}
			for name, values := range r.Header {
				if slices.ContainsFunc(values, func(v string) bool {
					return strings.ContainsAny(v, "\r\n\x00")
				}) {
					t.Errorf("%s: a line end in %s", what, name)
				}
			}
		}
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	for _, text := range [...]string{
		"a\r\n" + evil + ": 1", "a\n" + evil + ": 1", "a\r" + evil + ": 1", "a\x00", "\r\n\r\n",
	} {
		for f := range reflect.TypeFor[storage.PutOptions]().Fields() {
			o := new(storage.PutOptions)
			v := reflect.ValueOf(o).Elem().FieldByIndex(f.Index)
			switch {
			case f.Name == "StateFile":
				continue
			case v.Kind() == reflect.String:
				v.SetString(text)
			case v.Type() == reflect.TypeFor[map[string]string]():
				v.Set(reflect.ValueOf(map[string]string{"a": text}))
				try(f.Name, o)
				v.Set(reflect.ValueOf(map[string]string{text: "a"}))
			default:
				continue
			}
			try(f.Name, o)
		}
	}
}
