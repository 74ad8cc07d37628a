package stub

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// WantError returns err as the *storage.Error that it should be, of this kind and doubt. A zero one
// stands for any other error.
func WantError(tb testing.TB, what string, err error, kind error, inDoubt bool) *storage.Error {
	tb.Helper()
	var e *storage.Error
	if !errors.As(err, &e) {
		tb.Errorf("%s: %v is no *storage.Error", what, err)
		return new(storage.Error)
	}
	if e.Kind != kind || e.InDoubt != inDoubt {
		tb.Errorf("%s: Kind %v, InDoubt %v, want %v, %v (%v)", what, e.Kind, e.InDoubt, kind,
			inDoubt, e)
	}
	return e
}

// NoSecrets fails where err says one of the secrets, however it is printed, or more than one line.
func NoSecrets(tb testing.TB, err error, secrets ...string) {
	tb.Helper()
	text := fmt.Sprintf("%v %+v %q", err, err, err)
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			tb.Errorf("%q is in the error %s", secret, text)
		}
	}
	if strings.Contains(text, "\n") {
		tb.Errorf("an error of several lines: %s", text)
	}
}
