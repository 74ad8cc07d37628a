package hostile

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// injections are texts that would end a header.
var injections = [...]string{
	"a\r\n" + evil + ": 1", "a\n" + evil + ": 1", "a\r" + evil + ": 1", "a\x00", "\r\n\r\n",
}

// Headers checks that no text of the options of a call becomes a header of its own, and that a
// write or a copy with such a text is an error. The service would take anything.
func (p *Provider) Headers(t *testing.T) {
	at := stub.New(t, p.oblige)
	b, ctx := p.bucket(t, at.URL, at.Client()), t.Context()
	injecting(t, p, at, true, func(o *storage.PutOptions) error {
		_, err := b.WriteAll(ctx, key, small, o)
		return err
	})
	copying := func(replace bool) {
		injecting(t, p, at, true, func(o *storage.CopyOptions) error {
			o.Replace = replace
			_, err := b.Copy(ctx, key, "from", o)
			return err
		})
	}
	copying(true)
	copying(false)
	// Bucket refuses what its Store then does not see, so the Store is asked, too. It may have a
	// form for any text: a copy keeps what its source has.
	injecting(t, p, at, false, func(o *storage.PutOptions) error {
		_, err := b.Store().(storage.Multipart).CreateUpload(ctx, key, o)
		return err
	})
	injecting(t, p, at, false, func(o *storage.CopyOptions) error {
		o.Replace = true
		_, err := b.Store().(storage.Copier).Copy(ctx, key, "from", o)
		return err
	})
	injecting(t, p, at, false, func(o *storage.GetOptions) error {
		_, err := b.ReadAll(ctx, key, o)
		return err
	})
	injecting(t, p, at, false, func(o *storage.StatOptions) error {
		_, err := b.Stat(ctx, key, o)
		return err
	})
	injecting(t, p, at, false, func(o *storage.DeleteOptions) error {
		return b.Delete(ctx, key, o)
	})
}

// injecting makes a call with each text in each field of its options that is a text or a map of
// them.
func injecting[O any](
	t *testing.T, p *Provider, at *stub.Server, writes bool, call func(*O) error,
) {
	t.Helper()
	try := func(field string, o *O) {
		t.Helper()
		at.Seen()
		err := call(o)
		for _, r := range at.Seen() {
			if _, wrong := p.about(r); wrong != nil {
				t.Errorf("%T, %s: %s %s: %v", o, field, r.Method, r.RequestURI, wrong)
			}
			if r.Trailer.Get(evil) != "" {
				t.Errorf("%T, %s: the header was sent", o, field)
			}
			for name, values := range r.Header {
				if slices.ContainsFunc(values, func(v string) bool {
					return strings.ContainsAny(v, "\r\n\x00")
				}) {
					t.Errorf("%T, %s: a line end in %s", o, field, name)
				}
			}
		}
		// A version that there is not is the service's to refuse: its ID is escaped.
		if err == nil && writes && !strings.Contains(field, "VersionID") {
			t.Errorf("%T, %s: no error", o, field)
		}
	}
	for _, text := range injections {
		for f := range reflect.TypeFor[O]().Fields() {
			set := func(value any) {
				o := new(O)
				reflect.ValueOf(o).Elem().FieldByIndex(f.Index).Set(reflect.ValueOf(value))
				try(f.Name, o)
			}
			switch {
			case f.Name == "StateFile", f.Name == "VerifyHash":
			case f.Type.Kind() == reflect.String:
				set(text)
			case f.Type == reflect.TypeFor[map[string]string]():
				set(map[string]string{"a": text})
				set(map[string]string{text: "a"})
			}
		}
	}
}
