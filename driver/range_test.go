package driver

import (
	"errors"
	"math"
	"testing"

	"github.com/polystore/storage"
)

func TestResolveRange(t *testing.T) {
	for _, test := range []struct {
		offset, length, size int64
		wantAt, want         int64
		err                  error
	}{
		{0, 0, 10, 0, 10, nil},
		{0, 0, 0, 0, 0, nil},
		{0, 4, 10, 0, 4, nil},
		{3, 0, 10, 3, 7, nil},
		{3, 4, 10, 3, 4, nil},
		{9, 5, 10, 9, 1, nil},
		{9, math.MaxInt64, 10, 9, 1, nil},
		{-3, 0, 10, 7, 3, nil},
		{-30, 0, 10, 0, 10, nil},
		{-3, 0, 0, 0, 0, nil},
		{math.MinInt64, 0, 10, 0, 10, nil},
		{10, 0, 10, 0, 0, storage.ErrRange},
		{0, 1, 0, 0, 0, storage.ErrRange},
		{1, 0, 0, 0, 0, storage.ErrRange},
		{0, -1, 10, 0, 0, storage.ErrInvalid},
		{-1, 1, 10, 0, 0, storage.ErrInvalid},
	} {
		o := &storage.GetOptions{Offset: test.offset, Length: test.length}
		at, n, err := ResolveRange(o, test.size)
		if at != test.wantAt || n != test.want || !errors.Is(err, test.err) {
			t.Errorf("{%d, %d} of %d bytes = %d, %d, %v, want %d, %d, %v",
				test.offset, test.length, test.size, at, n, err, test.wantAt, test.want, test.err)
		}
	}
}

func TestCheckSourceRange(t *testing.T) {
	for _, test := range []struct {
		offset, length, size int64
		want                 error
	}{
		{0, 10, 10, nil},
		{3, 4, 10, nil},
		{3, 4, -1, nil},
		{3, 8, 10, storage.ErrRange},
		{10, 1, 10, storage.ErrRange},
		{3, math.MaxInt64, 10, storage.ErrRange},
		{0, 0, 10, storage.ErrInvalid},
		{-1, 1, -1, storage.ErrInvalid},
	} {
		o := &storage.CopyPartOptions{SourceOffset: test.offset, SourceLength: test.length}
		if err := CheckSourceRange(o, test.size); !errors.Is(err, test.want) {
			t.Errorf(
				"%d bytes at %d of %d: %v, want %v", test.length, test.offset, test.size, err,
				test.want,
			)
		}
	}
}
