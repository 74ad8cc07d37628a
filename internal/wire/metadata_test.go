package wire

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
	if diff := cmp.Diff(map[string]string{"name": "v"}, DecodeMetadata(map[string]string{"Name": "v"})); diff != "" {
		t.Errorf("names with capitals, -want +got:\n%s", diff)
	}
	if coded, err := EncodeMetadata(map[string]string{}, 0, 0); coded != nil || err != nil || DecodeMetadata(coded) != nil {
		t.Errorf("none: %v, %v", coded, err)
	}
	for _, test := range []struct {
		overhead, limit int
		want            error
	}{{0, 8, nil}, {0, 7, storage.ErrInvalid}, {11, 30, nil}, {11, 29, storage.ErrInvalid}} {
		if _, err := EncodeMetadata(map[string]string{"ab": "cd", "ef": "gh"}, test.overhead, test.limit); !errors.Is(err, test.want) {
			t.Errorf("overhead %d, limit %d: %v, want %v", test.overhead, test.limit, err, test.want)
		}
	}
}

func TestKindOfStatus(t *testing.T) {
	for status, want := range map[int]error{
		200: nil, 302: storage.ErrInvalid, 304: storage.ErrNotModified, 400: storage.ErrInvalid, 401: storage.ErrPermission,
		403: storage.ErrPermission, 404: storage.ErrNotExist, 405: errors.ErrUnsupported, 408: storage.ErrUnavailable, 409: nil,
		412: storage.ErrPrecondition, 416: storage.ErrRange, 429: storage.ErrThrottled, 500: storage.ErrUnavailable,
		501: errors.ErrUnsupported, 503: storage.ErrUnavailable,
	} {
		if got := KindOfStatus(status); got != want {
			t.Errorf("KindOfStatus(%d) = %v, want %v", status, got, want)
		}
	}
}
