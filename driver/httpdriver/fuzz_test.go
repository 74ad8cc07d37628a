package httpdriver

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// Whatever an answer is, what was read of it is put back.
func FuzzCheckDocument(f *testing.F) {
	for _, s := range []string{"<a><b/></a>", "<Error><Code>c</Code></Error>", "<html>", "\ufeff<a>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, check := range []func(*http.Response) error{
			func(r *http.Response) error {
				return CheckRoot(r, func(n string) bool { return n != "Error" })
			},
			func(r *http.Response) error {
				return CheckDocument(r, func(_, child string) bool { return child == "b" })
			},
		} {
			r := &http.Response{Body: io.NopCloser(bytes.NewReader(b))}
			if check(r) != nil {
				continue
			}
			if got, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%q became %q, %v", b, got, err)
			}
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"1", "-1", "99999999999999999999", "Mon, 23 Nov 2026 07:00:00 GMT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := RetryAfter(s); d < 0 {
			t.Errorf("RetryAfter(%q) = %v", s, d)
		}
	})
}
