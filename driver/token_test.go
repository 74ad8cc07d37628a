package driver

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

func TestTokens(t *testing.T) {
	for _, parts := range [][]string{{"a"}, {"a", ""}, {"", "", "\x00\xff."}, {"Größe/𝄞"}, {""}} {
		token := EncodeToken(parts...)
		got, err := DecodeToken(token, len(parts))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parts, got); diff != "" {
			t.Errorf("token %q, -want +got:\n%s", token, diff)
		}
	}
	if got, err := DecodeToken("", 2); err != nil || len(got) != 2 || got[0]+got[1] != "" {
		t.Errorf("no token: %q, %v", got, err)
	}
	for _, token := range []string{"a", "YQ", "YQ.YQ.YQ", "YQ.!", "YQ.Y", "YQ=.YQ", "YR.YQ"} {
		if got, err := DecodeToken(token, 2); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("DecodeToken(%q) = %q, %v", token, got, err)
		}
	}
}

func FuzzDecodeToken(f *testing.F) {
	f.Add("YQ.YQ", 2)
	f.Add("", 1)
	f.Fuzz(func(t *testing.T, token string, n int) {
		if n < 1 || n > 9 {
			return
		}
		parts, err := DecodeToken(token, n)
		if err == nil && len(parts) != n {
			t.Errorf("%d parts of %d", len(parts), n)
		}
		if err == nil && token != "" && EncodeToken(parts...) != token {
			t.Errorf("%q is %q", token, parts)
		}
	})
}
