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
	if t.Passes > 0 {
		return steady(one, keys, t, r)
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

// steady does one operation with each key, pass after pass. Reading the clock for each of them
// would take a quarter of the time.
func steady(one func(key string) error, keys []string, t Task, r *measure.Result) error {
	span := measure.Begin()
	for range t.Passes {
		for _, key := range keys {
			if err := one(key); err != nil {
				return err
			}
		}
	}
	span.End(r)
	r.Passes = int64(t.Passes)
	r.Ops = r.Passes * int64(len(keys))
	r.Bytes = r.Ops * t.Size
	return nil
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
	r.Passes = int64(max(1, t.Passes))
	span := measure.Begin()
	for range r.Passes {
		n, err := s.List(ctx, t.Prefix)
		if err != nil {
			return err
		}
		if n != t.Count {
			return fmt.Errorf("%d objects came, want %d", n, t.Count)
		}
	}
	span.End(r)
	r.Ops = r.Passes * int64(t.Count)
	return nil
}
