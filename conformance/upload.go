package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

var uploadChecks = []check{
	{
		name: "upload/abort", feature: AbortUpload,
		rule: "rule 3: an aborted upload is gone: it can be neither completed nor continued, and " +
			"leaves no object",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := u.send(ctx, 1000); err != nil {
				return err
			}
			if err := e.store.AbortUpload(ctx, u.key, u.id); err != nil {
				return err
			}
			_, err := u.complete(ctx, nil)
			e.got("CompleteUpload after AbortUpload", err, storage.ErrNotExist)
			_, err = u.part(ctx, 2, pattern(10, 1), 1000, true)
			e.got("PutPart after AbortUpload", err, storage.ErrNotExist)
			e.missing(ctx, u.key)
			return nil
		}),
	},
	{
		name: "upload/abort-missing", feature: AbortUpload,
		rule: "rule 3: AbortUpload of an upload that is not there is no error",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			for i := range 3 {
				e.got(fmt.Sprintf("AbortUpload number %d", i+1),
					e.store.AbortUpload(ctx, u.key, u.id), nil)
			}
			return nil
		}),
	},
	{
		name: "upload/complete-gone", feature: Multipart,
		rule: "rule 11: CompleteUpload of an upload that is complete already is ErrNotExist or " +
			"ErrChanged, and changes nothing",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := u.send(ctx, 1000); err != nil {
				return err
			}
			if _, err := u.complete(ctx, nil); err != nil {
				return err
			}
			if _, err := e.put(ctx, u.key, []byte("newer"), nil); err != nil {
				return err
			}
			_, err := u.complete(ctx, nil)
			// Where uploads of one key share their parts, the parts may have been swept.
			if !errors.Is(err, storage.ErrChanged) {
				e.got("CompleteUpload again", err, storage.ErrNotExist)
			}
			e.holds(ctx, u.key, []byte("newer"))
			return nil
		}),
	},
	{
		name: "upload/parts", feature: ListParts,
		rule: "rule 18: ListPartsPage gives every part in order of number, at any page size",
		covers: []string{"ListPartsOptions", "ListPartsOptions.PageSize",
			"ListPartsOptions.PageToken", "PartPage.Parts", "PartPage.NextToken"},
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if u.limits.Parallel {
				parallel(5, func(i int) {
					_, err := u.part(ctx, 5-i, pattern(100+i, uint64(i)), int64((4-i)*100), i == 0)
					e.got("PutPart", err, nil)
				})
			} else if err := u.send(ctx, 100); err != nil {
				return err
			}
			var whole []*storage.Part
			for _, size := range []int{0, 1, 2} {
				var all []*storage.Part
				opts := storage.ListPartsOptions{PageSize: size}
				for range 20 {
					page, err := e.store.ListPartsPage(ctx, u.key, u.id, &opts)
					if err != nil {
						return fmt.Errorf("ListPartsPage: %w", err)
					}
					if size > 0 && len(page.Parts) > size {
						e.errorf("a page of %d parts, PageSize %d", len(page.Parts), size)
					}
					all = append(all, page.Parts...)
					if opts.PageToken = page.NextToken; opts.PageToken == "" {
						break
					}
				}
				if size == 0 {
					whole = all
					var got []string
					for _, p := range all {
						got = append(got, fmt.Sprint(p.Number, ":", p.Size))
					}
					if want := "[1:104 2:103 3:102 4:101 5:100]"; u.limits.Parallel &&
						fmt.Sprint(got) != want {
						e.errorf("ListPartsPage = %v, want %s", got, want)
					}
				}
				if diff := cmp.Diff(whole, all); diff != "" {
					e.errorf("at PageSize %d (-all +paged):\n%s", size, diff)
				}
			}
			return nil
		}),
	},
	{
		name: "upload/parts-missing", feature: ListParts, needs: []Feature{AbortUpload},
		rule: "rule 24: ListPartsPage of an upload that is gone is ErrNotExist",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := e.store.AbortUpload(ctx, u.key, u.id); err != nil {
				return err
			}
			_, err := e.store.ListPartsPage(ctx, u.key, u.id, &storage.ListPartsOptions{})
			e.got("ListPartsPage after AbortUpload", err, storage.ErrNotExist)
			return nil
		}),
	},
	{
		name: "upload/list", feature: ListUploads,
		rule: "rule 18: ListUploadsPage gives the uploads of a key that are neither complete " +
			"nor aborted",
		covers: []string{"Upload.Key", "Upload.ID", "Upload.Created", "UploadPage.Uploads",
			"UploadPage.NextToken"},
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			second, err := e.begin(ctx, u.key, nil)
			if err != nil {
				return err
			}
			done, err := e.begin(ctx, u.key, nil)
			if err != nil {
				return err
			}
			if err := done.send(ctx, 100); err != nil {
				return err
			}
			if _, err := done.complete(ctx, nil); err != nil {
				return err
			}
			all, err := e.uploads(ctx, u.key, 0)
			if err != nil {
				return err
			}
			var got []string
			for _, up := range all {
				if up.Key != u.key {
					e.errorf("an upload of %q, with the prefix %q", up.Key, u.key)
				}
				if off := time.Since(up.Created).Abs(); !up.Created.IsZero() && off > 24*time.Hour {
					e.errorf("Created = %v, which is %v from now", up.Created, off)
				}
				got = append(got, up.ID)
			}
			want := []string{u.id, second.id}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				e.errorf("uploads of one key (-want +got):\n%s", diff)
			}
			return nil
		}),
	},
	{
		name: "upload/list-prefix", feature: ListUploadsPrefix,
		needs: []Feature{Multipart, ListUploads},
		rule: "rule 18: ListUploadsPage gives the uploads below a prefix in order of key, at " +
			"any page size",
		run: func(ctx context.Context, e *env) error {
			names := []string{"a", "a-b", "a/b", "c"}
			for _, n := range names {
				if _, err := e.begin(ctx, e.key("in/"+n), nil); err != nil {
					return err
				}
			}
			if _, err := e.begin(ctx, e.key("out"), nil); err != nil {
				return err
			}
			for _, size := range []int{0, 1, 3} {
				all, err := e.uploads(ctx, e.key("in/"), size)
				if err != nil {
					return err
				}
				var got []string
				for _, up := range all {
					got = append(got, strings.TrimPrefix(up.Key, e.key("in/")))
				}
				if diff := cmp.Diff(names, got); diff != "" {
					e.errorf("at PageSize %d (-want +got):\n%s", size, diff)
				}
			}
			return nil
		},
	},
	{
		name: "upload/list-options", feature: ListUploads,
		rule: "rule 26: ListUploadsPage with a Delimiter or StartAfter is errors.ErrUnsupported: " +
			"no option is ignored",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if _, err := e.uploads(ctx, u.key, 0); err != nil {
				return err
			}
			for _, opts := range []storage.ListOptions{{Delimiter: "/"}, {StartAfter: u.key}} {
				opts.Prefix = u.key
				_, err := e.store.ListUploadsPage(ctx, &opts)
				what := fmt.Sprintf("ListUploadsPage {Delimiter: %q, StartAfter: %q}",
					opts.Delimiter, e.short(opts.StartAfter))
				e.got(what, err, errors.ErrUnsupported)
			}
			return nil
		}),
	},
	{
		name: "upload/copy-part", feature: CopyPart,
		rule: "rule 21: CopyPart makes a part of exactly a range of an object",
		covers: []string{"CopyPartOptions", "CopyPartOptions.PartOptions",
			"CopyPartOptions.SourceOffset", "CopyPartOptions.SourceLength"},
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			src, data := e.key("the source+of %41 ü"), pattern(5000, 4)
			if _, err := e.put(ctx, src, data, nil); err != nil {
				return err
			}
			p, err := e.store.CopyPart(ctx, u.key, u.id, 1, src, &storage.CopyPartOptions{
				PartOptions: storage.PartOptions{Last: true}, SourceOffset: 100, SourceLength: 2000,
			})
			if err != nil {
				return err
			}
			if p.Number != 1 || p.Size != 2000 {
				e.errorf("CopyPart of 2000 bytes = part %d of %d bytes", p.Number, p.Size)
			}
			u.parts = []*storage.Part{p}
			if _, err := u.complete(ctx, nil); err != nil {
				return err
			}
			e.holds(ctx, u.key, data[100:2100])
			return nil
		}),
	},
	{
		name: "upload/copy-part-if-match", feature: CopyPart, needs: []Feature{CopySourceIfMatch},
		rule: "rule 13: CopyPart with SourceIfMatch copies that version, and of a changed " +
			"source is ErrPrecondition",
		covers: []string{"CopyPartOptions.SourceIfMatch"},
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			src := e.key("source")
			old, err := e.put(ctx, src, pattern(100, 1), nil)
			if err != nil {
				return err
			}
			now, err := e.put(ctx, src, pattern(100, 2), nil)
			if err != nil {
				return err
			}
			opts := &storage.CopyPartOptions{
				PartOptions:   storage.PartOptions{Last: true},
				SourceLength:  100,
				SourceIfMatch: now.ETag,
			}
			if _, err := e.store.CopyPart(ctx, u.key, u.id, 1, src, opts); err != nil {
				return err
			}
			opts.SourceIfMatch = old.ETag
			_, err = e.store.CopyPart(ctx, u.key, u.id, 1, src, opts)
			e.got("CopyPart with the old ETag", err, storage.ErrPrecondition)
			return nil
		}),
	},
	{
		name: "upload/copy-part-version", feature: Versions, needs: []Feature{Multipart, CopyPart},
		rule:   "rule 13: CopyPart with a SourceVersionID copies that version",
		covers: []string{"CopyPartOptions.SourceVersionID"},
		run: versioned(func(ctx context.Context, e *env, key string, first, _ *storage.Object) {
			u, err := e.begin(ctx, e.key("upload"), nil)
			if !e.got("CreateUpload", err, nil) {
				return
			}
			p, err := e.store.CopyPart(ctx, u.key, u.id, 1, key, &storage.CopyPartOptions{
				PartOptions: storage.PartOptions{Last: true}, SourceLength: 100,
				SourceVersionID: first.VersionID,
			})
			if !e.got("CopyPart of a version", err, nil) {
				return
			}
			u.parts = []*storage.Part{p}
			_, err = u.complete(ctx, nil)
			if e.got("CompleteUpload", err, nil) {
				e.holds(ctx, u.key, pattern(100, 1))
			}
		}),
	},
}

// uploads reads every page of uploads below a prefix.
func (e *env) uploads(ctx context.Context, prefix string, size int) ([]*storage.Upload, error) {
	var all []*storage.Upload
	opts := storage.ListOptions{Prefix: prefix, PageSize: size}
	for range 1000 {
		page, err := e.store.ListUploadsPage(ctx, &opts)
		if err != nil {
			return nil, fmt.Errorf("ListUploadsPage: %w", err)
		}
		if size > 0 && len(page.Uploads) > size {
			e.errorf("a page of %d uploads, PageSize %d", len(page.Uploads), size)
		}
		all = append(all, page.Uploads...)
		if opts.PageToken = page.NextToken; opts.PageToken == "" {
			return all, nil
		}
	}
	return nil, fmt.Errorf("the list of uploads has no end")
}
