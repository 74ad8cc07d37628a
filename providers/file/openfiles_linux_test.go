package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

func init() { works["many"] = openTooMany }

// A process that has as many files open as it may is told to try again; it is never told that what
// is there is not.
func TestTooManyFiles(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "d/e/k", "data", nil)
	put(t, s, "o/x", "", nil)
	put(t, s, "o", "data", nil) // in o/...
	remove(t, s, "o/x")
	put(t, s, "p/o/x", "", nil)
	put(t, s, "p/o", "data", nil)
	remove(t, s, "p/o/x")
	c, out := startChild(t, "many", dir)
	if err := c.Wait(); err != nil || !strings.Contains(out.String(), "as it should be") {
		t.Errorf("child: %v\n%s", err, out)
	}
}

func openTooMany(s *Store) error {
	ctx := context.Background()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64,
		Max: 64}); err != nil {
		return err
	}
	var null []*os.File
	defer func() { closeAll(null) }()
	for free := range 12 {
		id, err := s.CreateUpload(ctx, "up", new(storage.PutOptions))
		if err != nil {
			return err
		}
		for {
			f, err := os.Open(os.DevNull)
			if err != nil {
				break
			}
			null = append(null, f)
		}
		closeAll(null[:free])
		null = null[free:]
		for name, call := range map[string]func() (ok bool, err error){
			"Stat": func() (bool, error) {
				o, err := s.Stat(ctx, "d/e/k", new(storage.StatOptions))
				return err == nil && o.Size == 4 && o.Checksums.CRC32C != nil, err
			},
			"Get of an object over a directory": func() (bool, error) {
				data, _, err := tryGet(ctx, s, "p/o")
				return data == "data", err
			},
			"ListPage": func() (bool, error) {
				p, err := s.ListPage(ctx, new(storage.ListOptions))
				return err == nil && len(p.Objects) == 3, err
			},
			"ListPage with a delimiter": func() (bool, error) {
				p, err := s.ListPage(ctx, &storage.ListOptions{Delimiter: "/"})
				return err == nil && len(p.Objects) == 3, err
			},
			"Put": func() (bool, error) {
				_, err := tryPut(ctx, s, "d/e/k", "data", nil)
				return err == nil, err
			},
			"Put with IfAbsent": func() (bool, error) {
				_, err := tryPut(ctx, s, "d/e/k", "data", &storage.PutOptions{IfAbsent: true})
				return errors.Is(err, storage.ErrExist), err
			},
			"ListUploadsPage": func() (bool, error) {
				p, err := s.ListUploadsPage(ctx, new(storage.ListOptions))
				return err == nil && len(p.Uploads) == 1, err
			},
			"PutPart": func() (bool, error) {
				_, err := s.PutPart(ctx, "up", id, 1, strings.NewReader("x"), 1,
					new(storage.PartOptions))
				return err == nil, err
			},
			"ListPartsPage": func() (bool, error) {
				_, err := s.ListPartsPage(ctx, "up", id, new(storage.ListPartsOptions))
				return err == nil, err
			},
		} {
			if ok, err := call(); !ok && !errors.Is(err, storage.ErrUnavailable) {
				return fmt.Errorf("%s with %d files: %v, %w", name, free, ok, err)
			}
		}
		aborted := s.AbortUpload(ctx, "up", id)
		closeAll(null)
		null = nil
		var e *storage.Error
		doubt := errors.As(aborted, &e) && e.InDoubt // gone, and not on disk
		if there, err := s.exists(uploadPath(id)); err != nil ||
			there != (aborted != nil && !doubt) {
			return fmt.Errorf("after AbortUpload with %d files, %v, the upload is there: %v, %v",
				free, aborted, there, err)
		}
		if aborted == nil {
			continue
		}
		if err := s.AbortUpload(ctx, "up", id); err != nil ||
			!errors.Is(aborted, storage.ErrUnavailable) {
			return fmt.Errorf("AbortUpload: %v, then %w", aborted, err)
		}
	}
	fmt.Println("as it should be")
	return nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
