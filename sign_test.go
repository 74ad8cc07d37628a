package storage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
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

// A URL that writes takes the keys that a write takes. The others take any key that can be there.
func TestSignURLKeys(t *testing.T) {
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(s, nil)
	defer b.Close()
	long := strings.Repeat("é", 600)
	for method, want := range map[string]error{
		"GET": errors.ErrUnsupported, "DELETE": errors.ErrUnsupported, "PUT": storage.ErrInvalidKey,
	} {
		_, err := b.SignURL(t.Context(), long, &storage.SignOptions{Method: method})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", method, err, want)
		}
	}
}
