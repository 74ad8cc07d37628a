package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"
)

func TestErrorIs(t *testing.T) {
	missingToken := &os.PathError{Op: "open", Path: "/token", Err: fs.ErrNotExist}
	for name, c := range map[string]struct {
		err  error
		is   []error
		isnt []error
	}{
		"kind": {&Error{Kind: ErrNotExist}, []error{ErrNotExist, fs.ErrNotExist},
			[]error{ErrExist, ErrInvalid, io.EOF}},
		"invalid key": {&Error{Kind: ErrInvalidKey},
			[]error{ErrInvalidKey, ErrInvalid, fs.ErrInvalid}, []error{ErrNotExist}},
		"invalid": {&Error{Kind: ErrInvalid}, []error{ErrInvalid}, []error{ErrInvalidKey}},
		"unsupported": {&Error{Kind: errors.ErrUnsupported}, []error{errors.ErrUnsupported},
			[]error{ErrInvalid}},
		"cause": {&Error{Kind: ErrUnavailable, Err: io.ErrUnexpectedEOF},
			[]error{ErrUnavailable, io.ErrUnexpectedEOF}, []error{io.EOF}},
		"broken read": {&Error{Kind: ErrUnavailable, Err: fmt.Errorf("get: %w", io.EOF)},
			[]error{ErrUnavailable}, []error{io.EOF, io.ErrUnexpectedEOF}},
		"source's end": {&Error{Err: fmt.Errorf("x: %w", io.EOF)}, []error{io.EOF}, nil},
		"deep cause": {&Error{Err: fmt.Errorf("x: %w", context.Canceled)},
			[]error{context.Canceled}, []error{context.DeadlineExceeded, ErrUnknownOutcome}},
		"token file": {&Error{Kind: ErrPermission, Err: missingToken}, []error{ErrPermission},
			[]error{ErrNotExist, fs.ErrNotExist, os.ErrNotExist}},
		"cause alone": {&Error{Err: missingToken}, nil, []error{fs.ErrNotExist}},
		"in doubt": {&Error{Kind: ErrUnknownOutcome, Err: context.Canceled},
			[]error{ErrUnknownOutcome, context.Canceled}, []error{ErrUnavailable}},
		"unavailable?": {&Error{Err: ErrUnavailable}, nil, []error{ErrUnavailable}},
	} {
		for _, target := range c.is {
			if !errors.Is(c.err, target) {
				t.Errorf("%s: %v is not %v", name, c.err, target)
			}
		}
		for _, target := range c.isnt {
			if errors.Is(c.err, target) {
				t.Errorf("%s: %v is %v", name, c.err, target)
			}
		}
		if errors.Unwrap(c.err) != nil {
			t.Errorf("%s has an Unwrap", name)
		}
	}
}

// TestErrorIsEachKind holds every kind against every other.
func TestErrorIsEachKind(t *testing.T) {
	for i, k := range kinds {
		for j, target := range kinds {
			want := i == j || k == ErrInvalidKey && target == ErrInvalid
			if got := errors.Is(&Error{Kind: k, Err: target}, target); got != want {
				t.Errorf("kind %v with cause %v: is the latter: %v, want %v", k, target, got, want)
			}
		}
	}
}

func TestErrorAs(t *testing.T) {
	err := error(&Error{Kind: ErrUnavailable,
		Err: fmt.Errorf("sdk: %w", &os.PathError{Op: "dial", Err: io.EOF})})
	if pe := (*os.PathError)(nil); !errors.As(err, &pe) || pe.Op != "dial" {
		t.Errorf("As does not find the cause in %v", err)
	}
	if e := (*Error)(nil); !errors.As(err, &e) || e.Kind != ErrUnavailable {
		t.Error("As does not find the Error itself")
	}
	if le := (*os.LinkError)(nil); errors.As(err, &le) ||
		errors.As(error(&Error{Kind: ErrExist}), &le) {
		t.Error("As finds what is not there")
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]*Error{
		"storage: failed":                {},
		"storage: object does not exist": {Kind: ErrNotExist},
		`storage: Get "a\nb": range not satisfiable (416 InvalidRange): cause`: {Op: "Get",
			Key: "a\nb", Kind: ErrRange, Status: 416, Code: "InvalidRange",
			Err: errors.New("cause")},
		`storage: Put "k": context canceled`: {Op: "Put",
			Key: "k", Err: context.Canceled},
		"storage: List: throttled (503) (after 4 attempts)": {Op: "List",
			Kind: ErrThrottled, Status: 503, Attempts: 4, RetryAfter: time.Second},
		"storage: Put: failed (Odd)": {Op: "Put",
			Code: "Odd"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%+v reads %q, want %q", *e, got, want)
		}
	}
}

func TestAsError(t *testing.T) {
	shared := &Error{Kind: ErrThrottled, Status: 503}
	if e := asError(shared); e == shared || e.Kind != ErrThrottled {
		t.Errorf("asError gives the Store's own error: %v", e)
	}
	for name, c := range map[string]struct {
		err     error
		kind    error
		inDoubt bool
	}{
		"unclassified":     {errors.New("odd"), nil, true},
		"bare sentinel":    {ErrNotExist, ErrNotExist, false},
		"bare unavailable": {ErrUnavailable, ErrUnavailable, true},
		"bare unsupported": {errors.ErrUnsupported, errors.ErrUnsupported, false},
		"deep unsupported": {fmt.Errorf("x: %w", errors.ErrUnsupported), errors.ErrUnsupported,
			false},
		"wrapped Error":     {fmt.Errorf("x: %w", shared), ErrThrottled, false},
		"context, deadline": {context.DeadlineExceeded, nil, true},
	} {
		if e := asError(c.err); e.Kind != c.kind || e.InDoubt != c.inDoubt {
			t.Errorf("%s: kind %v, InDoubt %v, want %v, %v", name, e.Kind, e.InDoubt, c.kind,
				c.inDoubt)
		}
	}
}

func TestDeleteError(t *testing.T) {
	var d DeleteError
	for i := range maxNamedKeys + 5 {
		d.add(&Error{Op: "Delete", Key: fmt.Sprint(i), Kind: ErrPermission})
	}
	if d.Failed != maxNamedKeys+5 || len(d.Errors) != maxNamedKeys {
		t.Errorf("%d failed, %d named", d.Failed, len(d.Errors))
	}
	if s := d.Error(); !strings.HasPrefix(s,
		"1005 keys were not deleted; the first: storage: Delete \"0\"") {
		t.Errorf("it reads %q", s)
	}
}
