// Package secrets is for tests: it plants a secret and looks for it in whatever a value is printed
// as.
package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Secret is what must not show.
const Secret = "secret-that-must-not-show"

// Printed fails the test if a value shows Secret by any verb of fmt.
func Printed(t testing.TB, values ...any) {
	t.Helper()
	forms := []string{
		Secret, fmt.Sprintf("%x", Secret), strings.Trim(fmt.Sprint([]byte(Secret)), "[]"),
	}
	for _, v := range values {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(format, v)
			for _, form := range forms {
				if strings.Contains(text, form) {
					t.Errorf("%s of %T: %s", format, v, text)
				}
			}
		}
	}
}

// Encoded plants Secret in every text of o, a struct of options with an HTTPClient, and fails the
// test if JSON, which log handlers write, shows it. Only the public fields are shown: one that is
// new is a secret until it is listed.
func Encoded[Options any](t testing.TB, o *Options, public ...string) {
	t.Helper()
	const shown = "to-be-shown"
	fields := reflect.ValueOf(o).Elem()
	for f, v := range fields.Fields() {
		switch {
		case slices.Contains(public, f.Name):
			v.SetString(shown + f.Name)
		case v.Kind() == reflect.String:
			v.SetString("http://u:" + Secret + "@host?" + Secret)
		case v.Type() == reflect.TypeFor[[]byte]():
			v.SetBytes([]byte(Secret))
		}
	}
	client := fields.FieldByName("HTTPClient")
	client.Set(reflect.ValueOf(new(http.Client)))
	for _, v := range []any{
		*o, o, struct{ O Options }{*o}, []Options{*o}, map[string]*Options{"o": o},
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		for _, form := range []string{Secret, base64.StdEncoding.EncodeToString([]byte(Secret))} {
			if bytes.Contains(text, []byte(form)) {
				t.Errorf("%T: %s", v, text)
			}
		}
		for _, name := range public {
			if !bytes.Contains(text, []byte(shown+name)) {
				t.Errorf("%T: no %s in %s", v, name, text)
			}
		}
	}
	if client.IsNil() {
		t.Error("the options were changed")
	}
}
