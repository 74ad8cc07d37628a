package conformance

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/polystore/storage"
)

// bucketKeepChecks are about what Copy and Update keep of an object that they write anew.
var bucketKeepChecks = []check{
	{
		name: "bucket/copy-keeps", feature: Tags, needs: []Feature{Buckets},
		rule: "rule 21: Copy keeps the tags of the source, whatever way it takes",
		run: func(ctx context.Context, e *env) error {
			b := e.bucket(nil)
			if _, err := b.Put(ctx, "src", strings.NewReader("data"),
				&storage.PutOptions{Tags: someTags()}); err != nil {
				return err
			}
			if _, err := b.Copy(ctx, "plain", "src", nil); err != nil {
				return err
			}
			e.tagged(ctx, e.key("plain"), someTags())
			if e.has(IfAbsent) {
				opts := &storage.CopyOptions{IfAbsent: true}
				if _, err := b.Copy(ctx, "conditional", "src", opts); err != nil {
					return err
				}
				e.tagged(ctx, e.key("conditional"), someTags())
			}
			// Another tracker is another Store, as far as a Bucket can see.
			from := storage.New(newTracker(e.tracked.inner), nil).Prefix(e.prefix)
			if _, err := storage.CopyObject(ctx, b, "other", from, "src", nil); err != nil {
				return err
			}
			e.tagged(ctx, e.key("other"), someTags())
			e.tracked.refuse("Copy", errors.ErrUnsupported)
			if _, err := b.Copy(ctx, "through", "src", nil); err != nil {
				return err
			}
			e.tagged(ctx, e.key("through"), someTags())
			return nil
		},
	},
	{
		name: "bucket/copy-keeps-parts", feature: Tags, needs: []Feature{Transfers, CopyPart},
		rule: "rule 21: a Copy in parts keeps the tags of the source",
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			b := e.bucket(&storage.Options{PartSize: part})
			data := pattern(int(part+part/2), 1)
			if _, err := b.Put(ctx, "src", bytes.NewReader(data),
				&storage.PutOptions{Tags: someTags()}); err != nil {
				return err
			}
			e.tagged(ctx, e.key("src"), someTags())
			e.tracked.refuse("Copy", errors.ErrUnsupported)
			if _, err := b.Copy(ctx, "dst", "src", nil); err != nil {
				return err
			}
			e.holds(ctx, e.key("dst"), data)
			e.tagged(ctx, e.key("dst"), someTags())
			return nil
		},
	},
	{
		name: "bucket/replace-in-place", feature: Tags, needs: []Feature{Buckets},
		rule: "rule 21: a Copy with Replace onto itself keeps the tags and the class that it is " +
			"not given",
		run: func(ctx context.Context, e *env) error {
			class := e.keptClass()
			b := e.bucket(nil)
			if _, err := b.Put(ctx, "k", strings.NewReader("data"),
				&storage.PutOptions{Tags: someTags(), StorageClass: class}); err != nil {
				return err
			}
			other := map[string]string{"other": "1"}
			for _, given := range []map[string]string{nil, other, {}} {
				want := given
				if given == nil {
					want = someTags()
				}
				_, err := b.Copy(ctx, "k", "k", &storage.CopyOptions{
					Replace: true, ContentType: "text/css", Tags: given,
				})
				if err != nil {
					return err
				}
				e.tagged(ctx, e.key("k"), want)
				o, err := b.Stat(ctx, "k", nil)
				if err != nil {
					return err
				}
				if o.ContentType != "text/css" || class != "" && o.StorageClass != class {
					e.errorf("ContentType %q, StorageClass %q; want text/css, %q",
						o.ContentType, o.StorageClass, class)
				}
			}
			e.holds(ctx, e.key("k"), []byte("data"))
			return nil
		},
	},
	{
		name: "bucket/update-keeps", feature: Tags, needs: []Feature{Buckets, IfMatch},
		rule: "rule 9: Update keeps the tags and the storage class",
		run: func(ctx context.Context, e *env) error {
			class := e.keptClass()
			b := e.bucket(nil)
			if _, err := b.Put(ctx, "k", strings.NewReader("data"),
				&storage.PutOptions{Tags: someTags(), StorageClass: class}); err != nil {
				return err
			}
			if _, err := b.Update(ctx, "k", appended); err != nil {
				return err
			}
			e.holds(ctx, e.key("k"), []byte("data+"))
			e.tagged(ctx, e.key("k"), someTags())
			o, err := b.Stat(ctx, "k", nil)
			if err == nil && class != "" && o.StorageClass != class {
				e.errorf("StorageClass %q, want %q", o.StorageClass, class)
			}
			return err
		},
	},
	{
		name: "bucket/allow-loss", feature: Tags, needs: []Feature{Buckets, IfMatch},
		rule: "rule 21: tags that may not be read or cannot be set are an error that names them " +
			"before anything is written, unless AllowLoss permits to lose them",
		covers: []string{"CopyOptions.AllowLoss", "UpdateOptions.AllowLoss", "TagsOptions"},
		run: func(ctx context.Context, e *env) error {
			b := e.bucket(nil)
			if _, err := b.Put(ctx, "src", strings.NewReader("data"),
				&storage.PutOptions{Tags: someTags()}); err != nil {
				return err
			}
			_, err := b.Copy(ctx, "dst", "src", &storage.CopyOptions{AllowLoss: []string{"etag"}})
			e.got("Copy with AllowLoss of an ETag", err, storage.ErrInvalid)
			loss := []string{"class", "tags"}
			e.tracked.refuse("Tags", storage.ErrPermission)
			e.tracked.refuse("Copy", errors.ErrUnsupported)
			_, err = b.Copy(ctx, "dst", "src", nil)
			e.loses("Copy", err, storage.ErrPermission, "tags")
			e.missing(ctx, e.key("dst"))
			_, err = b.Update(ctx, "src", appended)
			e.loses("Update", err, storage.ErrPermission, "tags")
			e.holds(ctx, e.key("src"), []byte("data"))
			_, err = b.Copy(ctx, "dst", "src", &storage.CopyOptions{AllowLoss: loss})
			e.got("Copy with AllowLoss", err, nil)
			e.holds(ctx, e.key("dst"), []byte("data"))
			_, err = b.UpdateWith(ctx, "src", appended, &storage.UpdateOptions{AllowLoss: loss})
			e.got("Update with AllowLoss", err, nil)
			e.holds(ctx, e.key("src"), []byte("data+"))

			// To where there are no tags.
			e.tracked.refuse("Tags", nil)
			if _, err := b.Put(ctx, "src", strings.NewReader("data"),
				&storage.PutOptions{Tags: someTags()}); err != nil {
				return err
			}
			bare := newTracker(e.tracked.inner)
			bare.says = func(c *storage.Capabilities) { c.Tags = false }
			to := storage.New(bare, nil).Prefix(e.prefix)
			_, err = storage.CopyObject(ctx, to, "bare", b, "src", nil)
			e.loses("CopyObject to a Store without tags", err, errors.ErrUnsupported, "tags")
			e.missing(ctx, e.key("bare"))
			e.tracked.wrote(e.key("bare"))
			_, err = storage.CopyObject(ctx, to, "bare", b, "src",
				&storage.CopyOptions{AllowLoss: loss})
			e.got("CopyObject with AllowLoss", err, nil)
			e.holds(ctx, e.key("bare"), []byte("data"))
			return nil
		},
	},
	{
		name: "bucket/allow-loss-class", feature: StorageClass, needs: []Feature{Buckets, IfMatch},
		rule: "rule 21: a storage class that cannot be set is an error that names it before " +
			"anything is written, unless AllowLoss permits to lose it",
		run: func(ctx context.Context, e *env) error {
			class := e.keptClass()
			if class == "" {
				return e.isClass("Stat", "", "STANDARD")
			}
			b := e.bucket(nil)
			if _, err := b.Put(ctx, "k", strings.NewReader("data"),
				&storage.PutOptions{StorageClass: class}); err != nil {
				return err
			}
			e.tracked.says = func(c *storage.Capabilities) { c.StorageClass = false }
			_, err := b.Copy(ctx, "k", "k", &storage.CopyOptions{Replace: true})
			e.loses("Copy onto itself", err, errors.ErrUnsupported, "class")
			_, err = b.Update(ctx, "k", appended)
			e.loses("Update", err, errors.ErrUnsupported, "class")
			e.holds(ctx, e.key("k"), []byte("data"))
			_, err = b.UpdateWith(ctx, "k", appended,
				&storage.UpdateOptions{AllowLoss: []string{"class"}})
			e.got("Update with AllowLoss", err, nil)
			e.holds(ctx, e.key("k"), []byte("data+"))
			return nil
		},
	},
}

// appended is a change of Update.
func appended(old []byte, _ *storage.Object) ([]byte, error) { return append(old, '+'), nil }

// keptClass is a class that can be told from none; "" where there is none.
func (e *env) keptClass() string {
	if class := e.storageClass(); e.has(StorageClass) && class != "STANDARD" {
		return class
	}
	return ""
}

// loses notes an error that is not of the kind, or does not name what would be lost.
func (e *env) loses(what string, err, kind error, name string) {
	if e.got(what, err, kind) && !strings.Contains(err.Error(), name) {
		e.errorf("%s: the error does not name the %s: %w", what, name, err)
	}
}

// refuse makes the answer to every request op an error of a kind; nil: no longer.
func (t *tracker) refuse(op string, kind error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refused == nil {
		t.refused = make(map[string]error)
		t.before = func(_ context.Context, op, _ string) error {
			t.mu.Lock()
			defer t.mu.Unlock()
			if kind := t.refused[op]; kind != nil {
				return &storage.Error{Kind: kind}
			}
			return nil
		}
	}
	t.refused[op] = kind
}
