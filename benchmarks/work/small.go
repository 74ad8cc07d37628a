package work

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/subject"
)

// warm is how many operations come before those that are measured: connections are open then, and
// pools have their buffers.
const warm = 20

// small does Count operations on small objects, Width at a time.
func small(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error {
	data := make([]byte, t.Size)
	buffers := sync.Pool{New: func() any { b := make([]byte, t.Size); return &b }}
	one := map[string]func(key string) error{
		"read": func(key string) error {
			buf := buffers.Get().(*[]byte)
			defer buffers.Put(buf)
			return s.Read(ctx, key, *buf)
		},
		"write": func(key string) error { return s.Write(ctx, key, data) },
		"stat": func(key string) error {
			n, err := s.Stat(ctx, key)
			if err == nil && n != t.Size {
				err = fmt.Errorf("%s has %d bytes", key, n)
			}
			return err
		},
		"delete": func(key string) error { return s.Delete(ctx, key) },
	}[t.Op]
	keys := make([]string, t.Count)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s%08d", t.Prefix, i)
	}
	for _, key := range keys[:warm] {
		if err := one(key); err != nil {
			return err
		}
	}
	keys = keys[warm:]
	r.Times = make([]float64, len(keys))
	width := max(1, t.Width)
	errs := make([]error, width)
	var next atomic.Int64
	var all sync.WaitGroup
	span := measure.Begin()
	run := func(w int) {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(keys) || errs[w] != nil {
				return
			}
			begin := time.Now()
			errs[w] = one(keys[i])
			r.Times[i] = time.Since(begin).Seconds()
		}
	}
	for w := range width {
		all.Go(func() { run(w) })
	}
	all.Wait()
	span.End(r)
	r.Ops, r.Bytes = int64(len(keys)), int64(len(keys))*t.Size
	return errors.Join(errs...)
}

// deleteMany removes all small objects by one call.
func deleteMany(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error {
	keys := make([]string, t.Count)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s%08d", t.Prefix, i)
	}
	span := measure.Begin()
	err := s.DeleteMany(ctx, keys)
	span.End(r)
	r.Ops = int64(t.Count)
	return err
}

// list counts the objects below a prefix.
func list(ctx context.Context, s subject.Subject, t Task, r *measure.Result) error {
	span := measure.Begin()
	n, err := s.List(ctx, t.Prefix)
	span.End(r)
	r.Ops = int64(n)
	if err == nil && n != t.Count {
		err = fmt.Errorf("%d objects came, want %d", n, t.Count)
	}
	return err
}
