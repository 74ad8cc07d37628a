package storage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// However a signed URL is printed, it is a secret.
func TestSignedURLPrinted(t *testing.T) {
	u := storage.SignedURL{
		Method: "GET", URL: "https://host/k?secret",
		Header: map[string][]string{"X": {"secret"}},
	}
	for _, v := range []any{u, &u, struct{ U storage.SignedURL }{u}} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(format, v)
			hexed := fmt.Sprintf("%x", "secret")
			if strings.Contains(text, "secret") || strings.Contains(text, hexed) {
				t.Errorf("%s of %T: %s", format, v, text)
			}
		}
	}
	if got := fmt.Sprint(u.GoString(), ", ", u); got != "GET (signed URL), GET (signed URL)" {
		t.Error(got)
	}
}
