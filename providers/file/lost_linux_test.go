package file

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

// A server of files may do what it was asked to, lose its answer, and answer the second time that
// there is nothing to do it to. What was done is a success. Where nobody can tell, it is in doubt,
// and whatever is there is whole.
func TestLostAnswers(t *testing.T) {
	for _, tt := range eachCases {
		if !slices.Contains([]string{"Put", "Put with a sidecar", "Delete",
			"DeleteBatch", "Copy", "upload"}, tt.name) {
			continue
		}
		for _, errno := range []syscall.Errno{syscall.ENOENT, syscall.EIO} {
			for _, blind := range []bool{false, true} {
				if tt.want == "" && errno == syscall.ENOENT {
					continue // gone is gone
				}
				t.Run(tt.name+" "+errno.Error(), func(t *testing.T) {
					s, _ := newStore(t)
					if !s.root.fast() {
						t.Skip("no openat2")
					}
					tt.lose(t, s, errno, blind)
				})
			}
		}
	}
}

// lose makes the call, and loses the answer of its last step. If blind, it cannot look at anything
// afterwards.
func (tt *eachCase) lose(t *testing.T, s *Store, errno syscall.Errno, blind bool) {
	s.noXattr = tt.sidecar
	ctx := context.Background()
	for key, data := range map[string]string{eachKey: eachOld, "src": eachNew} {
		put(t, s, key, data, fullOptions())
	}
	lost := false
	s.root.sys.lost = func(call string) error {
		switch {
		case !lost && (call == "renameat" || call == "unlinkat" && tt.want == ""):
			lost = true
			return errno
		case lost && blind && call == "fstatat":
			return syscall.EIO
		}
		return nil
	}
	err := tt.call(ctx, s)
	s.root.sys.lost = nil
	if !lost {
		t.Fatal("no answer was lost")
	}
	var e *storage.Error
	if blind && (!errors.As(err, &e) || !e.InDoubt || errors.Is(err, storage.ErrNotExist)) {
		t.Errorf("%v, want doubt", err)
	}
	if !blind && err != nil {
		t.Errorf("%v, and it was done", err)
	}
	data, o, err := tryGet(ctx, s, eachKey)
	switch {
	case tt.want == "" && !errors.Is(err, storage.ErrNotExist):
		t.Errorf("there is %q, %v", data, err)
	case tt.want != "" && (err != nil || data != tt.want || o.ContentType != "text/plain"):
		t.Errorf("there is %q, %+v, %v", data, o, err)
	}
}
