package conformance

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

var copyChecks = append([]check{
	{
		name: "copy/keeps", feature: Copy,
		rule:   "rule 21: Copy without Replace keeps bytes, headers and metadata",
		covers: []string{"CopyOptions", "CopyOptions.Token"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			want, err := e.stat(ctx, src, nil)
			if err != nil {
				return err
			}
			if _, err := e.copy(ctx, dst, src, nil); err != nil {
				return err
			}
			e.holds(ctx, dst, pattern(5000, 1))
			got, err := e.stat(ctx, dst, nil)
			if err != nil {
				return err
			}
			want.Key, want.ETag, want.ModTime, want.VersionID = got.Key, got.ETag, got.ModTime,
				got.VersionID
			e.sameObject("the copy", got, want, noChecksums)
			e.reported(ctx, dst, pattern(5000, 1))
			return nil
		}),
	},
	{
		name: "copy/replace", feature: CopyReplace,
		rule:   "rule 21: Copy with Replace keeps the bytes and nothing else",
		covers: []string{"CopyOptions.Replace", "CopyOptions.Metadata"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			if _, err := e.copy(ctx, dst, src,
				&storage.CopyOptions{Replace: true,
					Metadata: map[string]string{"new": "ü"}}); err != nil {
				return err
			}
			e.holds(ctx, dst, pattern(5000, 1))
			o, err := e.stat(ctx, dst, nil)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(map[string]string{"new": "ü"}, o.Metadata); diff != "" {
				e.errorf("metadata (-want +got):\n%s", diff)
			}
			for _, h := range headers {
				if v := h.get(o); v == h.value {
					e.errorf("%s of the source survived: %q", h.name, v)
				}
			}
			return nil
		}),
	},
	{
		name: "copy/overwrite", feature: Copy,
		rule: "rule 6: Copy over an object leaves nothing of it",
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			if _, err := e.put(ctx, dst, pattern(9000, 9),
				&storage.PutOptions{Metadata: map[string]string{"old": "1"}}); err != nil {
				return err
			}
			if _, err := e.copy(ctx, dst, src, nil); err != nil {
				return err
			}
			e.holds(ctx, dst, pattern(5000, 1))
			o, err := e.stat(ctx, dst, nil)
			if err == nil && o.Metadata["old"] != "" {
				e.errorf("metadata of the old object survived: %q", o.Metadata)
			}
			return err
		}),
	},
	{
		name: "copy/independent", feature: Copy,
		rule: "rule 21: a copy does not change with its source",
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			if _, err := e.copy(ctx, dst, src, nil); err != nil {
				return err
			}
			if _, err := e.put(ctx, src, pattern(10, 7), nil); err != nil {
				return err
			}
			e.holds(ctx, dst, pattern(5000, 1))
			if err := e.store.Delete(ctx, src, &storage.DeleteOptions{}); err != nil {
				return err
			}
			e.holds(ctx, dst, pattern(5000, 1))
			return nil
		}),
	},
	{
		name: "copy/missing", feature: Copy,
		rule: "rule 21: Copy of a missing source is ErrNotExist and creates nothing",
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			if _, err := e.copy(ctx, e.key("other"), src, nil); err != nil {
				return err
			}
			_, err := e.copy(ctx, dst, e.key("missing"), nil)
			e.got("Copy of a missing source", err, storage.ErrNotExist)
			e.missing(ctx, dst)
			return nil
		}),
	},
	{
		name: "copy/result", feature: Copy,
		rule:   "rule 4: Copy returns the ETag of the Stat that follows",
		covers: []string{"CopyResult.Object"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			o, err := e.copy(ctx, dst, src, nil)
			if err != nil {
				return err
			}
			s, err := e.stat(ctx, dst, nil)
			if err == nil {
				e.sameResult("Copy", o, s)
			}
			return err
		}),
	},
	{
		name: "copy/mod-time", feature: Copy,
		rule: "rule 4: ModTime of a copy says when it was made, and not when its source was",
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			source, err := e.stat(ctx, src, nil)
			if err != nil {
				return err
			}
			// What is overwritten must be younger than the source; some services count in seconds.
			for range 30 {
				if _, err := e.put(ctx, dst, []byte("old"), nil); err != nil {
					return err
				}
				old, err := e.stat(ctx, dst, nil)
				if err != nil {
					return err
				}
				if !old.ModTime.After(source.ModTime) {
					select {
					case <-time.After(100 * time.Millisecond):
						continue
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				if _, err := e.copy(ctx, dst, src, nil); err != nil {
					return err
				}
				o, err := e.stat(ctx, dst, nil)
				if err == nil && o.ModTime.Before(old.ModTime) {
					e.errorf("ModTime = %v, of its source %v, of what it replaced %v",
						o.ModTime, source.ModTime, old.ModTime)
				}
				return err
			}
			return notRun("all writes within three seconds have one ModTime")
		}),
	},
	{
		name: "copy/source-if-match", feature: CopySourceIfMatch,
		rule: "rule 9: Copy with SourceIfMatch copies that version, and of a changed source is " +
			"ErrPrecondition and copies nothing",
		covers: []string{"CopyOptions.SourceIfMatch"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			old, err := e.stat(ctx, src, nil)
			if err != nil {
				return err
			}
			now, err := e.put(ctx, src, []byte("second"), nil)
			if err != nil {
				return err
			}
			if _, err := e.copy(ctx, dst, src,
				&storage.CopyOptions{SourceIfMatch: now.ETag}); err != nil {
				return err
			}
			e.holds(ctx, dst, []byte("second"))
			for _, tag := range append([]string{old.ETag}, malformed...) {
				_, err = e.copy(ctx, e.key("never"), src, &storage.CopyOptions{SourceIfMatch: tag})
				e.got(fmt.Sprintf("Copy with SourceIfMatch %s of another version", tag), err,
					storage.ErrPrecondition)
			}
			e.missing(ctx, e.key("never"))
			return nil
		}),
	},
	{
		name: "copy/if-absent", feature: CopyConditions,
		rule:   "rule 10: IfAbsent holds for the destination of a Copy",
		covers: []string{"CopyOptions.IfAbsent"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			if _, err := e.copy(ctx, dst, src, &storage.CopyOptions{IfAbsent: true}); err != nil {
				return err
			}
			e.holds(ctx, dst, pattern(5000, 1))
			if _, err := e.put(ctx, dst, []byte("another's"), nil); err != nil {
				return err
			}
			_, err := e.copy(ctx, dst, src, &storage.CopyOptions{IfAbsent: true})
			e.got("Copy with IfAbsent onto an object", err, storage.ErrExist)
			e.holds(ctx, dst, []byte("another's"))
			return nil
		}),
	},
	{
		name: "copy/if-match", feature: CopyConditions,
		rule:   "rule 10: IfMatch holds for the destination of a Copy",
		covers: []string{"CopyOptions.IfMatch"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			old, err := e.put(ctx, dst, []byte("first"), nil)
			if err != nil {
				return err
			}
			now, err := e.put(ctx, dst, []byte("second"), nil)
			if err != nil {
				return err
			}
			_, err = e.copy(ctx, dst, src, &storage.CopyOptions{IfMatch: old.ETag})
			e.got("Copy with IfMatch onto a changed object", err, storage.ErrPrecondition)
			_, err = e.copy(ctx, e.key("missing"), src, &storage.CopyOptions{IfMatch: old.ETag})
			e.got("Copy with IfMatch onto a missing object", err, storage.ErrPrecondition)
			e.missing(ctx, e.key("missing"))
			e.holds(ctx, dst, []byte("second"))
			if _, err := e.copy(ctx, dst, src,
				&storage.CopyOptions{IfMatch: now.ETag}); err != nil {
				return err
			}
			e.holds(ctx, dst, pattern(5000, 1))
			return nil
		}),
	},
	{
		name: "copy/storageclass", feature: StorageClass, needs: []Feature{Copy},
		rule:   "rule 21: Copy gives the new object the StorageClass that was asked for",
		covers: []string{"CopyOptions.StorageClass"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			if _, err := e.copy(ctx, dst, src,
				&storage.CopyOptions{StorageClass: e.storageClass()}); err != nil {
				return err
			}
			o, err := e.stat(ctx, dst, nil)
			if err != nil {
				return err
			}
			return e.isClass("Stat of the copy", o.StorageClass, e.storageClass())
		}),
	},
	{
		name: "copy/tags", feature: Tags, needs: []Feature{Copy, CopyReplace},
		rule:   "rule 21: Copy with Replace takes Tags, and they are no metadata",
		covers: []string{"CopyOptions.Tags"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			opts := &storage.CopyOptions{
				Replace:  true,
				Tags:     map[string]string{"tier": "b"},
				Metadata: map[string]string{"a": "1"},
			}
			if _, err := e.copy(ctx, dst, src, opts); err != nil {
				return err
			}
			o, err := e.stat(ctx, dst, nil)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(map[string]string{"a": "1"}, o.Metadata); diff != "" {
				e.errorf("metadata beside tags (-want +got):\n%s", diff)
			}
			e.tagged(ctx, dst, opts.Tags)
			return nil
		}),
	},
}, copyHeaderChecks()...)

// copyHeaderChecks has one check for each header that Replace puts in place.
func copyHeaderChecks() []check {
	var checks []check
	for _, h := range headers {
		checks = append(checks, check{
			name: "copy/replace-" + strings.ToLower(h.name), feature: CopyReplace,
			rule: fmt.Sprintf("rule 21: Copy with Replace puts %s in place of the source's",
				h.name),
			covers: []string{"CopyOptions." + h.name},
			run: copied(func(ctx context.Context, e *env, src, dst string) error {
				if _, err := e.put(ctx, src, pattern(10, 1), nil); err != nil {
					return err
				}
				opts := &storage.CopyOptions{Replace: true}
				h.copy(opts, h.value)
				if _, err := e.copy(ctx, dst, src, opts); err != nil {
					return err
				}
				o, err := e.stat(ctx, dst, nil)
				if err == nil && h.get(o) != h.value {
					e.errorf("%s = %q, want %q", h.name, h.get(o), h.value)
				}
				return err
			}),
		})
	}
	return checks
}

// copied is a check on an object with every header to copy, and a destination.
func copied(
	fn func(ctx context.Context, e *env, src, dst string) error,
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		opts := &storage.PutOptions{Metadata: map[string]string{"a": "1", "b": "grüße"}}
		for _, h := range headers {
			if e.has(h.feature) {
				h.put(opts, h.value)
			}
		}
		// A source that must be escaped in a header or a URL.
		src, dst := e.key("the source+of %41 ü"), e.key("dst")
		if _, err := e.put(ctx, src, pattern(5000, 1), opts); err != nil {
			return err
		}
		return fn(ctx, e, src, dst)
	}
}

// copy copies with the Store, to the end.
func (e *env) copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.Object, error) {
	next := storage.CopyOptions{}
	if opts != nil {
		next = *opts
	}
	for range 10_000 {
		r, err := e.store.Copy(ctx, dst, src, &next)
		switch {
		case err != nil:
			return nil, fmt.Errorf("Copy: %w", err)
		case r == nil || r.Token == "" && r.Object == nil:
			return nil, fmt.Errorf("Copy = a result without Object or Token, nil")
		case r.Token == "":
			return r.Object, nil
		}
		next.Token = r.Token
	}
	return nil, fmt.Errorf("Copy has no end")
}
