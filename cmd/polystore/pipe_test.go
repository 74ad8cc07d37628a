//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Each wait for the other end of a named pipe ends with the command. It is the system's, whose
// waits are by its own clock.
func TestPipeWaits(t *testing.T) {
	for name, test := range map[string]struct {
		opened bool // the other end, which does nothing
		flag   int  // of the other end
		run    func(tr *transfer, path string) error
	}{
		"nobody writes": {false, os.O_WRONLY, func(tr *transfer, path string) error {
			return tr.upload(path, location{bucket: "mem://to", key: "k"}, nil)
		}},
		"nobody reads": {false, os.O_RDONLY, func(tr *transfer, path string) error {
			return tr.stream(strings.NewReader("text"), location{path: path}, nil)
		}},
		"nobody reads on": {true, os.O_RDONLY, func(tr *transfer, path string) error {
			text := strings.NewReader(strings.Repeat("text", 1<<20)) // more than a pipe holds
			return tr.stream(text, location{path: path}, nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Skip(err)
			}
			other := func() {
				f, err := os.OpenFile(path, test.flag|syscall.O_NONBLOCK, 0)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { f.Close() })
			}
			if test.opened {
				other()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			tr, _ := heldTree(t, ctx, 0)
			if err := test.run(tr, path); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the wait ended with %v, want %v", err, context.DeadlineExceeded)
			}
			if !test.opened {
				other() // lets the open go that was given up
			}
		})
	}
}
