//go:build unix

package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

func init() { works["list as nobody"] = listAsNobody }

// A list of a volume's root has everything that may be read; what may not be read is an error that
// names it, at the end.
func TestListOfWhatMayNotBeRead(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("takes root, to have a directory that another user may not read")
	}
	s, dir := newStore(t)
	for _, key := range []string{"a", "b/secret/1", "b/z", "c/1", "lost+found/x", "z"} {
		put(t, s, key, "x", nil)
	}
	for _, name := range []string{"lost+found", "b/secret"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c, out := startChild(t, "list as nobody", dir)
	if err := c.Wait(); err != nil || !strings.Contains(out.String(), "as it should be") {
		t.Errorf("child: %v\n%s", err, out)
	}
}

func listAsNobody(s *Store) error {
	if err := syscall.Setuid(65534); err != nil {
		return err
	}
	b := storage.New(s, nil)
	for _, tt := range []struct {
		opts    storage.ListOptions
		want    string
		refused bool
	}{
		{storage.ListOptions{}, "a b/z c/1 z", true},
		{storage.ListOptions{PageSize: 1}, "a b/z c/1 z", true},
		{storage.ListOptions{Delimiter: "/"}, "a b/ c/ z", false},
		{storage.ListOptions{Prefix: "b/", Delimiter: "/"}, "b/z", true},
		{storage.ListOptions{Prefix: "b/", Delimiter: "/", PageSize: 1}, "b/z", true},
		{storage.ListOptions{Prefix: "b/secret/"}, "", true},
		{storage.ListOptions{Prefix: "lost+found/"}, "", false},
		{storage.ListOptions{Prefix: "c/"}, "c/1", false},
		{storage.ListOptions{StartAfter: "b\x00c", PageSize: 1, Prefix: "c"}, "c/1", false},
	} {
		var got []string
		var failed error
		for o, err := range b.List(context.Background(), &tt.opts) {
			if failed = err; err == nil {
				got = append(got, o.Key)
			}
		}
		want := strings.Fields(tt.want)
		var pe *fs.PathError
		named := errors.Is(failed, storage.ErrPermission) && errors.As(failed, &pe) &&
			pe.Path == "b/secret"
		if !slices.Equal(got, want) || named != tt.refused || (failed != nil) != tt.refused {
			return fmt.Errorf("%+v: %q, %w", tt.opts, got, failed)
		}
	}
	fmt.Println("as it should be")
	return nil
}

// What another program has made that is no file stays, whatever is written to its key.
func TestPipeStays(t *testing.T) {
	s, dir := newStore(t)
	pipe := filepath.Join(dir, "d/pipe")
	put(t, s, "d/source", "data", nil)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	writes := map[string]func(ctx context.Context) error{
		"Put": func(ctx context.Context) error {
			_, err := s.Put(ctx, "d/pipe", strings.NewReader("x"), 1, new(storage.PutOptions))
			return err
		},
		"Create": func(ctx context.Context) error {
			opts := &storage.PutOptions{IfAbsent: true}
			_, err := s.Put(ctx, "d/pipe", strings.NewReader("x"), 1, opts)
			return err
		},
		"Copy": func(ctx context.Context) error {
			_, err := s.Copy(ctx, "d/pipe", "d/source", new(storage.CopyOptions))
			return err
		},
		"upload": func(ctx context.Context) error {
			id := createUpload(t, s, "d/pipe", new(storage.PutOptions))
			p := putPart(t, s, "d/pipe", id, 1, "x", 0)
			_, err := s.CompleteUpload(ctx, "d/pipe", id, []*storage.Part{p},
				new(storage.PutOptions))
			return errors.Join(err, s.AbortUpload(ctx, "d/pipe", id))
		},
	}
	for name, write := range writes {
		if err := write(t.Context()); !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("%s: %v", name, err)
		}
		if fi, err := os.Lstat(pipe); err != nil || fi.Mode()&os.ModeNamedPipe == 0 {
			t.Fatalf("%s: the pipe is %v, %v", name, fi, err)
		}
	}
	if left := files(t, dir); len(left) != 1 {
		t.Errorf("%q is left", left)
	}
}
