package driver

import (
	"fmt"
	"testing"
)

func TestRedact(t *testing.T) {
	for secret, want := range map[string]string{"": "", "x": "(redacted)"} {
		if got := Redact(secret); got != want {
			t.Errorf("Redact(%q) = %q", secret, got)
		}
	}
	for address, want := range map[string]string{
		"":                          "",
		"host:1":                    "host:1",
		"http://host:1/path@x":      "http://host:1/path@x",
		"http://u:secret@host/path": "http://(redacted)@host/path",
		"u:secret@host":             "(redacted)@host",
		"https://host/a?sig=secret": "https://host/a?(redacted)",
	} {
		if got := RedactURL(address); got != want {
			t.Errorf("RedactURL(%q) = %q, want %q", address, got, want)
		}
	}
}

type options struct{ Name, Secret string }

func (o options) Format(f fmt.State, verb rune) {
	type plain options
	o.Secret = Redact(o.Secret)
	Format(f, verb, plain(o))
}

func TestFormat(t *testing.T) {
	o := options{"n", "s"}
	for format, want := range map[string]string{
		"%v": "{n (redacted)}", "%+v": "{Name:n Secret:(redacted)}",
		"%#v": `driver.plain{Name:"n", Secret:"(redacted)"}`, "%q": "{n (redacted)}",
	} {
		if got := fmt.Sprintf(format, o); got != want {
			t.Errorf("%s: %s, want %s", format, got, want)
		}
		if got := fmt.Sprintf(format, &o); got != want {
			t.Errorf("%s of a pointer: %s, want %s", format, got, want)
		}
	}
}
