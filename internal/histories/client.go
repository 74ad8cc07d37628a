package histories

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/polystore/storage"
)

// idName is the metadata entry that tells which version an object is.
const idName = "history"

// client makes one call after the other.
type client struct {
	n    int
	b    *storage.Bucket
	c    *Config
	keys []string
	rec  *recorder
	rand *rand.Rand
	caps storage.Capabilities

	known  map[string]Version // what it saw of each key last
	landed map[*Op]*landings
	done   int // calls
	made   int // versions
}

// next makes one call, or two where the second needs what the first sees.
func (c *client) next(ctx context.Context) {
	key := c.keys[c.rand.IntN(len(c.keys))]
	switch n := c.rand.IntN(100); {
	case n < 12:
		c.put(ctx, Put, key, Version{})
	case n < 24 && c.caps.IfAbsent:
		c.put(ctx, Create, key, Version{})
	case n < 44 && c.caps.IfMatch:
		if v := c.look(ctx, key); v.ETag != "" {
			c.put(ctx, Swap, key, v)
		}
	case n < 52:
		c.remove(ctx, Delete, key, Version{})
	case n < 56 && c.caps.DeleteIfMatch:
		if v := c.look(ctx, key); v.ETag != "" {
			c.remove(ctx, DeleteIf, key, v)
		}
	case n < 64 && c.caps.CopySourceIfMatch && c.caps.CopyReplace:
		source := c.keys[c.rand.IntN(len(c.keys))]
		if v := c.look(ctx, source); v.ETag != "" && source != key {
			c.copies(ctx, key, source, v)
		}
	case n < 72:
		c.list(ctx)
	case n < 86:
		c.get(ctx, key)
	default:
		c.stat(ctx, key)
	}
}

// look is a version of key to build upon: now and then an old one.
func (c *client) look(ctx context.Context, key string) Version {
	if v := c.known[key]; v.ETag != "" && c.rand.IntN(4) == 0 {
		return v
	}
	return c.stat(ctx, key)
}

// do records one call.
func (c *client) do(
	ctx context.Context, o *Op, call func(ctx context.Context) error,
) {
	o.Client = c.n
	c.done++
	if c.c.Patience > 0 && c.rand.IntN(2) == 0 {
		hurried, cancel := context.WithTimeout(ctx, c.c.Patience)
		defer cancel()
		ctx = hurried
	}
	l := &landings{now: c.rec.now}
	c.rec.call(o)
	err := call(counting(ctx, l))
	o.Outcome = outcome(o.Kind, err, ctx.Err() != nil)
	if err != nil {
		o.Err = err.Error()
	}
	c.rec.returned(o)
	c.landed[o] = l
}

// outcome says what an error means, of a call that the client gave up or not. What the contract
// does not name for such a call is left as text, which Check refuses.
func outcome(kind string, err error, givenUp bool) string {
	var e *storage.Error
	switch {
	case err == nil:
		return Done
	case !errors.As(err, &e):
		return "no *storage.Error"
	case e.Kind == storage.ErrUnknownOutcome, e.InDoubt:
		return Unknown
	case kind == Create && e.Kind == storage.ErrExist:
		return Refused
	case (kind == Swap || kind == DeleteIf || kind == Copy) && e.Kind == storage.ErrPrecondition:
		return Refused
	case kind == Copy && e.Kind == storage.ErrNotExist:
		return Missing
	case e.Kind == storage.ErrUnavailable, e.Kind == storage.ErrThrottled:
		return Failed
	case givenUp && errors.Is(err, context.DeadlineExceeded):
		return Failed
	case (kind == Get || kind == Copy) && e.Kind == storage.ErrChanged:
		return Failed
	case kind == Get && e.Kind == storage.ErrIntegrity:
		return Failed
	}
	return "not in the contract"
}

func (c *client) version() Version {
	c.made++
	id := fmt.Sprintf("%d.%d", c.n, c.made)
	return Version{ID: id, Content: id}
}

// bytesOf are the bytes of the content id.
func (c *Config) bytesOf(id string) []byte {
	size := 1 + len(id) + len(id)*37%31*64
	var client, n int64
	fmt.Sscanf(id, "%d.%d", &client, &n)
	if c.Large > 0 && (client+n)%8 == 0 {
		size = int(c.Large)
	}
	text := id + "\n"
	return []byte(strings.Repeat(text, 1+size/len(text)))
}

func (c *client) put(ctx context.Context, kind, key string, want Version) {
	o := &Op{Kind: kind, Key: key, Makes: c.version(), Want: want}
	opts := &storage.PutOptions{
		IfAbsent: kind == Create, IfMatch: want.ETag,
		Metadata: map[string]string{idName: o.Makes.ID + " " + o.Makes.Content},
		PartSize: c.c.PartSize,
	}
	data := c.c.bytesOf(o.Makes.Content)
	o.Parts = c.c.PartSize > 0 && int64(len(data)) > c.c.PartSize
	c.do(ctx, o, func(ctx context.Context) error {
		made, err := c.b.Put(ctx, key, bytes.NewReader(data), opts)
		if err == nil {
			o.Makes.ETag = known(made.ETag)
		}
		return err
	})
	if o.Outcome == Done {
		c.known[key] = o.Makes
	}
}

func (c *client) remove(ctx context.Context, kind, key string, want Version) {
	o := &Op{Kind: kind, Key: key, Want: want}
	c.do(ctx, o, func(ctx context.Context) error {
		return c.b.Delete(ctx, key, &storage.DeleteOptions{IfMatch: want.ETag})
	})
}

func (c *client) copies(ctx context.Context, key, source string, want Version) {
	o := &Op{Kind: Copy, Key: key, Source: source, Want: want, Makes: c.version()}
	o.Makes.Content = want.Content
	c.do(ctx, o, func(ctx context.Context) error {
		made, err := c.b.Copy(ctx, key, source, &storage.CopyOptions{
			SourceIfMatch: want.ETag, Replace: true, PartSize: c.c.PartSize,
			Metadata: map[string]string{idName: o.Makes.ID + " " + o.Makes.Content},
		})
		if err == nil {
			o.Makes.ETag = known(made.ETag)
		}
		return err
	})
}

// saw is what an answer says of a key.
func saw(o *storage.Object, err error) (Version, error) {
	if errors.Is(err, storage.ErrNotExist) {
		return Version{}, nil
	}
	if err != nil {
		return Version{}, err
	}
	id, content, _ := strings.Cut(o.Metadata[idName], " ")
	return Version{ID: id, Content: content, ETag: o.ETag}, nil
}

func (c *client) get(ctx context.Context, key string) {
	o := &Op{Kind: Get, Key: key}
	c.do(ctx, o, func(ctx context.Context) error {
		r, err := c.b.Get(ctx, key, nil)
		if err != nil {
			_, err := saw(nil, err)
			return err
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if o.Saw, err = saw(r.Object(), nil); err != nil {
			return err
		}
		if want := c.c.bytesOf(o.Saw.Content); !bytes.Equal(data, want) {
			if c.c.BareParts && r.Object().Checksums.IsZero() && oneWrong(data, want) {
				return &storage.Error{Kind: storage.ErrIntegrity, Err: errors.New("a wrong byte")}
			}
			return fmt.Errorf("torn: %d bytes that begin %.20q under %+v", len(data), data, o.Saw)
		}
		return nil
	})
	if o.Outcome == Done {
		c.known[key] = o.Saw
	}
}

// oneWrong reports whether one byte is wrong, and nothing else.
func oneWrong(got, want []byte) bool {
	if len(got) != len(want) {
		return false
	}
	wrong := 0
	for i := range got {
		if got[i] != want[i] {
			wrong++
		}
	}
	return wrong == 1
}

func (c *client) stat(ctx context.Context, key string) Version {
	o := &Op{Kind: Stat, Key: key}
	c.do(ctx, o, func(ctx context.Context) error {
		obj, err := c.b.Stat(ctx, key, nil)
		o.Saw, err = saw(obj, err)
		return err
	})
	if o.Outcome == Done {
		c.known[key] = o.Saw
	}
	return o.Saw
}

func (c *client) list(ctx context.Context) {
	o := &Op{Kind: List, Key: c.c.Prefix}
	c.do(ctx, o, func(ctx context.Context) error {
		listed := make(map[string]string)
		opts := &storage.ListOptions{Prefix: c.c.Prefix, PageSize: 1 + c.rand.IntN(5)}
		for obj, err := range c.b.List(ctx, opts) {
			if err != nil {
				return err
			}
			if _, ok := listed[obj.Key]; ok {
				return fmt.Errorf("%q is listed twice", obj.Key)
			}
			listed[obj.Key] = obj.ETag
		}
		o.Listed = listed
		return nil
	})
}
