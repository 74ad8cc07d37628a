package conformance

import (
	"context"
	"maps"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/polystore/storage"
)

// someTags are tags that every service with tags takes.
func someTags() map[string]string { return map[string]string{"project": "x 1", "tier": "a+b"} }

var tagChecks = []check{
	{
		name: "tags/read", feature: Tags,
		rule: "rule 6: Tags returns the tags of the object, Get and Stat count them, and a write " +
			"keeps none of the object before",
		covers: []string{"Object.TagCount"},
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			for _, tags := range []map[string]string{someTags(), {"other": "1"}, nil} {
				opts := &storage.PutOptions{Tags: tags}
				if _, err := e.put(ctx, key, pattern(10, 1), opts); err != nil {
					return err
				}
				e.tagged(ctx, key, tags)
			}
			_, err := e.store.Tags(ctx, e.key("missing"), &storage.TagsOptions{})
			e.got("Tags of a missing object", err, storage.ErrNotExist)
			return nil
		},
	},
	{
		name: "tags/version", feature: Versions, needs: []Feature{Tags},
		rule:   "rule 13: Tags with a VersionID returns those of that version",
		covers: []string{"TagsOptions.VersionID"},
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			opts := &storage.PutOptions{Tags: someTags()}
			if _, err := e.put(ctx, key, pattern(10, 1), opts); err != nil {
				return err
			}
			o, err := e.stat(ctx, key, nil)
			if err != nil {
				return err
			}
			if _, err := e.put(ctx, key, pattern(10, 2), nil); err != nil {
				return err
			}
			version := &storage.StatOptions{VersionID: o.VersionID}
			if _, err := e.store.Stat(ctx, key, version); err != nil || o.VersionID == "" {
				return notRun("the bucket keeps no versions")
			}
			got, err := e.store.Tags(ctx, key, &storage.TagsOptions{VersionID: o.VersionID})
			if e.got("Tags of a version", err, nil) && !maps.Equal(got, someTags()) {
				e.errorf("Tags of a version = %v, want %v", got, someTags())
			}
			return nil
		},
	},
	{
		name: "copy/keeps-tags", feature: Tags, needs: []Feature{Copy},
		rule: "rule 21: Copy without Replace keeps the tags of the source",
		run: func(ctx context.Context, e *env) error {
			opts := &storage.PutOptions{Tags: someTags()}
			if _, err := e.put(ctx, e.key("src"), pattern(10, 1), opts); err != nil {
				return err
			}
			if _, err := e.put(ctx, e.key("bare"), pattern(10, 1), nil); err != nil {
				return err
			}
			if _, err := e.copy(ctx, e.key("dst"), e.key("src"), nil); err != nil {
				return err
			}
			e.tagged(ctx, e.key("dst"), someTags())
			if _, err := e.copy(ctx, e.key("dst"), e.key("bare"), nil); err != nil {
				return err
			}
			e.tagged(ctx, e.key("dst"), nil)
			return nil
		},
	},
}

// tagged notes other tags than want, and a wrong number of them.
func (e *env) tagged(ctx context.Context, key string, want map[string]string) {
	got, err := e.store.Tags(ctx, key, &storage.TagsOptions{})
	if !e.got("Tags", err, nil) {
		return
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		e.errorf("Tags of %s (-want +got):\n%s", e.short(key), diff)
	}
	o, err := e.stat(ctx, key, nil)
	if e.got("Stat", err, nil) && o.TagCount != len(want) && o.TagCount != -1 {
		e.errorf("Stat of %s: TagCount %d, want %d or -1", e.short(key), o.TagCount, len(want))
	}
	_, r, err := e.get(ctx, key, nil)
	if e.got("Get", err, nil) && r.Object.TagCount != len(want) && r.Object.TagCount != -1 {
		e.errorf("Get of %s: TagCount %d, want %d or -1", e.short(key), r.Object.TagCount,
			len(want))
	}
}
