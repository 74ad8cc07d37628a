package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The name of a file is on disk when its write is a success.
func TestSaveFileSyncsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	broken := errors.New("the disk is broken")
	for _, want := range []error{nil, broken} {
		synced := ""
		n, err := saveFile(t.Context(), path, strings.NewReader("text"), func(dir string) error {
			if got, err := os.ReadFile(path); err != nil || string(got) != "text" {
				t.Errorf("the directory is synced with %q at the target, %v", got, err)
			}
			synced = dir
			return want
		})
		if n != 4 || !errors.Is(err, want) || synced != filepath.Dir(path) {
			t.Errorf("saveFile = %d, %v, and %q is synced; want 4, %v and the directory", n, err,
				synced, want)
		}
		os.Remove(path)
	}
}
