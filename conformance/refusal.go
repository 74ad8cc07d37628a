package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/polystore/storage"
)

// foreignTokens are page and copy tokens that no Store gives out.
var foreignTokens = []string{"!", "no token of this Store", "%zz", "\x00"}

var refusalChecks = []check{
	{
		name: "multipart/no-parts", feature: Multipart,
		rule: "rule 1: CompleteUpload without parts is ErrInvalid and makes no object; " +
			"the upload stays",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			for _, parts := range [][]*storage.Part{nil, {}} {
				_, err := e.store.CompleteUpload(ctx, u.key, u.id, parts, &storage.PutOptions{})
				e.refused("CompleteUpload without parts", err)
			}
			e.missing(ctx, u.key)
			return u.finish(ctx)
		}),
	},
	{
		name: "multipart/part-order", feature: Multipart,
		rule: "rule 1: CompleteUpload with parts that are not in the order of their numbers " +
			"is ErrInvalid and makes no object; the upload stays",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := u.send(ctx, u.size, 1000); err != nil {
				return err
			}
			for _, order := range [][]*storage.Part{{u.parts[1], u.parts[0]},
				{u.parts[0], u.parts[0]}} {
				_, err := e.store.CompleteUpload(ctx, u.key, u.id, order, &storage.PutOptions{})
				e.refused(fmt.Sprintf("CompleteUpload with the parts %d, %d",
					order[0].Number, order[1].Number), err)
			}
			e.missing(ctx, u.key)
			if _, err := u.complete(ctx, nil); err != nil {
				return err
			}
			e.holds(ctx, u.key, u.data)
			return nil
		}),
	},
	{
		name: "multipart/other-key", feature: Multipart,
		rule: "rule 1: an upload is to one key: with another it is ErrNotExist, and nothing " +
			"becomes " +
			"of it",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := u.send(ctx, u.size, 1000); err != nil {
				return err
			}
			other := *u
			other.key = e.key("other")
			_, err := other.part(ctx, 2, pattern(1000, 1), int64(u.size), true)
			e.got("PutPart with another key", err, storage.ErrNotExist)
			_, err = other.complete(ctx, nil)
			e.got("CompleteUpload with another key", err, storage.ErrNotExist)
			if e.has(ListParts) {
				_, err = e.store.ListPartsPage(ctx, other.key, u.id, &storage.ListPartsOptions{})
				e.got("ListPartsPage with another key", err, storage.ErrNotExist)
			}
			if e.has(AbortUpload) {
				e.got("AbortUpload with another key", e.store.AbortUpload(ctx, other.key, u.id),
					nil)
			}
			e.missing(ctx, other.key)
			if _, err := u.complete(ctx, nil); err != nil {
				return err
			}
			e.holds(ctx, u.key, u.data)
			return nil
		}),
	},
	{
		name: "multipart/part-etag", feature: Multipart,
		rule: "rule 1: CompleteUpload with another ETag than that of the part is ErrInvalid and " +
			"makes no object; the upload stays",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := u.send(ctx, u.size, 1000); err != nil {
				return err
			}
			for i := range u.parts {
				wrong := slices.Clone(u.parts)
				made := *wrong[i]
				made.ETag = otherPartETag(made.ETag)
				wrong[i] = &made
				_, err := e.store.CompleteUpload(ctx, u.key, u.id, wrong, &storage.PutOptions{})
				e.refused(fmt.Sprintf("CompleteUpload with another ETag of part %d", i+1), err)
			}
			e.missing(ctx, u.key)
			if _, err := u.complete(ctx, nil); err != nil {
				return err
			}
			e.holds(ctx, u.key, u.data)
			return nil
		}),
	},
	{
		name: "delete/batch-limit", feature: DeleteBatch,
		rule: "rule 20: DeleteBatch of more keys than MaxBatch is ErrInvalid and deletes nothing",
		run: func(ctx context.Context, e *env) error {
			if _, err := e.put(ctx, e.key("k"), pattern(5, 1), nil); err != nil {
				return err
			}
			keys := []string{e.key("k")}
			for i := range max(e.store.MaxBatch(), 1) {
				keys = append(keys, e.key(fmt.Sprint("missing", i)))
			}
			_, err := e.store.DeleteBatch(ctx, keys, &storage.DeleteBatchOptions{})
			if errors.Is(err, errors.ErrUnsupported) {
				return err
			}
			e.refused(fmt.Sprintf("DeleteBatch of %d keys", len(keys)), err)
			e.holds(ctx, e.key("k"), pattern(5, 1))
			return nil
		},
	},
	{
		name: "list/foreign-token", feature: Lists,
		rule: "rule 18: ListPage refuses a PageToken that is not the Store's",
		run: onObject(10, func(ctx context.Context, e *env, _ string, _ []byte) {
			for _, token := range foreignTokens {
				_, err := e.store.ListPage(ctx, &storage.ListOptions{
					Prefix:    e.prefix,
					PageToken: token,
				})
				e.refusedToken("ListPage", token, err)
			}
		}),
	},
	{
		name: "upload/parts-foreign-token", feature: ListParts, needs: []Feature{Multipart},
		rule: "rule 18: ListPartsPage refuses a PageToken that is not the Store's",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := u.send(ctx, 100); err != nil {
				return err
			}
			for _, token := range foreignTokens {
				opts := &storage.ListPartsOptions{PageToken: token}
				_, err := e.store.ListPartsPage(ctx, u.key, u.id, opts)
				e.refusedToken("ListPartsPage", token, err)
			}
			return nil
		}),
	},
	{
		name: "upload/list-foreign-token", feature: ListUploads, needs: []Feature{Multipart},
		rule: "rule 18: ListUploadsPage refuses a PageToken that is not the Store's",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			for _, token := range foreignTokens {
				opts := &storage.ListOptions{Prefix: u.key, PageToken: token}
				_, err := e.store.ListUploadsPage(ctx, opts)
				e.refusedToken("ListUploadsPage", token, err)
			}
			return nil
		}),
	},
	{
		name: "copy/foreign-token", feature: Copy,
		rule: "rule 21: Copy refuses a Token that is not the Store's, and copies nothing",
		run: onObject(10, func(ctx context.Context, e *env, key string, _ []byte) {
			for _, token := range foreignTokens {
				_, err := e.store.Copy(ctx, e.key("copy"), key, &storage.CopyOptions{Token: token})
				e.refusedToken("Copy", token, err)
			}
			e.missing(ctx, e.key("copy"))
		}),
	},
}

// otherPartETag is the ETag of a part with one letter changed, so that it is of the same form.
func otherPartETag(etag string) string {
	b := []byte(etag)
	for i := len(b) / 2; i < len(b); i++ {
		switch c := b[i]; {
		case c == '0':
			b[i] = '1'
		case '1' <= c && c <= '9', 'b' <= c && c <= 'z', 'B' <= c && c <= 'Z':
			b[i]--
		case c == 'a' || c == 'A':
			b[i]++
		default:
			continue
		}
		return string(b)
	}
	return etag + "0"
}

// refused notes an error that is not a certain ErrInvalid.
func (e *env) refused(what string, err error) {
	var se *storage.Error
	if e.got(what, err, storage.ErrInvalid) && (!errors.As(err, &se) || se.InDoubt) {
		e.errorf("%s is in doubt: %w", what, err)
	}
}

// refusedToken notes a token that is taken, or refused otherwise than by the Store as ErrInvalid or
// by the service in its own way.
func (e *env) refusedToken(what, token string, err error) {
	what = fmt.Sprintf("%s with the token %q", what, token)
	var se *storage.Error
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		e.errorf("%s: %w", what, err)
	case errors.As(err, &se) && se.Status != 0 && !se.InDoubt:
	default:
		e.got(what, err, storage.ErrInvalid)
	}
}

// finish sends a part and completes the upload.
func (u *upload) finish(ctx context.Context) error {
	if err := u.send(ctx, 1000); err != nil {
		return err
	}
	if _, err := u.complete(ctx, nil); err != nil {
		return err
	}
	u.e.holds(ctx, u.key, u.data)
	return nil
}

var conditionOrderChecks = []check{
	{
		name: "condition/before-range", feature: Conditions,
		rule: "rule 12: the conditions of a read are decided before its range",
		run: changed(func(ctx context.Context, e *env, key, old, now string) {
			o, err := e.stat(ctx, key, nil)
			if !e.got("Stat", err, nil) {
				return
			}
			for _, tc := range []struct {
				what string
				opts storage.GetOptions
				want error
			}{
				{"an old IfMatch", storage.GetOptions{IfMatch: old}, storage.ErrPrecondition},
				{"IfMatch", storage.GetOptions{IfMatch: now}, storage.ErrRange},
				{"IfNoneMatch", storage.GetOptions{IfNoneMatch: now}, storage.ErrNotModified},
				{"an old IfNoneMatch", storage.GetOptions{IfNoneMatch: old}, storage.ErrRange},
				{"IfModifiedSince", storage.GetOptions{IfModifiedSince: o.ModTime},
					storage.ErrNotModified},
			} {
				tc.opts.Offset = 100
				_, _, err := e.get(ctx, key, &tc.opts)
				e.got("Get behind the end with "+tc.what, err, tc.want)
			}
			_, _, err = e.get(ctx, e.key("missing"), &storage.GetOptions{IfMatch: old, Offset: 100})
			e.got("Get of a missing key with IfMatch and a range", err, storage.ErrNotExist)
		}),
	},
	{
		name: "condition/none-match-first", feature: Conditions,
		rule: "rule 12: IfMatch is decided before IfNoneMatch, " +
			"and an IfNoneMatch makes IfModifiedSince void",
		run: changed(func(ctx context.Context, e *env, key, old, now string) {
			o, err := e.stat(ctx, key, nil)
			if !e.got("Stat", err, nil) {
				return
			}
			later, earlier := o.ModTime, o.ModTime.Add(-time.Hour)
			for _, tc := range []struct {
				what string
				opts storage.StatOptions
				want error
			}{
				{
					"an old IfNoneMatch and IfModifiedSince the write",
					storage.StatOptions{IfNoneMatch: old, IfModifiedSince: later}, nil,
				},
				{
					"IfNoneMatch and IfModifiedSince an hour before",
					storage.StatOptions{IfNoneMatch: now, IfModifiedSince: earlier},
					storage.ErrNotModified,
				},
				{
					"an old IfMatch and an old IfNoneMatch",
					storage.StatOptions{IfMatch: old, IfNoneMatch: old}, storage.ErrPrecondition,
				},
				{
					"an old IfMatch and IfNoneMatch",
					storage.StatOptions{IfMatch: old, IfNoneMatch: now}, storage.ErrPrecondition,
				},
				{
					"IfMatch and IfNoneMatch",
					storage.StatOptions{IfMatch: now, IfNoneMatch: now}, storage.ErrNotModified,
				},
			} {
				_, err := e.stat(ctx, key, &tc.opts)
				e.got("Stat with "+tc.what, err, tc.want)
				_, _, err = e.get(ctx, key, &storage.GetOptions{
					IfMatch: tc.opts.IfMatch, IfNoneMatch: tc.opts.IfNoneMatch,
					IfModifiedSince: tc.opts.IfModifiedSince,
				})
				e.got("Get with "+tc.what, err, tc.want)
			}
		}),
	},
}

// moreCancelledChecks has the methods that cancelledChecks does not have: those that need an
// upload, and SignURL.
func moreCancelledChecks() []check {
	calls := []struct {
		name  string
		needs Feature
		call  func(ctx context.Context, e *env, u *upload) error
	}{
		{"put-part", Multipart, func(ctx context.Context, _ *env, u *upload) error {
			_, err := u.part(ctx, 1, pattern(50, 9), 0, true)
			return err
		}},
		{"copy-part", CopyPart, func(ctx context.Context, e *env, u *upload) error {
			_, err := e.store.CopyPart(ctx, u.key, u.id, 1, e.key("other"),
				&storage.CopyPartOptions{
					PartOptions: storage.PartOptions{Last: true}, SourceLength: 20,
				})
			return err
		}},
		{"abort-upload", AbortUpload, func(ctx context.Context, e *env, u *upload) error {
			return e.store.AbortUpload(ctx, u.key, u.id)
		}},
		{"list-parts", ListParts, func(ctx context.Context, e *env, u *upload) error {
			_, err := e.store.ListPartsPage(ctx, u.key, u.id, &storage.ListPartsOptions{})
			return err
		}},
		{"list-uploads", ListUploads, func(ctx context.Context, e *env, u *upload) error {
			_, err := e.store.ListUploadsPage(ctx, &storage.ListOptions{Prefix: u.key})
			return err
		}},
	}
	checks := []check{{
		name: "context/cancelled-signurl", feature: Contexts, needs: []Feature{SignURL},
		rule: "rule 25: SignURL under a context that has ended is the context's error",
		run: func(ctx context.Context, e *env) error {
			cancelled, cancel := context.WithCancel(ctx)
			cancel()
			_, err := e.store.SignURL(cancelled, e.key("k"),
				&storage.SignOptions{Expires: time.Minute})
			e.got("SignURL", err, context.Canceled)
			return nil
		},
	}}
	for _, c := range calls {
		checks = append(checks, check{
			name: "context/cancelled-" + c.name, feature: Contexts,
			needs: []Feature{Multipart, c.needs},
			rule: "rule 25: " + c.name +
				" under a context that has ended is the context's error, and does nothing",
			run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
				if _, err := e.put(ctx, e.key("other"), pattern(20, 9), nil); err != nil {
					return err
				}
				if err := u.send(ctx, 100); err != nil {
					return err
				}
				cancelled, cancel := context.WithCancel(ctx)
				cancel()
				e.got(c.name, c.call(cancelled, e, u), context.Canceled)
				if _, err := u.complete(ctx, nil); err != nil {
					return err
				}
				e.holds(ctx, u.key, u.data)
				return nil
			}),
		})
	}
	return checks
}
