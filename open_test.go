package storage_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// opened is what an Opener was given.
type opened struct {
	URL    string
	Text   string
	Flag   bool
	Number int64
	Closed int
}

type closing struct {
	storage.Store
	o *opened
}

func (c closing) Close() error { c.o.Closed++; return nil }

// opener takes the parameters text, flag and number, and notes what it was given in o.
func opener(o *opened, base storage.StoreOpener) storage.Opener {
	base.Open = func(_ context.Context, u *url.URL, p *storage.Params) (storage.Store, error) {
		o.URL, o.Text, o.Flag, o.Number = u.String(), p.String("text"), p.Bool("flag"),
			p.Int("number")
		if base.OwnsQuery {
			o.Text += p.String("prefix")
		}
		if u.Host != "forgets" {
			if err := p.Err(); err != nil {
				return nil, err
			}
		}
		m, err := memory.New(nil)
		return closing{m, o}, err
	}
	return base.OpenURL
}

func TestMuxURLs(t *testing.T) {
	for raw, want := range map[string]struct {
		opened
		prefix string
	}{
		"t://b":            {opened{URL: "t://b"}, ""},
		"t://b/":           {opened{URL: "t://b"}, ""},
		"t://b/p":          {opened{URL: "t://b"}, "p/"},
		"t://b/p/q/":       {opened{URL: "t://b"}, "p/q/"},
		"t://b/%C3%BC%20p": {opened{URL: "t://b"}, "ü p/"},
		"t://b?prefix=p":   {opened{URL: "t://b"}, "p"},
		"t://b?text=x&flag&number=-7": {opened{URL: "t://b", Text: "x", Flag: true, Number: -7},
			""},
		"t://b?flag=false&number=":     {opened{URL: "t://b"}, ""},
		"own://b/a/b?prefix=p":         {opened{URL: "own://b/a/b"}, "p"},
		"query://b/a?prefix=p&text=x":  {opened{URL: "query://b", Text: "xp"}, "a/"},
		"user://name@b/p":              {opened{URL: "user://name@b"}, "p/"},
		"T://b":                        {opened{URL: "t://b"}, ""},
		"t://b/p?text=a%26b%3Dc%2Bd+e": {opened{URL: "t://b", Text: "a&b=c+d e"}, "p/"},
	} {
		var got opened
		var m storage.Mux
		m.Handle("t", opener(&got, storage.StoreOpener{}))
		m.Handle("own", opener(&got, storage.StoreOpener{OwnsPath: true}))
		m.Handle("query", opener(&got, storage.StoreOpener{OwnsQuery: true}))
		m.Handle("user", opener(&got, storage.StoreOpener{TakesUser: true}))
		b, err := m.Open(t.Context(), raw)
		if err != nil {
			t.Errorf("Open(%q): %v", raw, err)
			continue
		}
		prefix := b.StoreKey("")
		b.Close()
		got.Closed = 0
		if d := cmp.Diff(want.opened, got); d != "" || prefix != want.prefix {
			t.Errorf("Open(%q): prefix %q, want %q (-want +got):\n%s", raw, prefix, want.prefix, d)
		}
	}
}

func TestMuxRefuses(t *testing.T) {
	var got opened
	var m storage.Mux
	m.Handle("t", opener(&got, storage.StoreOpener{}))
	m.Handle("user", opener(&got, storage.StoreOpener{TakesUser: true}))
	for raw, says := range map[string]string{
		"":                         `unknown scheme "", known are t, user (forgotten import?)`,
		"nope://b":                 `unknown scheme "nope", known are t, user (forgotten import?)`,
		"b/k":                      "unknown scheme",
		"t://b?colour=red":         "known are flag, number, prefix, text",
		"t://forgets?colour=red":   `unknown parameter "colour"`,
		"t://b?text=a&text=b":      `parameter "text" occurs 2 times`,
		"t://b?number=many":        `parameter "number" is not a number`,
		"t://b?flag=perhaps":       `parameter "flag" is not true or false`,
		"t://b?text=%zz":           "malformed query",
		"t://b/p?prefix=q":         "exclude each other",
		"t://name:hunter2@b":       "contains credentials",
		"t://hunter2@b":            "contains credentials",
		"user://name:hunter2@b":    "contains credentials",
		"t://b#hunter2":            "no fragment",
		"t:opaque":                 "must begin with t://",
		"t://b/%zz?secret=hunter2": "not a URL",
		"t://b/%FF":                "prefix",

		"t://b/" + strings.Repeat("a", 1100): "prefix",
	} {
		b, err := m.Open(t.Context(), raw)
		if !errors.Is(err, storage.ErrInvalid) || b != nil {
			t.Errorf("Open(%q) = %v, want %v", raw, err, storage.ErrInvalid)
			continue
		}
		if !strings.Contains(err.Error(), says) ||
			!strings.HasPrefix(err.Error(), "storage: Open: ") {
			t.Errorf("Open(%q) = %v, want it to say %q", raw, err, says)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) shows the secret: %v", raw, err)
		}
	}
	if got.Closed != 1 {
		t.Errorf("%d Stores of Openers that forgot to look were closed, want 1", got.Closed)
	}
}

func TestMuxOpen(t *testing.T) {
	var got opened
	var m storage.Mux
	m.Handle("t", opener(&got, storage.StoreOpener{}))
	for raw, key := range map[string]string{"t://b": "k", "t://b/p": "p/k",
		"t://b?prefix=p": "pk"} {
		for _, opts := range []*storage.Options{nil, {PortableKeys: true}} {
			got.Closed = 0
			b, err := m.OpenWith(t.Context(), raw, opts)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.CheckKey("/"); (err == nil) != (opts == nil) {
				t.Errorf("CheckKey with %+v = %v", opts, err)
			}
			if _, err := b.Put(t.Context(), "k", strings.NewReader("data"), nil); err != nil {
				t.Errorf("Put: %v", err)
			}
			if _, err := b.Store().Stat(t.Context(), key, &storage.StatOptions{}); err != nil {
				t.Errorf("Open(%q): the Store has no %q: %v", raw, key, err)
			}
			if err := b.Close(); err != nil || got.Closed != 1 {
				t.Errorf("Open(%q): Close = %v, the Store was closed %d times, want once", raw, err,
					got.Closed)
			}
		}
	}
}

func TestMuxErrorOfOpener(t *testing.T) {
	var m storage.Mux
	m.Handle("t", func(context.Context, *url.URL) (*storage.Bucket, error) {
		return nil, &storage.Error{Kind: storage.ErrNoBucket, Code: "NoSuchBucket"}
	})
	_, err := m.Open(t.Context(), "t://b")
	var e *storage.Error
	if !errors.As(err, &e) || e.Op != "Open" || e.Kind != storage.ErrNoBucket ||
		e.Code != "NoSuchBucket" {
		t.Errorf("Open = %v, want the Opener's error", err)
	}
}

func TestMuxHandleTwice(t *testing.T) {
	var m storage.Mux
	m.Handle("b", nil)
	m.Handle("a", nil)
	if d := cmp.Diff([]string{"a", "b"}, m.Schemes()); d != "" {
		t.Errorf("Schemes (-want +got):\n%s", d)
	}
	defer func() {
		if recover() == nil {
			t.Error("a scheme registered twice does not panic")
		}
	}()
	m.Handle("a", nil)
}
