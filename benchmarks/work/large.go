package work

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/pattern"
	"github.com/polystore/storage/benchmarks/subject"
)

func get(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error {
	var w counter
	span := measure.Begin()
	err := s.Get(ctx, t.Key, &w)
	span.End(r)
	r.Bytes = t.Size
	if err != nil {
		return err
	}
	return w.check(t)
}

func getFile(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error {
	span := measure.Begin()
	err := s.GetFile(ctx, t.Key, t.Path)
	span.End(r)
	r.Bytes = t.Size
	if err != nil {
		return err
	}
	return checkFile(t.Path, t.Size)
}

func put(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error {
	source := struct{ io.Reader }{pattern.New(t.Size)}
	span := measure.Begin()
	err := s.Put(ctx, t.Key, source)
	span.End(r)
	r.Bytes = t.Size
	return err
}

func putFile(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error {
	span := measure.Begin()
	err := s.PutFile(ctx, t.Key, t.Path)
	span.End(r)
	r.Bytes = t.Size
	return err
}

// many does Width transfers at once: downloads to streams, uploads of a file, or both.
func many(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error {
	var transfers []func() error
	for i := range t.Width {
		if t.Op != "putmany" {
			transfers = append(transfers, func() error {
				var w counter
				if err := s.Get(ctx, t.Key, &w); err != nil {
					return err
				}
				return w.check(t)
			})
		}
		if t.Op != "getmany" {
			transfers = append(transfers, func() error {
				return s.PutFile(ctx, fmt.Sprintf("upload-%d", i), t.Path)
			})
		}
	}
	errs := make([]error, len(transfers))
	r.Times = make([]float64, len(transfers))
	var all sync.WaitGroup
	span := measure.Begin()
	begin := time.Now()
	for i, transfer := range transfers {
		all.Go(func() {
			errs[i] = transfer()
			r.Times[i] = time.Since(begin).Seconds()
		})
	}
	all.Wait()
	span.End(r)
	r.Bytes = t.Size * int64(len(transfers))
	return errors.Join(errs...)
}

// counter counts bytes, and has no ReadFrom that could make a copy cheaper than it is.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// check tells whether all bytes came. A floor writes none: net/http knows each of its lengths.
func (c *counter) check(t Task) error {
	got := int64(*c)
	if got == t.Size || got == 0 && strings.HasPrefix(t.Subject, "floor:") {
		return nil
	}
	return fmt.Errorf("%d bytes came, want %d", got, t.Size)
}

// checkFile reads the file that came, outside of what is measured.
func checkFile(path string, size int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	n, err := io.Copy(h, f)
	if err != nil {
		return err
	}
	if n != size || h.Sum32() != pattern.CRC(size) {
		return errors.New("the file is not the object")
	}
	return nil
}
