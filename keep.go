package storage

import (
	"context"
	"errors"
	"fmt"
)

// loss says what a write of an object anew would lose.
type loss struct {
	what string // as in AllowLoss
	err  error  // why it cannot be kept; nil: the kind says it
}

func (l *loss) Error() string {
	text := fmt.Sprintf("the %s of the object would be lost, see AllowLoss", l.what)
	if l.err != nil {
		text += ": " + l.err.Error()
	}
	return text
}

func (l *loss) Unwrap() error { return l.err }

// isLoss reports whether err is about something that would be lost. No other way keeps it.
func isLoss(err error) bool {
	_, ok := errors.AsType[*loss](err)
	return ok
}

// keeping keeps what an object has beside its headers and metadata, where the object is written
// anew: by a copy, or by an update.
type keeping struct {
	from, to  *engine
	key       string // of the object, as the Store sees it
	versionID string // of the object, where the caller named one

	// What may be lost.
	tags, class bool
}

// allow reads AllowLoss.
func (k *keeping) allow(names []string) error {
	for _, name := range names {
		switch name {
		case "tags":
			k.tags = true
		case "class":
			k.class = true
		default:
			return invalid(`AllowLoss has %q, which is neither "tags" nor "class"`, name)
		}
	}
	return nil
}

// tagsOf returns the tags of the object that o describes. It makes a request only if there can be
// any.
func (k *keeping) tagsOf(ctx context.Context, o *Object) (map[string]string, error) {
	takes := k.to.store.Capabilities().Tags
	switch {
	case o.TagCount == 0, o.TagCount < 0 && !k.from.store.Capabilities().Tags, k.tags && !takes:
		return nil, nil
	case o.TagCount > 0 && !takes:
		return nil, k.lost("tags", &Error{Kind: errors.ErrUnsupported})
	}
	tags, err := k.from.tagsOf(ctx, k.key, TagsOptions{VersionID: k.versionID})
	switch {
	case isKind(err, ErrPermission), isKind(err, errors.ErrUnsupported):
		if k.tags {
			return nil, nil
		}
		return nil, k.lost("tags", err)
	case err != nil:
		return nil, err
	case len(tags) > 0 && !takes:
		return nil, k.lost("tags", &Error{Kind: errors.ErrUnsupported})
	}
	return tags, nil
}

// classOf returns the class to ask for so that the new object has that of o.
func (k *keeping) classOf(o *Object) (string, error) {
	switch {
	case o.StorageClass == "" || k.to.store.Capabilities().StorageClass:
		return o.StorageClass, nil
	case o.StorageClass == "STANDARD", k.class:
		return "", nil
	}
	return "", k.lost("class", &Error{Kind: errors.ErrUnsupported})
}

// lost names what would be lost because of err.
func (k *keeping) lost(what string, err error) *Error {
	e := asError(err)
	e.InDoubt = false
	e.Err = &loss{what, e.Err}
	return e
}

// tagsOf reads the tags of an object.
func (e *engine) tagsOf(
	ctx context.Context, key string, opts TagsOptions,
) (map[string]string, error) {
	var tags map[string]string
	err := e.do(ctx, call{op: "Tags", key: key}, func(a *attempt) (err error) {
		tags, err = e.store.Tags(a, key, &opts)
		return err
	})
	return tags, err
}
