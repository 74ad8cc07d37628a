package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv"
)

// An eachCase is a call of a Store of which each system call fails once.
type eachCase struct {
	name    string
	sidecar bool
	call    func(ctx context.Context, s *Store) error
	want    string // what the key is afterwards; "": it is gone
	reads   bool   // the call changes nothing
}

const (
	eachKey = "d/k"
	eachOld = "old"
	eachNew = "new data"
)

var eachCases = []eachCase{
	{"Put", false, eachPut(nil), eachNew, false},
	{"Put with a sidecar", true, eachPut(nil), eachNew, false},
	{"Put with IfMatch", false, func(ctx context.Context, s *Store) error {
		o, err := s.Stat(ctx, eachKey, new(storage.StatOptions))
		if err != nil {
			return err
		}
		return eachPut(&storage.PutOptions{IfMatch: o.ETag})(ctx, s)
	}, eachNew, false},
	{"Delete", false, func(ctx context.Context, s *Store) error {
		return s.Delete(ctx, eachKey, new(storage.DeleteOptions))
	}, "", false},
	{"DeleteBatch", true, func(ctx context.Context, s *Store) error {
		errs, err := s.DeleteBatch(ctx, []string{eachKey, "none"}, new(storage.DeleteBatchOptions))
		if err == nil {
			err = errs[0]
		}
		return err
	}, "", false},
	{"Copy", false, func(ctx context.Context, s *Store) error {
		_, err := s.Copy(ctx, eachKey, "src", new(storage.CopyOptions))
		return err
	}, eachNew, false},
	{"upload", false, func(ctx context.Context, s *Store) error {
		return putParts(ctx, s, eachKey, eachNew, fullOptions())
	}, eachNew, false},
	{"Get", true, func(ctx context.Context, s *Store) error {
		data, _, err := tryGet(ctx, s, eachKey)
		if err == nil && data != eachOld {
			return fmt.Errorf("wrong: Get has %q", data)
		}
		return err
	}, eachOld, true},
	{"Stat", false, func(ctx context.Context, s *Store) error {
		o, err := s.Stat(ctx, eachKey, new(storage.StatOptions))
		if err == nil && (o.Size != int64(len(eachOld)) || o.ContentType != "text/plain") {
			return fmt.Errorf("wrong: Stat has %+v", o)
		}
		return err
	}, eachOld, true},
	{"ListPage", false, func(ctx context.Context, s *Store) error {
		p, err := s.ListPage(ctx, new(storage.ListOptions))
		if err == nil && len(p.Objects) != 3 {
			return fmt.Errorf("wrong: ListPage has %d objects", len(p.Objects))
		}
		return err
	}, eachOld, true},
	{"Tags", true, func(ctx context.Context, s *Store) error {
		tags, err := s.Tags(ctx, eachKey, new(storage.TagsOptions))
		if err == nil && (len(tags) != 1 || tags["team"] != "x") {
			return fmt.Errorf("wrong: Tags has %v", tags)
		}
		return err
	}, eachOld, true},
	{"AbortUpload", false, func(ctx context.Context, s *Store) error {
		return s.AbortUpload(ctx, eachKey, eachUpload)
	}, eachOld, false},
	{"ListPartsPage", false, func(ctx context.Context, s *Store) error {
		p, err := s.ListPartsPage(ctx, eachKey, eachUpload, new(storage.ListPartsOptions))
		if err == nil && (len(p.Parts) != 1 || p.Parts[0].Size != int64(len(eachNew))) {
			return fmt.Errorf("wrong: ListPartsPage has %+v", p.Parts)
		}
		return err
	}, eachOld, true},
	{"ListUploadsPage", false, func(ctx context.Context, s *Store) error {
		p, err := s.ListUploadsPage(ctx, new(storage.ListOptions))
		if err == nil && (len(p.Uploads) != 1 || p.Uploads[0].ID != eachUpload) {
			return fmt.Errorf("wrong: ListUploadsPage has %+v", p.Uploads)
		}
		return err
	}, eachOld, true},
	{"New", false, func(_ context.Context, s *Store) error {
		again, err := New(s.dir, nil)
		if err != nil {
			return err
		}
		return again.Close()
	}, eachOld, true},
}

// eachUpload is an upload of eachKey with one part, which there is before each call.
var eachUpload string

// beginUpload begins it.
func beginUpload(ctx context.Context, s *Store) (err error) {
	if eachUpload, err = s.CreateUpload(ctx, eachKey, fullOptions()); err != nil {
		return err
	}
	_, err = s.PutPart(ctx, eachKey, eachUpload, 1, strings.NewReader(eachNew),
		int64(len(eachNew)), new(storage.PartOptions))
	return err
}

func eachPut(opts *storage.PutOptions) func(ctx context.Context, s *Store) error {
	return func(ctx context.Context, s *Store) error {
		o := fullOptions()
		if opts != nil {
			o.IfMatch = opts.IfMatch
		}
		_, err := tryPut(ctx, s, eachKey, eachNew, o)
		return err
	}
}

func init() { works["each"] = failEach }

// Whichever system call of a call fails, with a full disk or a broken one, the object is the old
// one or, where the error is in doubt, the new one. A success is one. Nothing else changes, nobody
// waits for a lock afterwards, and what is left goes with a New once it is old.
func TestEachCallFails(t *testing.T) {
	if why := injectable(); why != "" {
		testenv.NotRun(t, "ENOSPC or EIO at one system call", why)
	}
	failures, lost := 0, 0
	tally.Later(t, func() tally.Row {
		return tally.Row{
			What: "ENOSPC or EIO at one system call", On: "file", Tried: failures, Lost: lost,
			Note: fmt.Sprintf("each call of %d operations, reads included", len(eachCases)),
		}
	})
	c, out := startChild(t, "each", t.TempDir())
	if err := c.Wait(); err != nil {
		t.Errorf("child: %v\n%s", err, out)
	}
	failures, lost = strings.Count(out.String(), "failed "), strings.Count(out.String(), "LOST")
	if failures < 300 {
		t.Errorf("only %d calls failed:\n%s", failures, out)
	}
	for _, tt := range eachCases {
		if !strings.Contains(out.String(), "failed "+tt.name+" ") {
			t.Errorf("no system call of %s failed", tt.name)
		}
	}
	if testing.Verbose() || t.Failed() {
		t.Log(out.String()[max(0, out.Len()-4000):])
	}
}

// failEach is the child: it lets every call fail in turn.
func failEach(s *Store) error {
	in, err := inject()
	if err != nil {
		return err
	}
	var all error
	for _, tt := range eachCases {
		for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EIO} {
			for n := 1; ; n++ {
				dir := filepath.Join(s.dir, fmt.Sprintf("%s %d %d", tt.name, errno, n))
				hit, err := tt.try(in, dir, n, errno)
				if err != nil {
					fmt.Printf("LOST %s, %v at call %d, %s: %v\n", tt.name, errno, n, hit, err)
					all = errors.Join(all, fmt.Errorf("%s, %v at call %d, %s: %w", tt.name, errno,
						n, hit, err))
				}
				if hit == "" {
					break
				}
				fmt.Printf("failed %s %v %d %s\n", tt.name, errno, n, hit)
				os.RemoveAll(dir)
			}
		}
	}
	return all
}

// try makes the call in a fresh directory and looks what became of it.
func (tt *eachCase) try(
	in *injector, dir string, at int, errno syscall.Errno,
) (hit string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := New(dir, &Options{CreateDir: true})
	if err != nil {
		return "", err
	}
	defer s.Close()
	s.noXattr = tt.sidecar
	for key, data := range map[string]string{eachKey: eachOld, "src": eachNew, "other": "other"} {
		if _, err := tryPut(ctx, s, key, data, fullOptions()); err != nil {
			return "", err
		}
	}
	if err := beginUpload(ctx, s); err != nil {
		return "", err
	}
	in.arm(dir, at, errno)
	failure := tt.call(ctx, s)
	hit = in.disarm()
	if err := tt.judge(ctx, s, failure); err != nil {
		return hit, err
	}
	if err := tt.judgeUpload(ctx, s, failure); err != nil {
		return hit, err
	}
	return hit, tidyAfter(s, dir)
}

// judge holds what is there against what the call said.
func (tt *eachCase) judge(ctx context.Context, s *Store, failure error) error {
	var e *storage.Error
	switch {
	case failure == nil:
	case strings.HasPrefix(failure.Error(), "wrong"):
		return failure
	case !errors.As(failure, &e):
		return fmt.Errorf("no *storage.Error: %w", failure)
	case e.Kind == storage.ErrNotExist, e.Kind == storage.ErrPrecondition,
		e.Kind == storage.ErrExist:
		return fmt.Errorf("a broken disk reads as an answer: %w", failure)
	}
	data, o, err := tryGet(ctx, s, eachKey)
	isNew := err == nil && data == tt.want && o.ContentType == "text/plain" ||
		tt.want == "" && errors.Is(err, storage.ErrNotExist)
	isOld := err == nil && data == eachOld && o.ContentType == "text/plain"
	switch {
	case failure == nil && !isNew:
		return fmt.Errorf("a success, and there is %q, %v, %v", data, o, err)
	case failure != nil && !isOld && !isNew:
		return fmt.Errorf("half of it is there: %q, %v, %v after %w", data, o, err, failure)
	case failure != nil && !isOld && !e.InDoubt:
		return fmt.Errorf("not in doubt, and the object is new: %w", failure)
	}
	if data, _, err := tryGet(ctx, s, "other"); err != nil || data != "other" {
		return fmt.Errorf("another object: %q, %w", data, err)
	}
	if _, err := tryPut(ctx, s, eachKey, "more", nil); err != nil {
		return fmt.Errorf("writing does not go on: %w", err)
	}
	return nil
}

// judgeUpload looks at the upload: a call that is not about it leaves it as it is, and an abort
// that succeeds leaves nothing of it.
func (tt *eachCase) judgeUpload(ctx context.Context, s *Store, failure error) error {
	p, err := s.ListPartsPage(ctx, eachKey, eachUpload, new(storage.ListPartsOptions))
	is := err == nil && len(p.Parts) == 1 && p.Parts[0].Size == int64(len(eachNew))
	if tt.name != "AbortUpload" {
		if !is {
			return fmt.Errorf("the upload has %+v, %v", p, err)
		}
		return nil
	}
	if failure == nil && !errors.Is(err, storage.ErrNotExist) {
		return fmt.Errorf("an abort succeeds, and the upload has %+v, %v", p, err)
	}
	return s.AbortUpload(ctx, eachKey, eachUpload) // a further one does it
}

// tidyAfter checks that a New removes what is left, once it is old.
func tidyAfter(s *Store, dir string) error {
	old := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(filepath.Join(dir, tempDir), func(path string, d os.DirEntry,
		err error) error {
		if err != nil || strings.Contains(path, "attr..") && s.noXattr {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	again, err := New(dir, nil)
	if err != nil {
		return err
	}
	defer again.Close()
	page, err := again.ListUploadsPage(context.Background(), new(storage.ListOptions))
	if err != nil {
		return err
	}
	for _, u := range page.Uploads { // what CleanUploads removes
		if err := again.AbortUpload(context.Background(), u.Key, u.ID); err != nil {
			return err
		}
	}
	names, err := os.ReadDir(filepath.Join(dir, tempDir))
	if err != nil {
		return err
	}
	for _, d := range names {
		switch d.Name() {
		case "lock..", "attr..", "upload..":
		default:
			return fmt.Errorf("%s is left", d.Name())
		}
	}
	return nil
}
