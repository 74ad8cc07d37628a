package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/polystore/storage"
)

// foreignKeys are what other programs call objects and a driver may refuse for a new one. A key
// that ends in a slash is a marker of a directory, which is empty.
var foreignKeys = []string{
	"photos/", "photos/a.jpg", "deep/er/", "/lead", "2026//part", "twice//", "dot.", "dots./x",
	"one/./x", "two/../y", `back\slash`, "tab\tx", "line\nx", "\x01", "\u0085", "\uffff",
	"long/" + strings.Repeat("s", 255), strings.TrimSuffix(strings.Repeat("d/", 260), "/"),
}

var foreignChecks = []check{
	{
		name: "foreign/listed", feature: Keys,
		rule: "rule 29: what a list shows can be described, read, copied, signed for and " +
			"deleted, whatever its key",
		run: func(ctx context.Context, e *env) error {
			planted, err := e.plant(ctx, foreignKeys...)
			if err != nil {
				return err
			}
			all, err := e.list(ctx, &storage.ListOptions{Prefix: e.prefix})
			if err != nil {
				return err
			}
			if len(all) < len(planted) { // whatever a service makes of their names
				e.errorf("%d objects are in the list of %d: %s", len(all), len(planted),
					e.names(all))
			}
			for _, o := range all {
				e.tracked.wrote(o.Key)
				e.reachable(ctx, o)
			}
			return e.deletable(ctx, all)
		},
	},
	{
		name: "foreign/apart", feature: Keys,
		rule: "rule 29: a key that is not there is missing or ErrInvalidKey for reads and " +
			"deletes, and is never taken for another",
		run: func(ctx context.Context, e *env) error {
			keys := []string{"a/b", "lead", "dir", "dot", "A"}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			for _, odd := range []string{
				"a//b", "/lead", "//lead", "dir/", "dir//", "dot.", "dot/.", "./lead", "a/./b",
				"a/x/../b", "../" + lastSegment(e.prefix) + "/lead", `a\b`, "a/b/",
			} {
				e.absentKey(ctx, odd)
			}
			for _, k := range keys {
				e.holds(ctx, e.key(k), []byte(k))
			}
			return nil
		},
	},
	{
		name: "foreign/view", feature: Buckets,
		rule: "rule 29: an object whose key is the prefix of a view is not in the view's lists, " +
			"and " +
			"goes with its DeletePrefix",
		run: func(ctx context.Context, e *env) error {
			planted, err := e.plant(ctx, "dir/", "dir/x")
			if err != nil {
				return err
			}
			view := e.bucket(nil).Prefix("dir/")
			for _, delimiter := range []string{"", "/"} {
				opts := &storage.ListOptions{Delimiter: delimiter}
				page, err := view.ListPage(ctx, opts)
				if e.got("ListPage of a view", err, nil) {
					e.isOnly("ListPage of a view", "x", page.Objects)
				}
				var all []*storage.Object
				for o, err := range view.List(ctx, opts) {
					if !e.got("List of a view", err, nil) {
						break
					}
					all = append(all, o)
				}
				e.isOnly("List of a view", "x", all)
			}
			n, err := view.DeletePrefix(ctx, "", nil)
			if e.got("DeletePrefix of a view", err, nil) && n != len(planted) {
				e.errorf("DeletePrefix of a view = %d, want %d", n, len(planted))
			}
			e.listed(ctx, "")
			return nil
		},
	},
	{
		name: "foreign/headers", feature: Metadata,
		rule: "rule 29: headers and metadata that a Bucket would not write come back exactly, or " +
			"are " +
			"ErrInvalid and nothing is written",
		run: func(ctx context.Context, e *env) error {
			for i, o := range oddAttributes {
				key := e.key(fmt.Sprint(i))
				if _, err := e.put(ctx, key, pattern(10, 1), attributesOf(o)); err != nil {
					if e.got(fmt.Sprintf("Put with %s", odd(o)), err, storage.ErrInvalid) {
						e.missing(ctx, key)
					}
					continue
				}
				got, err := e.stat(ctx, key, nil)
				if err != nil {
					return err
				}
				e.keeps("Stat", got, o)
				_, r, err := e.get(ctx, key, nil)
				if err != nil {
					return err
				}
				e.keeps("Get", r.Object, o)
			}
			return nil
		},
	},
	{
		name: "foreign/update", feature: Buckets, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 29: Update keeps headers and metadata that are there already, and judges new " +
			"ones",
		run: onForeign(func(ctx context.Context, e *env, b *storage.Bucket, o *storage.Object) {
			_, err := b.Update(ctx, "k", func(old []byte, now *storage.Object) ([]byte, error) {
				if now.Metadata == nil {
					now.Metadata = make(map[string]string)
				}
				now.Metadata["added"] = "1"
				return append(old, "more"...), nil
			})
			if !e.got(fmt.Sprintf("Update of an object with %s", odd(o)), err, nil) {
				return
			}
			now, err := e.stat(ctx, e.key("k"), nil)
			if e.got("Stat", err, nil) {
				want := *o
				want.Metadata = maps.Clone(o.Metadata)
				if want.Metadata == nil {
					want.Metadata = make(map[string]string)
				}
				want.Metadata["added"] = "1"
				e.keeps("Update", now, &want)
			}
			_, err = b.Update(ctx, "k", func(old []byte, now *storage.Object) ([]byte, error) {
				now.ContentDisposition += "\u00fc"
				return old, nil
			})
			e.got("Update with a new header that is not ASCII", err, storage.ErrInvalid)
		}),
	},
	{
		name: "foreign/copy", feature: Buckets,
		rule: "rule 29: a copy keeps headers and metadata of its source, also with Replace from " +
			"its " +
			"Object, and judges new ones",
		run: onForeign(func(ctx context.Context, e *env, b *storage.Bucket, o *storage.Object) {
			src, err := b.Stat(ctx, "k", nil)
			if !e.got("Stat", err, nil) {
				return
			}
			replace := &storage.CopyOptions{Replace: true, Metadata: maps.Clone(src.Metadata)}
			replace.ContentDisposition = src.ContentDisposition
			replace.ContentLanguage = src.ContentLanguage
			other := storage.New(stranger{e.tracked}, nil).Prefix(e.prefix)
			for what, copied := range map[string]func(dst string) error{
				"Copy": func(dst string) error {
					_, err := b.Copy(ctx, dst, "k", nil)
					return err
				},
				"Copy with Replace": func(dst string) error {
					_, err := b.Copy(ctx, dst, "k", replace)
					return err
				},
				"CopyObject to another Store": func(dst string) error {
					_, err := storage.CopyObject(ctx, other, dst, b, "k", nil)
					return err
				},
				"CopyObject with Replace": func(dst string) error {
					_, err := storage.CopyObject(ctx, other, dst, b, "k", replace)
					return err
				},
				"a conditional Copy": func(dst string) error {
					if !e.has(IfAbsent) {
						_, err := b.Copy(ctx, dst, "k", nil)
						return err
					}
					_, err := b.Copy(ctx, dst, "k", &storage.CopyOptions{IfAbsent: true})
					return err
				},
			} {
				what += fmt.Sprintf(" of an object with %s", odd(o))
				dst := strings.ReplaceAll(strings.ToLower(what[:20]), " ", "-")
				if !e.got(what, copied(dst), nil) {
					continue
				}
				now, err := e.stat(ctx, e.key(dst), nil)
				if e.got("Stat of the copy", err, nil) {
					e.keeps(what, now, o)
				}
				e.got("Delete", b.Delete(ctx, dst, nil), nil)
			}
			replace.ContentDisposition += "\u00fc"
			_, err = b.Copy(ctx, "new", "k", replace)
			e.got("Copy with a new header that is not ASCII", err, storage.ErrInvalid)
		}),
	},
}

// stranger is the Store under test in a way that a Bucket does not know again.
type stranger struct{ storage.FullStore }

// oddAttributes are what a Bucket does not let a new object have.
var oddAttributes = []*storage.Object{
	{ContentDisposition: "attachment; filename=\"na\u00efve \u2013 plan.txt\""},
	{ContentDisposition: "a\tb"}, {ContentDisposition: " x "}, {ContentDisposition: "a\nb"},
	{ContentLanguage: "\xfc"},
	{Metadata: map[string]string{"_owner": "me"}}, {Metadata: map[string]string{"sha256!sum": "0"}},
	{Metadata: map[string]string{"a b": "1"}}, {Metadata: map[string]string{"\u00fc": "1"}},
	{Metadata: map[string]string{"a": "new\nline"}}, {Metadata: map[string]string{"a": "\xfc"}},
}

// odd describes what is odd.
func odd(o *storage.Object) string {
	return fmt.Sprintf("the headers %+q and the metadata %+q",
		o.ContentDisposition+o.ContentLanguage, o.Metadata)
}

func attributesOf(o *storage.Object) *storage.PutOptions {
	return &storage.PutOptions{
		ContentType: "text/plain", ContentDisposition: o.ContentDisposition,
		ContentLanguage: o.ContentLanguage, Metadata: maps.Clone(o.Metadata),
	}
}

// keeps notes attributes of an object that are not those of want.
func (e *env) keeps(what string, got, want *storage.Object) {
	if got.ContentDisposition != want.ContentDisposition ||
		got.ContentLanguage != want.ContentLanguage {
		e.errorf("%s: ContentDisposition %+q and ContentLanguage %+q, want %+q and %+q", what,
			got.ContentDisposition, got.ContentLanguage,
			want.ContentDisposition, want.ContentLanguage)
	}
	entries := maps.Clone(got.Metadata)
	delete(entries, writeID)
	if diff := cmp.Diff(want.Metadata, entries, cmpopts.EquateEmpty()); diff != "" {
		e.errorf("%s: metadata (-want +got):\n%s", what, diff)
	}
}

// onForeign runs fn for each odd object that the Store can hold, which is under k.
func onForeign(
	fn func(ctx context.Context, e *env, b *storage.Bucket, o *storage.Object),
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		n := 0
		for _, o := range oddAttributes {
			_, err := e.put(ctx, e.key("k"), pattern(10, 1), attributesOf(o))
			if errors.Is(err, storage.ErrInvalid) {
				continue
			}
			if err != nil {
				return err
			}
			n++
			fn(ctx, e, e.bucket(nil), o)
		}
		if n == 0 {
			return notRun("the Store holds no attributes but those that a Bucket writes")
		}
		return nil
	}
}

// plant writes objects as another program would, and returns the keys that the service took.
func (e *env) plant(ctx context.Context, keys ...string) (planted []string, err error) {
	foreign := 0
	for _, key := range keys {
		data := []byte(key)
		if strings.HasSuffix(key, "/") {
			data = nil
		}
		e.tracked.wrote(e.key(key))
		err := e.foreign(ctx, &storage.Object{Key: e.key(key), Size: int64(len(data))}, data)
		switch {
		case errors.Is(err, storage.ErrInvalid), errors.Is(err, errors.ErrUnsupported):
			continue
		case err != nil:
			return nil, fmt.Errorf("writing %.40q as another program: %w", key, err)
		}
		planted = append(planted, key)
		if storage.PortableKey(e.key(key)) != nil {
			foreign++
		}
	}
	if foreign == 0 {
		return nil, notRun("the Store takes none of the keys; Options.Foreign would write them")
	}
	return planted, nil
}

func (e *env) foreign(ctx context.Context, o *storage.Object, data []byte) error {
	if e.opts.Foreign != nil {
		return e.opts.Foreign(ctx, o, data)
	}
	_, err := e.store.Put(ctx, o.Key, bytes.NewReader(data), o.Size, new(storage.PutOptions))
	return err
}

// reachable notes a method that does not reach an object of a list.
func (e *env) reachable(ctx context.Context, o *storage.Object) {
	what := fmt.Sprintf("of %.40q, which is in a list,", e.short(o.Key))
	if now, err := e.stat(ctx, o.Key, nil); e.got("Stat "+what, err, nil) && now.Size != o.Size {
		e.errorf("Stat %s: %d bytes, want %d", what, now.Size, o.Size)
	}
	data, _, err := e.get(ctx, o.Key, nil)
	if !e.got("Get "+what, err, nil) {
		return
	}
	if int64(len(data)) != o.Size {
		e.errorf("Get %s: %d bytes, want %d", what, len(data), o.Size)
	}
	if _, err := e.bucket(nil).Copy(ctx, "the copy", e.short(o.Key), nil); e.got("Copy "+what, err,
		nil) {
		e.holds(ctx, e.key("the copy"), data)
		err := e.store.Delete(ctx, e.key("the copy"), &storage.DeleteOptions{})
		e.got("Delete of the copy", err, nil)
	}
	if !e.has(SignURL) {
		return
	}
	u, err := e.sign(ctx, o.Key, storage.SignOptions{Expires: time.Minute})
	if e.got("SignURL "+what, err, nil) {
		if a := e.follow(ctx, u, nil); a.ok("signed GET " + what) {
			e.same("signed GET "+what, a.body, data)
		}
	}
}

// deletable deletes the objects of a list, each other one by a batch where there are batches, and
// notes what is left.
func (e *env) deletable(ctx context.Context, all []*storage.Object) error {
	var batch []string
	for i, o := range slices.Backward(all) { // a directory after what is in it
		if i%2 == 0 && len(batch) < e.store.MaxBatch() {
			batch = append(batch, o.Key)
			continue
		}
		err := e.store.Delete(ctx, o.Key, &storage.DeleteOptions{})
		e.got(fmt.Sprintf("Delete of %.40q", e.short(o.Key)), err, nil)
	}
	if len(batch) > 0 {
		errs, err := e.store.DeleteBatch(ctx, batch, &storage.DeleteBatchOptions{})
		if err != nil {
			return err
		}
		for i, err := range errs {
			e.got(fmt.Sprintf("DeleteBatch of %.40q", e.short(batch[i])), err, nil)
		}
	}
	left, err := e.list(ctx, &storage.ListOptions{Prefix: e.prefix})
	if e.got("List", err, nil) && len(left) > 0 {
		e.errorf("what was deleted is still there: %.200s", e.names(left))
	}
	return nil
}

// absentKey notes a method that finds something under a key that nothing is under, or an error that
// is neither its absence nor the key's.
func (e *env) absentKey(ctx context.Context, name string) {
	key := e.key(name)
	fine := func(what string, err, missing error) {
		if !errors.Is(err, missing) && !errors.Is(err, storage.ErrInvalidKey) {
			e.errorf("%s of %q, which is not there: %w; want %v or %v", what, name, err, missing,
				storage.ErrInvalidKey)
		}
	}
	_, err := e.stat(ctx, key, nil)
	fine("Stat", err, storage.ErrNotExist)
	_, _, err = e.get(ctx, key, nil)
	fine("Get", err, storage.ErrNotExist)
	_, err = e.bucket(nil).Copy(ctx, "the copy", name, nil)
	fine("Copy", err, storage.ErrNotExist)
	fine("Delete", e.store.Delete(ctx, key, &storage.DeleteOptions{}), nil)
	if e.store.MaxBatch() < 1 {
		return
	}
	errs, err := e.store.DeleteBatch(ctx, []string{key}, &storage.DeleteBatchOptions{})
	if err == nil && len(errs) == 1 {
		err = errs[0]
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		fine("DeleteBatch", err, nil)
	}
}

// isOnly notes a list that is not the one name.
func (e *env) isOnly(what, name string, all []*storage.Object) {
	if len(all) != 1 || all[0].Key != name {
		e.errorf("%s = %s, want %q alone", what, e.names(all), name)
	}
}

// lastSegment is the last segment of a prefix that ends in a slash.
func lastSegment(prefix string) string {
	prefix = strings.TrimSuffix(prefix, "/")
	return prefix[strings.LastIndex(prefix, "/")+1:]
}
