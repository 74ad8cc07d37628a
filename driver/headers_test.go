package driver_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

func TestCheckHeaders(t *testing.T) {
	fields := map[string]func(o *storage.PutOptions, v string){
		"ContentType":        func(o *storage.PutOptions, v string) { o.ContentType = v },
		"ContentEncoding":    func(o *storage.PutOptions, v string) { o.ContentEncoding = v },
		"ContentDisposition": func(o *storage.PutOptions, v string) { o.ContentDisposition = v },
		"ContentLanguage":    func(o *storage.PutOptions, v string) { o.ContentLanguage = v },
		"CacheControl":       func(o *storage.PutOptions, v string) { o.CacheControl = v },
	}
	for name, set := range fields {
		for v, want := range map[string]struct{ headers, ascii bool }{
			"":               {true, true},
			"a  b":           {true, true},
			"na\u00efve":     {true, false},
			"\xfc":           {true, false},
			" a":             {false, true},
			"a ":             {false, true},
			"a\tb":           {false, true},
			"a\r\nb":         {false, true},
			"a\x7f":          {false, false},
			"\u2013 \x00end": {false, false},
		} {
			var o storage.PutOptions
			set(&o, v)
			for what, c := range map[string]struct {
				err  error
				want bool
			}{
				"CheckHeaders": {driver.CheckHeaders(&o), want.headers},
				"CheckASCII":   {driver.CheckASCII(&o), want.ascii},
			} {
				if (c.err == nil) != c.want {
					t.Errorf("%s with %s %+q = %v", what, name, v, c.err)
				}
				if c.err != nil && (!errors.Is(c.err, storage.ErrInvalid) ||
					!strings.Contains(c.err.Error(), name)) {
					t.Errorf("%s with %s %+q = %v, want ErrInvalid and the name", what, name, v,
						c.err)
				}
			}
		}
	}
}

func TestCheckText(t *testing.T) {
	for want, o := range map[string]*storage.PutOptions{
		"": {ContentLanguage: "\u00e4",
			Metadata: map[string]string{"a": " \n"}},
		`CacheControl "\xfc" is not UTF-8`: {CacheControl: "\xfc"},
		`metadata "a" is not UTF-8`:        {Metadata: map[string]string{"a": "x\xfc"}},
	} {
		err := driver.CheckText(o)
		if (err == nil) != (want == "") || err != nil && !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("CheckText(%+v) = %v, want %q", o, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("CheckText(%+v) = %v, want %q", o, err, want)
		}
	}
}
