package conformance

import (
	"context"
	"regexp"

	"github.com/polystore/storage"
)

// entityTag is an entity tag of RFC 9110, section 8.8.3.
var entityTag = regexp.MustCompile(`^(W/)?"[\x21\x23-\x7e\x80-\xff]*"$`)

// etagChecks has one check for each answer of a Store that has an ETag in it.
func etagChecks() []check {
	type one func(ctx context.Context, e *env) (*storage.Object, error)
	type all func(ctx context.Context, e *env) ([]*storage.Object, error)
	object := func(get one) all {
		return func(ctx context.Context, e *env) ([]*storage.Object, error) {
			o, err := get(ctx, e)
			return []*storage.Object{o}, err
		}
	}
	answers := []struct {
		name, method string
		feature      Feature
		answer       all
	}{
		{"put", "Put", Conditions,
			object(func(ctx context.Context, e *env) (*storage.Object, error) {
				return e.put(ctx, e.key("k"), pattern(20, 2), nil)
			})},
		{"get", "Get", Conditions,
			object(func(ctx context.Context, e *env) (*storage.Object, error) {
				_, r, err := e.get(ctx, e.key("k"), nil)
				if err != nil {
					return nil, err
				}
				return r.Object, nil
			})},
		{"stat", "Stat", Conditions,
			object(func(ctx context.Context, e *env) (*storage.Object, error) {
				return e.stat(ctx, e.key("k"), nil)
			})},
		{"list", "ListPage", Conditions,
			func(ctx context.Context, e *env) ([]*storage.Object, error) {
				return e.list(ctx, &storage.ListOptions{Prefix: e.prefix})
			}},
		{"copy", "Copy", Copy, object(func(ctx context.Context, e *env) (*storage.Object, error) {
			return e.copy(ctx, e.key("copy"), e.key("k"), nil)
		})},
		{"complete-upload", "CompleteUpload", Multipart, object(completed)},
	}
	const form = " is an HTTP entity tag with its quotes, or ETagNone"
	var checks []check
	for _, a := range answers {
		checks = append(checks, check{
			name: "etag/" + a.name, feature: a.feature,
			rule: "rule 7: the ETag that " + a.method + " answers" + form,
			run: func(ctx context.Context, e *env) error {
				if _, err := e.put(ctx, e.key("k"), pattern(10, 1), nil); err != nil {
					return err
				}
				all, err := a.answer(ctx, e)
				if err != nil {
					return err
				}
				for _, o := range all {
					if o.ETag != storage.ETagNone && !entityTag.MatchString(o.ETag) {
						e.errorf("ETag of %s = %s, which is no HTTP entity tag", a.method, o.ETag)
					}
				}
				if len(all) != 1 {
					e.errorf("%s gave %d objects, want 1", a.method, len(all))
				}
				return nil
			},
		})
	}
	return checks
}

// completed writes an object in one part.
func completed(ctx context.Context, e *env) (*storage.Object, error) {
	u, err := e.begin(ctx, e.key("parts"), nil)
	if err != nil {
		return nil, err
	}
	if err := u.send(ctx, 1000); err != nil {
		return nil, err
	}
	return u.complete(ctx, nil)
}
