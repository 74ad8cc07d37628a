package driver

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

func TestMetadata(t *testing.T) {
	m := map[string]string{"name": "Größe 𝄞", "plain": "a b", "empty": ""}
	coded, err := EncodeMetadata(m, 0, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, DecodeMetadata(coded)); diff != "" {
		t.Errorf("round trip, -want +got:\n%s", diff)
	}
	lower := map[string]string{"name": "v"}
	if diff := cmp.Diff(lower, DecodeMetadata(map[string]string{"Name": "v"})); diff != "" {
		t.Errorf("names with capitals, -want +got:\n%s", diff)
	}
	coded, err = EncodeMetadata(map[string]string{}, 0, 0)
	if coded != nil || err != nil || DecodeMetadata(coded) != nil {
		t.Errorf("none: %v, %v", coded, err)
	}
	for _, test := range []struct {
		overhead, limit int
		want            error
	}{{0, 8, nil}, {0, 7, storage.ErrInvalid}, {11, 30, nil}, {11, 29, storage.ErrInvalid}} {
		m := map[string]string{"ab": "cd", "ef": "gh"}
		if _, err := EncodeMetadata(m, test.overhead, test.limit); !errors.Is(err, test.want) {
			t.Errorf("overhead %d, limit %d: %v, want %v", test.overhead, test.limit, err,
				test.want)
		}
	}
}
