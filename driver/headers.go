package driver

import (
	"strings"
	"unicode/utf8"

	"github.com/polystore/storage"
)

// CheckHeaders refuses, by name and with ErrInvalid, a header field of a write that an HTTP header
// does not carry unchanged: one with a control character or with spaces around it. A Bucket gives
// none to a new object, but an object that is written anew keeps what another program gave it. Text
// that is not ASCII is carried as the bytes that it is.
func CheckHeaders(o *storage.PutOptions) error {
	for _, f := range headerFields(o) {
		if !carried(f.value) {
			return Invalidf("%s %q has control characters or outer spaces, which no header carries",
				f.name, f.value)
		}
	}
	return nil
}

// CheckASCII refuses, by name and with ErrInvalid, a header field of a write that is not ASCII.
func CheckASCII(o *storage.PutOptions) error {
	for _, f := range headerFields(o) {
		if strings.ContainsFunc(f.value, func(r rune) bool { return r > '~' }) {
			return Invalidf("%s %q is not ASCII", f.name, f.value)
		}
	}
	return nil
}

// CheckText refuses, by name and with ErrInvalid, a header field or a metadata value of a write
// that is not UTF-8. JSON, for one, cannot carry it.
func CheckText(o *storage.PutOptions) error {
	for _, f := range headerFields(o) {
		if !utf8.ValidString(f.value) {
			return Invalidf("%s %+q is not UTF-8", f.name, f.value)
		}
	}
	for name, v := range o.Metadata {
		if !utf8.ValidString(v) {
			return Invalidf("the value of metadata %q is not UTF-8", name)
		}
	}
	return nil
}

// headerField is a header that a write keeps with an object.
type headerField struct{ name, value string }

func headerFields(o *storage.PutOptions) [5]headerField {
	return [...]headerField{
		{"ContentType", o.ContentType},
		{"ContentEncoding", o.ContentEncoding},
		{"ContentDisposition", o.ContentDisposition},
		{"ContentLanguage", o.ContentLanguage},
		{"CacheControl", o.CacheControl},
	}
}

func carried(v string) bool {
	for i := range len(v) {
		if v[i] < ' ' || v[i] == 0x7f {
			return false
		}
	}
	return strings.Trim(v, " ") == v
}

// token reports whether v can be the name of a header, or follow its beginning.
func token(v string) bool {
	for i := range len(v) {
		c := v[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return v != ""
}
