package torture

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/services"
	"github.com/polystore/storage/providers/memory"
)

// planted is a Store of memory with one defect.
type planted struct {
	storage.FullStore
	keeps, skips, shortens bool
}

// Put of a Store that keeps lets old metadata survive.
func (p *planted) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	o := *opts
	if old, err := p.FullStore.Stat(ctx, key, &storage.StatOptions{}); p.keeps && err == nil {
		all := maps.Clone(old.Metadata)
		if all == nil {
			all = make(map[string]string)
		}
		maps.Copy(all, o.Metadata)
		o.Metadata = all
	}
	return p.FullStore.Put(ctx, key, body, size, &o)
}

// ListPage of a Store that skips loses the first object of every further page.
func (p *planted) ListPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.Page, error) {
	page, err := p.FullStore.ListPage(ctx, opts)
	if p.skips && err == nil && opts.PageToken != "" && len(page.Objects) > 0 {
		page.Objects = page.Objects[1:]
	}
	return page, err
}

// Copy of a Store that shortens loses the last byte of an object.
func (p *planted) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	res, err := p.FullStore.Copy(ctx, dst, src, opts)
	if err != nil || !p.shortens || res.Object.Size < 2 {
		return res, err
	}
	r, err := p.FullStore.Get(ctx, dst, &storage.GetOptions{})
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	o, err := p.FullStore.Put(ctx, dst, bytes.NewReader(data[1:]), int64(len(data)-1),
		&storage.PutOptions{ContentType: r.Object.ContentType, Metadata: r.Object.Metadata})
	return &storage.CopyResult{Object: o}, err
}

// quietTB takes what rapid says about a failure.
type quietTB struct {
	*testing.T
	failed bool
	text   strings.Builder
}

func (q *quietTB) Logf(format string, args ...any) { fmt.Fprintf(&q.text, format+"\n", args...) }
func (q *quietTB) Log(args ...any)                 { fmt.Fprintln(&q.text, args...) }
func (q *quietTB) Fail()                           { q.failed = true }
func (q *quietTB) Failed() bool                    { return q.failed }
func (q *quietTB) FailNow()                        { q.Fail(); runtime.Goexit() }
func (q *quietTB) Errorf(format string, args ...any) {
	q.Logf(format, args...)
	q.Fail()
}
func (q *quietTB) Error(args ...any) { q.Log(args...); q.Fail() }
func (q *quietTB) Fatalf(format string, args ...any) {
	q.Logf(format, args...)
	q.FailNow()
}
func (q *quietTB) Fatal(args ...any) { q.Log(args...); q.FailNow() }

// settle lets rapid make the same programs each time, as many, and keep none of them.
func settle(t *testing.T) {
	for name, value := range map[string]string{
		"rapid.nofailfile": "true", "rapid.seed": "1", "rapid.checks": "100",
	} {
		f := flag.Lookup(name)
		was := f.Value.String()
		f.Value.Set(value)
		t.Cleanup(func() { f.Value.Set(was) })
	}
}

// A defect is found, and what is shown is a program of few calls: some forty before it shrinks. The
// seed is fixed, because how far rapid shrinks depends on what it starts from.
func TestModelFindsDefects(t *testing.T) {
	settle(t)
	for _, test := range []struct {
		name  string
		store planted
		most  int // lines
	}{
		{"metadata survives a Put", planted{keeps: true}, 12},
		{"a page loses its first object", planted{skips: true}, 12},
		{"a copy loses a byte", planted{shortens: true}, 12},
	} {
		t.Run(test.name, func(t *testing.T) {
			q, dir := &quietTB{T: t}, t.TempDir()
			done := make(chan struct{})
			go func() {
				defer close(done)
				rapid.Check(q, func(rt *rapid.T) {
					inner, err := memory.New(nil)
					if err != nil {
						rt.Fatal(err)
					}
					s := test.store
					s.FullStore = storage.Full(inner)
					newMachine(&s, services.Service{}, "p/", dir).run(rt)
				})
			}()
			<-done
			if !q.failed {
				t.Fatal("not found")
			}
			var program []string
			for line := range strings.Lines(q.text.String()) {
				if _, output, ok := strings.Cut(line, "Failed test output:"); ok {
					program, line = nil, output
				}
				line = strings.TrimSpace(line)
				if line != "" && !strings.HasPrefix(line, "[rapid]") {
					program = append(program, line)
				}
			}
			t.Logf("the program:\n%s", strings.Join(program, "\n"))
			if n := len(program); n > test.most {
				t.Errorf("%d lines, want at most %d", n, test.most)
			}
		})
	}
}
