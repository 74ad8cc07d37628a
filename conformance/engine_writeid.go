package conformance

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// writeEntry is the metadata entry that the Bucket keeps for itself, and maxWriteEntry what it may
// take on the wire of a service that carries metadata in headers.
const (
	writeEntry    = "polystorewrite"
	maxWriteEntry = 130
)

var writeIDChecks = []check{
	{
		name: "engine/write-id-hidden", feature: Engine, needs: []Feature{IfAbsent},
		rule: "rule 11: the write ID is stored beside the caller's metadata, and no method of " +
			"Bucket shows it",
		run: rigged(writeIDHidden),
	},
	{
		name: "engine/write-id-small", feature: Engine, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 11: the write ID takes less than 130 bytes on the wire, however many writes " +
			"came before",
		run: rigged(func(ctx context.Context, r *rig) error {
			o, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("0")),
				&storage.PutOptions{IfAbsent: true})
			for i := 1; i < 8 && err == nil; i++ {
				o, err = r.b.Put(ctx, "k", bytes.NewReader(fmt.Append(nil, i)),
					&storage.PutOptions{IfMatch: o.ETag})
			}
			if err != nil {
				return err
			}
			stored, err := r.stat(ctx, r.key("k"), nil)
			if err != nil {
				return err
			}
			entry := stored.Metadata[writeEntry]
			if n := len("x-amz-meta-" + writeEntry + ": " + entry); entry == "" ||
				n >= maxWriteEntry {
				r.errorf("after 8 writes the entry is %q: %d bytes on the wire, want 1 to %d",
					entry, n, maxWriteEntry)
			}
			return nil
		}),
	},
	{
		name: "engine/write-id-reserved", feature: Engine,
		rule: "rule 23: metadata under the reserved name is ErrInvalid, before any request",
		run: rigged(func(ctx context.Context, r *rig) error {
			for _, name := range []string{writeEntry, "PolyStoreWrite"} {
				m := map[string]string{name: "x"}
				_, err := r.b.Put(ctx, "k", bytes.NewReader(nil), &storage.PutOptions{Metadata: m})
				r.got("Put with metadata "+name, err, storage.ErrInvalid)
				_, err = r.b.Copy(ctx, "k", "k2", &storage.CopyOptions{Replace: true, Metadata: m})
				r.got("Copy with metadata "+name, err, storage.ErrInvalid)
			}
			if n := r.faults.Count(); n > 0 {
				r.errorf("%d calls were made, want 0", n)
			}
			_, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("k")),
				&storage.PutOptions{Metadata: map[string]string{"fine": "x"}})
			r.got("Put with other metadata", err, nil)
			r.holds(ctx, r.key("k"), []byte("k"))
			return nil
		}),
	},
	{
		name: "engine/write-id-of-a-copy", feature: Engine, needs: []Feature{IfAbsent, Copy},
		rule: "rule 11: the write ID of an object that was copied over ours proves nothing: " +
			"ErrUnknownOutcome, not ErrExist",
		run: truths(truth{what: "IfAbsent, committed, then another object copied over it",
			want: storage.ErrUnknownOutcome,
			puts: faults(fault.Lost()), stats: before((*rig).copiesOver)}),
	},
}

// copiesOver makes another object by a create of this library and copies it, with its entry.
func (r *rig) copiesOver(name string) fault.Hook {
	return func(ctx context.Context, inner storage.FullStore, c fault.Call) error {
		if err := r.creates(name+"-other")(ctx, inner, c); err != nil {
			return err
		}
		_, err := inner.Copy(ctx, c.Key, r.key(name+"-other"), &storage.CopyOptions{})
		return err
	}
}

func writeIDHidden(ctx context.Context, r *rig) error {
	given := map[string]string{"a": "1"}
	for name, m := range map[string]map[string]string{"with": given, "without": nil} {
		_, err := r.b.Put(ctx, name, bytes.NewReader([]byte(name)), &storage.PutOptions{
			IfAbsent: true,
			Metadata: m,
		})
		if err != nil {
			return err
		}
		stored, err := r.stat(ctx, r.key(name), nil)
		if err != nil {
			return err
		}
		if stored.Metadata[writeEntry] == "" {
			r.errorf("Put with IfAbsent left no entry: %v", stored.Metadata)
		}
		o, err := r.b.Stat(ctx, name, nil)
		if r.got("Stat", err, nil) && !cmp.Equal(o.Metadata, m) {
			r.errorf("Stat: metadata %v, want %v", o.Metadata, m)
		}
		rd, err := r.b.Get(ctx, name, nil)
		if r.got("Get", err, nil) {
			if got := rd.Object().Metadata; !cmp.Equal(got, m) {
				r.errorf("Get: metadata %v, want %v", got, m)
			}
			rd.Close()
		}
		_, err = r.b.Copy(ctx, name+"-copy", name, nil)
		if r.got("Copy", err, nil) {
			if o, err := r.b.Stat(ctx, name+"-copy", nil); r.got("Stat of the copy", err, nil) &&
				!cmp.Equal(o.Metadata, m) {
				r.errorf("Stat of the copy: metadata %v, want %v", o.Metadata, m)
			}
		}
	}
	for o, err := range r.b.List(ctx, nil) {
		if r.got("List", err, nil) && o.Metadata[writeEntry] != "" {
			r.errorf("List shows the entry of %q", o.Key)
		}
	}
	return nil
}
