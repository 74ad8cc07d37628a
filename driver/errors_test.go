package driver

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/polystore/storage"
)

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		err  error
		kind error
		text string
	}{
		{Refuse("StorageClass", true), errors.ErrUnsupported,
			"storage: unsupported operation: StorageClass is not supported"},
		{Invalidf("%d keys", 3), storage.ErrInvalid, "storage: invalid argument: 3 keys"},
		{Errorf(storage.ErrExist, "why: %w", io.ErrNoProgress), storage.ErrExist,
			"storage: object already exists: why: " + io.ErrNoProgress.Error()},
	} {
		var e *storage.Error
		if !errors.As(test.err, &e) || e.Kind != test.kind || e.InDoubt || e.Error() != test.text {
			t.Errorf("%v, want %q", test.err, test.text)
		}
	}
	if err := Refuse("StorageClass", false); err != nil {
		t.Errorf("an option that is not set: %v", err)
	}
	if err := Errorf(storage.ErrExist, "%w", io.ErrNoProgress); !errors.Is(err, io.ErrNoProgress) {
		t.Error("the cause is lost")
	}
}

func TestContextErr(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := ContextErr(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	var e *storage.Error
	if err := ContextErr(ctx); !errors.As(err, &e) || e.Kind != nil || e.Err != context.Canceled {
		t.Errorf("%v", err)
	}
}
