package conformance

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// The objects of the checks below have 20 blocks.
const (
	blockSize  = 1000
	blocksSize = 20 * blockSize
)

var blockChecks = []check{
	{
		name: "readerat/blocks", feature: Buckets,
		rule: "rule 26: a ReaderAt requests blocks of BlockSize, keeps CacheSize bytes of them, " +
			"and requests exactly what a read asks for if CacheSize is negative",
		covers: []string{"ReaderAtOptions.BlockSize", "ReaderAtOptions.CacheSize"},
		run: onBlocks(func(ctx context.Context, b *blockReads) error {
			if err := b.open(storage.ReaderAtOptions{
				BlockSize: blockSize, CacheSize: 3 * blockSize, ReadAhead: -1, Tail: -1,
			}); err != nil {
				return err
			}
			b.read(1500, 10)
			b.read(1000, 1000)
			b.asked("reads in one block", [2]int64{1000, 1000})
			b.read(1990, 20)
			b.asked("a read in two blocks, one of them cached", [2]int64{2000, 1000})
			b.read(19_990, 10)
			b.read(5500, 10)
			b.read(2500, 10)
			b.asked("reads of two more blocks", [2]int64{5000, 1000}, [2]int64{19_000, 1000})
			b.read(1500, 10)
			b.asked("the block that was used longest ago", [2]int64{1000, 1000})
			p := make([]byte, 20)
			if n, err := b.r.ReadAt(p, 19_990); n != 10 || err != io.EOF {
				b.errorf("ReadAt beyond the end = %d, %v, want 10, EOF", n, err)
			}

			if err := b.open(storage.ReaderAtOptions{CacheSize: -1}); err != nil {
				return err
			}
			b.read(1500, 10)
			b.read(1500, 2000)
			b.asked("reads without a cache", [2]int64{1500, 10}, [2]int64{1500, 2000})

			negative := &storage.ReaderAtOptions{BlockSize: -1}
			_, err := b.b.NewReaderAt(ctx, "object", negative)
			b.got("NewReaderAt with a negative BlockSize", err, storage.ErrInvalid)
			return nil
		}),
	},
	{
		name: "readerat/read-ahead", feature: Buckets,
		rule: "rule 26: a ReaderAt requests at most ReadAhead blocks ahead of sequential reads, " +
			"and none for random ones or if ReadAhead is negative",
		covers: []string{"ReaderAtOptions.ReadAhead"},
		run: onBlocks(func(ctx context.Context, b *blockReads) error {
			opts := storage.ReaderAtOptions{
				BlockSize: blockSize, CacheSize: 2 * blocksSize, ReadAhead: 4, Tail: -1,
			}
			if err := b.open(opts); err != nil {
				return err
			}
			for off := int64(0); off < blocksSize; off += 100 {
				b.read(off, 100)
			}
			// The window has 1, 2, 4 and 4 blocks and is filled up when half of it is left.
			b.asked("sequential reads", [2]int64{0, 1000}, [2]int64{1000, 2000},
				[2]int64{3000, 2000}, [2]int64{5000, 3000}, [2]int64{8000, 2000},
				[2]int64{10_000, 2000}, [2]int64{12_000, 2000}, [2]int64{14_000, 2000},
				[2]int64{16_000, 2000}, [2]int64{18_000, 2000})

			var each [][2]int64
			for off := int64(0); off < blocksSize; off += blockSize {
				each = append(each, [2]int64{off, blockSize})
			}
			if err := b.open(opts); err != nil {
				return err
			}
			for _, i := range b.rand().Perm(blocksSize / blockSize) {
				b.read(int64(i)*blockSize+500, 10)
			}
			b.asked("random reads", each...)
			opts.ReadAhead = -1
			if err := b.open(opts); err != nil {
				return err
			}
			for off := int64(0); off < blocksSize; off += 100 {
				b.read(off, 100)
			}
			b.asked("sequential reads without read-ahead", each...)
			return nil
		}),
	},
	{
		name: "readerat/tail", feature: Buckets,
		rule: "rule 26: a ReaderAt requests the last Tail bytes at once when the first read in " +
			"them comes",
		covers: []string{"ReaderAtOptions.Tail"},
		run: onBlocks(func(ctx context.Context, b *blockReads) error {
			opts := storage.ReaderAtOptions{
				BlockSize: blockSize, CacheSize: 2 * blocksSize, ReadAhead: -1, Tail: 2500,
			}
			if err := b.open(opts); err != nil {
				return err
			}
			b.read(blocksSize-8, 8)
			b.read(blocksSize-2500, 2500)
			b.asked("reads in the tail", [2]int64{17_000, 3000})
			b.read(16_000, 10)
			b.asked("a read before it", [2]int64{16_000, 1000})
			opts.Tail = -1
			if err := b.open(opts); err != nil {
				return err
			}
			b.read(blocksSize-8, 8)
			b.asked("a read at the end, without a tail", [2]int64{19_000, 1000})
			return nil
		}),
	},
	{
		name: "readerat/replaced", feature: Buckets,
		rule: "rule 13: a ReaderAt of a replaced object gives the old version from its cache, " +
			"or is ErrChanged",
		run: onBlocks(func(ctx context.Context, b *blockReads) error {
			if err := b.open(storage.ReaderAtOptions{
				BlockSize: blockSize, CacheSize: blocksSize, Tail: -1,
			}); err != nil {
				return err
			}
			b.read(3500, 10)
			if _, err := b.put(ctx, b.key("object"), pattern(blocksSize, 77), nil); err != nil {
				return err
			}
			b.read(3000, 1000)
			p := make([]byte, 200)
			n, err := b.r.ReadAt(p, 3900)
			b.got("ReadAt of a replaced object", err, storage.ErrChanged)
			b.same("ReadAt of a replaced object", p[:n], b.data[3900:3900+min(n, 100)])
			return nil
		}),
	},
	{
		name: "readerat/shared", feature: Buckets,
		rule: "rule 25: reads of one block share its request, which goes on when the context of " +
			"the read that began it ends",
		run: onBlocks(func(ctx context.Context, b *blockReads) error {
			if err := b.open(storage.ReaderAtOptions{BlockSize: blockSize, Tail: -1}); err != nil {
				return err
			}
			held := b.hold("Get")
			own, cancel := context.WithCancel(ctx)
			defer cancel()
			one := readAt(own, b.r, 3000)
			held.await(ctx, b.env)
			other := readAt(ctx, b.r, 3500)
			cancel()
			b.got("the read whose context ended", (<-one).err, context.Canceled)
			// It has ended the request if the other one had not come yet. That asks anew.
			for waits := true; waits; {
				select {
				case held.let <- struct{}{}:
				case <-held.came:
				case got := <-other:
					waits = false
					if b.got("the read beside it", got.err, nil) {
						b.same("the read beside it", got.data, b.data[3500:3510])
					}
				case <-ctx.Done():
					return fmt.Errorf("the read beside it did not end: %w", context.Cause(ctx))
				}
			}
			before := b.tracked.requests.Load()
			b.read(3000, 1000)
			if n := b.tracked.requests.Load() - before; n > 0 {
				b.errorf("%d requests for a block that was read", n)
			}
			b.got("Close", b.r.Close(), nil)
			_, err := b.r.ReadAt(make([]byte, 10), 3000)
			b.got("ReadAt after Close", err, storage.ErrClosed)
			return nil
		}),
	},
	{
		name: "readerat/ranges", feature: Buckets,
		rule: "rule 13: ReadRanges gives the bytes of every range, merged or split, and reads " +
			"cached ones from the cache",
		run: onBlocks(func(ctx context.Context, b *blockReads) error {
			if err := b.open(storage.ReaderAtOptions{
				BlockSize: blockSize, CacheSize: blocksSize, ReadAhead: -1, Tail: -1,
			}); err != nil {
				return err
			}
			b.read(3000, 10)
			b.asked("a read", [2]int64{3000, 1000})
			ranges := []storage.Range{
				{Offset: 3100, Length: 900}, {Offset: 19_000, Length: 5000}, {},
				{Offset: 10_000, Length: 100}, {Offset: 10_050, Length: 200}, {Offset: 50_000},
			}
			got, err := b.r.ReadRanges(ranges)
			if b.got("ReadRanges", err, nil) {
				for i, r := range ranges {
					from := min(r.Offset, blocksSize)
					b.same(fmt.Sprintf("range %d", i), got[i],
						b.data[from:min(from+r.Length, blocksSize)])
				}
			}
			b.asked("ReadRanges", [2]int64{10_000, 10_000})
			return nil
		}),
	},
}

// blockReads is an object of blocks and a ReaderAt of it whose requests are seen.
type blockReads struct {
	*rig
	ctx  context.Context
	data []byte
	r    *storage.ReaderAt
}

func onBlocks(
	run func(ctx context.Context, b *blockReads) error,
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		b := &blockReads{rig: e.rig(nil), ctx: ctx, data: pattern(blocksSize, 1)}
		if _, err := b.put(ctx, b.key("object"), b.data, nil); err != nil {
			return err
		}
		err := run(ctx, b)
		if b.r != nil {
			b.got("Close", b.r.Close(), nil)
		}
		return err
	}
}

// open makes a ReaderAt in place of the one before.
func (b *blockReads) open(opts storage.ReaderAtOptions) error {
	if b.r != nil {
		b.got("Close", b.r.Close(), nil)
	}
	r, err := b.b.NewReaderAt(b.ctx, "object", &opts)
	if err != nil {
		return fmt.Errorf("NewReaderAt: %w", err)
	}
	b.r = r
	b.faults.Reset()
	return nil
}

func (b *blockReads) read(off, n int64) {
	p := make([]byte, n)
	_, err := b.r.ReadAtContext(b.ctx, p, off)
	what := fmt.Sprintf("ReadAt(%d bytes, %d)", n, off)
	if b.got(what, err, nil) {
		b.same(what, p, b.data[off:off+n])
	}
}

// asked notes that the requests since the last call are not those for ranges of {offset, length},
// in the order of their offsets.
func (b *blockReads) asked(what string, want ...[2]int64) {
	var got [][2]int64
	for _, c := range b.faults.Calls("Get") {
		o := c.Options.(storage.GetOptions)
		got = append(got, [2]int64{o.Offset, o.Length})
	}
	b.faults.Reset()
	slices.SortFunc(got, func(x, y [2]int64) int {
		return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]))
	})
	if diff := gocmp.Diff(want, got); diff != "" {
		b.errorf("requests of %s (-want +got):\n%s", what, diff)
	}
}
