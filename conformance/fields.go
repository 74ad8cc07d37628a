package conformance

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// headers are the fields that a write sets and a read returns, and a value for each that not every
// server would keep by itself.
var headers = []struct {
	feature     Feature // of writing it
	name, value string
	put         func(*storage.PutOptions, string)
	copy        func(*storage.CopyOptions, string)
	get         func(*storage.Object) string
}{
	{
		ExactContentType, "ContentType", `text/html; charset="utf-8"; x=y`,
		func(o *storage.PutOptions, v string) { o.ContentType = v },
		func(o *storage.CopyOptions, v string) { o.ContentType = v },
		func(o *storage.Object) string { return o.ContentType },
	},
	{
		Writes, "ContentEncoding", "zstd",
		func(o *storage.PutOptions, v string) { o.ContentEncoding = v },
		func(o *storage.CopyOptions, v string) { o.ContentEncoding = v },
		func(o *storage.Object) string { return o.ContentEncoding },
	},
	{
		Writes, "ContentDisposition", `attachment; filename="a b.txt"; filename*=UTF-8''a%20b.txt`,
		func(o *storage.PutOptions, v string) { o.ContentDisposition = v },
		func(o *storage.CopyOptions, v string) { o.ContentDisposition = v },
		func(o *storage.Object) string { return o.ContentDisposition },
	},
	{
		Writes, "ContentLanguage", "de-CH, en",
		func(o *storage.PutOptions, v string) { o.ContentLanguage = v },
		func(o *storage.CopyOptions, v string) { o.ContentLanguage = v },
		func(o *storage.Object) string { return o.ContentLanguage },
	},
	{
		Writes, "CacheControl", "private, max-age=31536000, immutable",
		func(o *storage.PutOptions, v string) { o.CacheControl = v },
		func(o *storage.CopyOptions, v string) { o.CacheControl = v },
		func(o *storage.Object) string { return o.CacheControl },
	},
}

// fieldChecks has one check for each field of PutOptions that an Object shows again.
func fieldChecks() []check {
	var checks []check
	for _, h := range headers {
		checks = append(checks, check{
			name: "field/put-" + strings.ToLower(h.name), feature: h.feature,
			rule: fmt.Sprintf("rule 6: %s comes back from Get and Stat exactly, and stays "+
				"empty or the default where it is not given", h.name),
			covers: []string{"PutOptions." + h.name, "Object." + h.name},
			run: func(ctx context.Context, e *env) error {
				key := e.key("k")
				opts := new(storage.PutOptions)
				h.put(opts, h.value)
				if _, err := e.put(ctx, key, pattern(10, 1), opts); err != nil {
					return err
				}
				o, err := e.stat(ctx, key, nil)
				if err != nil {
					return err
				}
				_, r, err := e.get(ctx, key, nil)
				if err != nil {
					return err
				}
				if got := [2]string{h.get(o), h.get(r.Object)}; got != [2]string{h.value, h.value} {
					e.errorf("%s of Stat and Get = %q, want %q", h.name, got, h.value)
				}
				return nil
			},
		})
	}
	return append(checks, check{
		name: "field/put-storageclass", feature: StorageClass,
		rule:   "rule 6: StorageClass is what was asked for",
		covers: []string{"PutOptions.StorageClass", "Object.StorageClass"},
		run: func(ctx context.Context, e *env) error {
			class := e.storageClass()
			if _, err := e.put(ctx, e.key("k"), pattern(10, 1),
				&storage.PutOptions{StorageClass: class}); err != nil {
				return err
			}
			o, err := e.stat(ctx, e.key("k"), nil)
			if err != nil {
				return err
			}
			return e.isClass("Stat", o.StorageClass, class)
		},
	}, check{
		name: "field/put-tags", feature: Tags,
		rule:   "rule 6: Tags are taken, and are no metadata",
		covers: []string{"PutOptions.Tags"},
		run: func(ctx context.Context, e *env) error {
			opts := &storage.PutOptions{
				Tags:     map[string]string{"project": "x 1", "tier": "a+b"},
				Metadata: map[string]string{"a": "1"},
			}
			if _, err := e.put(ctx, e.key("k"), pattern(10, 1), opts); err != nil {
				return err
			}
			o, err := e.stat(ctx, e.key("k"), nil)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(map[string]string{"a": "1"}, o.Metadata); diff != "" {
				e.errorf("metadata beside tags (-want +got):\n%s", diff)
			}
			e.tagged(ctx, e.key("k"), opts.Tags)
			e.holds(ctx, e.key("k"), pattern(10, 1))
			return nil
		},
	})
}

// storageClass is the class to ask for.
func (e *env) storageClass() string {
	if e.opts.StorageClass != "" {
		return e.opts.StorageClass
	}
	return "STANDARD"
}

// isClass notes a storage class that is not the one asked for. Of the standard one services say
// nothing, and an option that was ignored looks the same.
func (e *env) isClass(what, got, want string) error {
	if got == "" && want == "STANDARD" {
		return notRun("STANDARD is not told from no class: name another one in " +
			"Options.StorageClass")
	}
	if got != want {
		e.errorf("%s: storage class %q, want %q", what, got, want)
	}
	return nil
}
