//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
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
		run    func(tr *transfer, path string) error
	}{
		"nobody writes": {false, func(tr *transfer, path string) error {
			return tr.upload(path, location{bucket: "mem://to", key: "k"}, nil)
		}},
		"nobody reads": {false, func(tr *transfer, path string) error {
			return tr.stream(strings.NewReader("text"), location{path: path}, nil)
		}},
		"nobody reads on": {true, func(tr *transfer, path string) error {
			text := strings.NewReader(strings.Repeat("text", 1<<20)) // more than a pipe holds
			return tr.stream(text, location{path: path}, nil)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Skip(err)
			}
			if test.opened {
				f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { f.Close() })
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			tr, _ := heldTree(t, ctx, 0)
			if err := test.run(tr, path); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the wait ended with %v, want %v", err, context.DeadlineExceeded)
			}
			if !test.opened {
				letGo(t, path)
			}
		})
	}
}

// letGo has both ends of a pipe open until the open that was given up has ended. It may have hardly
// begun: a goroutine can be slower than the time that is given here.
func letGo(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stacks := make([]byte, 1<<20)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if !bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("openAside")) {
			return
		}
	}
	t.Error("the open that was given up still waits")
}
