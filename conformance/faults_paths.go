package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// faultPath is a call of a Bucket that meets faults.
type faultPath struct {
	name  string
	needs func(*storage.Capabilities) bool
	also  map[string]fault.Fault // what the first request of an operation always meets
	wrap  func(storage.Store) storage.Store

	parallel bool // it needs parts that are sent in any order, and by any process

	before func(ctx context.Context, c *cell) error
	call   func(ctx context.Context, c *cell) error
	after  func(ctx context.Context, c *cell, result error) error

	large     bool // it moves an object of two parts
	writes    bool
	unknown   bool               // a lost answer alone can leave the outcome unknown
	exclusive bool               // it holds a condition
	summed    bool               // a checksum covers all that it reads
	alone     bool               // other programs are no trouble
	fails     map[string][]error // what the contract names for a row, beside what the row has
	mayRefuse map[string]bool    // a row whose refusal the contract names although it happened
}

// written is the after of a path that writes want over was.
func written(was, want func(*contents) []byte) func(context.Context, *cell, error) error {
	return func(ctx context.Context, c *cell, result error) error {
		return c.holds(ctx, result, was(c.m.data()), want(c.m.data()))
	}
}

func none(*contents) []byte       { return nil }
func oldOf(d *contents) []byte    { return d.old }
func newOf(d *contents) []byte    { return d.new }
func largeNew(d *contents) []byte { return d.largeNew }

func nothing(context.Context, *cell) error { return nil }

func putOld(ctx context.Context, c *cell) error { return c.put(ctx, c.key, c.m.data().old) }

func putLarge(ctx context.Context, c *cell) error { return c.put(ctx, c.key, c.m.data().largeOld) }

// src is the key of the source of a copy.
func (c *cell) src() string { return c.key + ".src" }

// write writes data by Put, under opts.
func write(
	of func(*contents) []byte, opts func(c *cell) *storage.PutOptions,
) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		_, err := c.b.WriteAll(ctx, c.key, of(c.m.data()), opts(c))
		return err
	}
}

func unbound(*cell) *storage.PutOptions    { return nil }
func absent(*cell) *storage.PutOptions     { return &storage.PutOptions{IfAbsent: true} }
func matching(c *cell) *storage.PutOptions { return &storage.PutOptions{IfMatch: c.etag} }

func copying(opts func(c *cell) *storage.CopyOptions) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		_, err := c.b.Copy(ctx, c.key, c.src(), opts(c))
		return err
	}
}

// beforeCopy writes the source, and what is at the destination.
func beforeCopy(over bool) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		if err := c.put(ctx, c.src(), c.m.data().new); err != nil || !over {
			return err
		}
		return putOld(ctx, c)
	}
}

// readers make a read, whose bytes are those of one version.
func readers(
	read func(ctx context.Context, c *cell) ([]byte, error), from, length int64,
	of func(*contents) []byte,
) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		got, err := read(ctx, c)
		if err != nil {
			return err
		}
		versions := [][]byte{of(c.m.data()), c.m.data().rival}
		for _, v := range versions {
			lo, hi := min(from, int64(len(v))), int64(len(v))
			if length > 0 {
				hi = min(hi, lo+length)
			}
			if bytes.Equal(got, v[lo:hi]) {
				return nil
			}
		}
		return fmt.Errorf("%w: %d bytes that no version has", errTorn, len(got))
	}
}

// errTorn is the worst that a read can do.
var errTorn = errors.New("wrong bytes without an error")

// updateOld writes the new bytes over any that are whole.
func updateOld(ctx context.Context, c *cell) error {
	_, err := c.b.Update(ctx, c.key, func(old []byte, _ *storage.Object) ([]byte, error) {
		d := c.m.data()
		if !bytes.Equal(old, d.old) && !bytes.Equal(old, d.rival) && !bytes.Equal(old, d.new) {
			return nil, errTorn
		}
		return d.new, nil
	})
	return err
}

func unchanged(context.Context, *cell, error) error { return nil }

func conditional(c *storage.Capabilities) bool { return c.IfAbsent && c.IfMatch }

func conditionalParts(c *storage.Capabilities) bool {
	return conditional(c) && c.Multipart && c.MultipartConditions
}

func conditionalCopy(c *storage.Capabilities) bool {
	return conditional(c) && c.Copy && c.CopyConditions
}

// After a lost Put the Bucket looks, and finds what it wrote: there is no second Put. Where the
// look fails, too, there is one.
var (
	lostPut   = map[string]fault.Fault{"Put": fault.Lost()}
	unseenPut = map[string]fault.Fault{"Put": fault.Lost(), "Stat": fault.Unsent()}
)

var faultPaths = slices.Concat(plainPaths, streamPaths, partPaths, lastingPaths, manyPaths)

var plainPaths = []faultPath{
	{
		name: "put", before: putOld, call: write(newOf, unbound), after: written(oldOf, newOf),
		writes: true,
	},
	{
		name: "put-if-absent", needs: conditional, before: nothing, call: write(newOf, absent),
		after: written(none, newOf), writes: true, exclusive: true,
	},
	{
		name: "put-if-match", needs: conditional, before: putOld, call: write(newOf, matching),
		after: written(oldOf, newOf), writes: true, exclusive: true,
	},
	{
		name: "put-if-absent-lost", needs: conditional, also: lostPut, before: nothing,
		call: write(newOf, absent), after: written(none, newOf), writes: true,
	},
	{
		name: "put-if-match-lost", needs: conditional, also: lostPut, before: putOld,
		call: write(newOf, matching), after: written(oldOf, newOf), writes: true,
	},
	{
		name: "put-if-absent-unseen", needs: conditional, also: unseenPut, before: nothing,
		call: write(newOf, absent), after: written(none, newOf), writes: true,
	},
	{
		name: "put-if-match-unseen", needs: conditional, also: unseenPut, before: putOld,
		call: write(newOf, matching), after: written(oldOf, newOf), writes: true,
	},
	{
		name: "multipart", needs: multipart,
		before: putOld, call: write(largeNew, unbound), after: written(oldOf, largeNew),
		writes: true, large: true,
	},
	{
		name: "multipart-if-absent", needs: conditionalParts, before: nothing,
		call: write(largeNew, absent), after: written(none, largeNew), writes: true,
		exclusive: true, large: true,
	},
	{
		name: "multipart-if-match", needs: conditionalParts, before: putOld,
		call: write(largeNew, matching), after: written(oldOf, largeNew), writes: true,
		large:     true,
		exclusive: true,
	},
	{
		name: "update", needs: conditional, before: putOld, after: written(oldOf, newOf),
		writes: true, summed: true, call: updateOld,
	},
	{
		name: "copy", needs: func(c *storage.Capabilities) bool { return c.Copy },
		before: beforeCopy(true), after: written(oldOf, newOf), writes: true,
		call: copying(func(*cell) *storage.CopyOptions { return nil }),
	},
	{
		name: "copy-if-absent", needs: conditionalCopy, before: beforeCopy(false),
		after: written(none, newOf), writes: true,
		call: copying(func(*cell) *storage.CopyOptions {
			return &storage.CopyOptions{IfAbsent: true}
		}),
	},
	{
		name: "copy-if-match", needs: conditionalCopy, before: beforeCopy(true),
		after: written(oldOf, newOf), writes: true,
		call: copying(func(c *cell) *storage.CopyOptions {
			return &storage.CopyOptions{IfMatch: c.etag}
		}),
	},
	{
		name: "delete", before: putOld, after: written(oldOf, none), writes: true,
		call: func(ctx context.Context, c *cell) error { return c.b.Delete(ctx, c.key, nil) },
	},
	{
		name: "delete-if-match", before: putOld, after: written(oldOf, none), writes: true,
		unknown: true,
		needs:   func(c *storage.Capabilities) bool { return c.DeleteIfMatch },
		call: func(ctx context.Context, c *cell) error {
			return c.b.Delete(ctx, c.key, &storage.DeleteOptions{IfMatch: c.etag})
		},
		fails: map[string][]error{
			"delivered twice":       {storage.ErrPrecondition},
			"delivered twice, ever": {storage.ErrPrecondition},
		},
		mayRefuse: map[string]bool{"delivered twice": true, "delivered twice, ever": true},
	},
	{
		name: "read-all", before: putOld, after: unchanged, summed: true,
		call: readers(func(ctx context.Context, c *cell) ([]byte, error) {
			return c.b.ReadAll(ctx, c.key, nil)
		}, 0, 0, oldOf),
	},
	{
		name: "get-range", before: putOld, after: unchanged,
		call: readers(func(ctx context.Context, c *cell) ([]byte, error) {
			return c.b.ReadAll(ctx, c.key, &storage.GetOptions{Offset: 1000, Length: 500})
		}, 1000, 500, oldOf),
	},
	{
		name: "get", before: putOld, after: unchanged, summed: true,
		call: readers(func(ctx context.Context, c *cell) ([]byte, error) {
			r, err := c.b.Get(ctx, c.key, nil)
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return io.ReadAll(r)
		}, 0, 0, oldOf),
	},
	{
		name: "reader-at", before: putOld, after: unchanged,
		call: readers(func(ctx context.Context, c *cell) ([]byte, error) {
			r, err := c.b.NewReaderAt(ctx, c.key, &storage.ReaderAtOptions{
				BlockSize: 1 << 10, CacheSize: 8 << 10, ReadAhead: -1, Tail: -1,
			})
			if err != nil {
				return nil, err
			}
			defer r.Close()
			got := make([]byte, 500)
			n, err := r.ReadAt(got, 1000)
			return got[:n], err
		}, 1000, 500, oldOf),
	},
	{
		name: "download", before: putLarge, after: unchanged, large: true,
		call: readers(func(ctx context.Context, c *cell) ([]byte, error) {
			var w writerAt
			_, err := c.b.Download(ctx, c.key, &w, nil)
			return w.data, err
		}, 0, 0, func(d *contents) []byte { return d.largeOld }),
	},
	{
		name: "stat", before: putOld, after: unchanged,
		call: func(ctx context.Context, c *cell) error {
			o, err := c.b.Stat(ctx, c.key, nil)
			if err == nil && o.Size != 3000 && !(c.rivalled && o.Size == 3002) {
				return fmt.Errorf("%w: a size of %d", errTorn, o.Size)
			}
			return err
		},
	},
	{
		name: "exists", before: putOld, after: unchanged,
		call: func(ctx context.Context, c *cell) error {
			ok, err := c.b.Exists(ctx, c.key)
			if err == nil && !ok {
				return fmt.Errorf("%w: it is there", errTorn)
			}
			return err
		},
	},
	{
		name: "list", after: unchanged, alone: true,
		before: beforeCopy(true),
		call: func(ctx context.Context, c *cell) error {
			var keys []string
			for o, err := range c.b.List(ctx, &storage.ListOptions{Prefix: c.key, PageSize: 1}) {
				if err != nil {
					return err
				}
				keys = append(keys, o.Key)
			}
			if !slices.Equal(keys, []string{c.key, c.src()}) {
				return fmt.Errorf("%w: the list is %q", errTorn, keys)
			}
			return nil
		},
	},
}
