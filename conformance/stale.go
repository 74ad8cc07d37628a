package conformance

import (
	"bytes"
	"context"
	"errors"

	"github.com/polystore/storage"
)

// staleChecks are about sums that another program carried over to other bytes.
var staleChecks = []check{
	{
		name: "checksum/proven", feature: Reads,
		rule:   "rule 14: the sums of a Stat with ProveChecksums are those of the bytes",
		covers: []string{"StatOptions.ProveChecksums"},
		run: func(ctx context.Context, e *env) error {
			data := pattern(5000, 1)
			if _, err := e.put(ctx, e.key("k"), data, nil); err != nil {
				return err
			}
			o, err := e.stat(ctx, e.key("k"), &storage.StatOptions{ProveChecksums: true})
			if err == nil {
				e.sumsOf("Stat with ProveChecksums", o, data)
			}
			return err
		},
	},
	{
		name: "multipart/verified", feature: Multipart,
		rule:   "rule 14: what an upload keeps of the sums that Bucket has verified is right",
		covers: []string{"PutOptions.Verified"},
		run: func(ctx context.Context, e *env) error {
			data := pattern(1000, 100) // what inParts sends
			o, err := e.inParts(ctx, &storage.PutOptions{Verified: sums(data)})
			if err == nil {
				e.sumsOf("Stat", o, data)
			}
			return err
		},
	},
	{
		name: "bucket/stale-sum", feature: Buckets,
		rule: "rule 14: a sum that is not the object's, and that the Store cannot prove, makes " +
			"no object unreadable",
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			data := pattern(int(part+part/2), 1)
			b := e.bucket(&storage.Options{PartSize: part})
			if _, err := b.Put(ctx, "k", bytes.NewReader(data), nil); err != nil {
				return err
			}
			e.tracked.onGet = func(r *storage.GetResult) {
				if r.Unproven = true; r.Offset == 0 {
					r.Object.Checksums.CRC32C = []byte{1, 2, 3, 4} // of a version before
				}
			}
			got, err := b.ReadAll(ctx, "k", nil)
			if e.got("ReadAll", err, nil) {
				e.same("ReadAll", got, data)
			}
			got, err = b.ReadAll(ctx, "k", &storage.GetOptions{Concurrency: 2})
			if e.got("ReadAll of ranges at once", err, nil) {
				e.same("ReadAll of ranges at once", got, data)
			}
			w := new(writerAt)
			o, err := b.Download(ctx, "k", w, nil)
			if e.got("Download", err, nil) {
				e.sumsOf("Download", o, data)
			}
			e.tracked.refuse("Copy", errors.ErrUnsupported)
			if _, err := b.Copy(ctx, "copy", "k", nil); e.got("Copy", err, nil) {
				e.holds(ctx, e.key("copy"), data)
			}
			return nil
		},
	},
}

// sumsOf notes sums that are not those of the data.
func (e *env) sumsOf(what string, o *storage.Object, data []byte) {
	want := sums(data)
	for _, a := range storage.Algorithms() {
		if sum := *a.Of(&o.Checksums); sum != nil && !bytes.Equal(sum, *a.Of(&want)) {
			e.errorf("%s: %s = %x, want %x", what, a.Name, sum, *a.Of(&want))
		}
	}
}
