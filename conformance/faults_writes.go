package conformance

import (
	"bytes"
	"context"
	"errors"

	"github.com/polystore/storage"
)

// streamPaths write what comes in pieces.
var streamPaths = []faultPath{
	{
		name: "writer", before: putOld, call: commit(newOf, unbound),
		after: written(oldOf, newOf), writes: true,
	},
	{
		name: "writer-if-absent", needs: conditional, before: nothing, call: commit(newOf, absent),
		after: written(none, newOf), writes: true, exclusive: true,
	},
	{
		name: "writer-parts", needs: multipart, before: putOld, call: commit(largeNew, unbound),
		after: written(oldOf, largeNew), writes: true, large: true, fails: lateParts,
	},
	{
		name: "writer-parts-if-match", needs: conditionalParts, before: putOld,
		call: commit(largeNew, matching), after: written(oldOf, largeNew), writes: true,
		exclusive: true, large: true, fails: lateParts,
	},
}

// lateParts is what rule 11 names for a stream, which cannot be sent once more: the first attempt
// of a part has come behind the second, and the service no longer has the part that is named.
var lateParts = map[string][]error{"delivered late": {storage.ErrUnavailable}}

// commit writes data by a Writer, under opts.
func commit(
	of func(*contents) []byte, opts func(c *cell) *storage.PutOptions,
) func(context.Context, *cell) error {
	return func(ctx context.Context, c *cell) error {
		w := c.b.NewWriter(ctx, c.key, opts(c))
		defer w.Close()
		if _, err := w.Write(of(c.m.data())); err != nil {
			return err
		}
		_, err := w.Commit()
		return err
	}
}

func multipart(c *storage.Capabilities) bool { return c.Multipart }

// partPaths move an object in parts, by one call.
var partPaths = []faultPath{
	{
		name: "upload-file", needs: multipart, before: putOld, after: written(oldOf, largeNew),
		writes: true, large: true,
		call: func(ctx context.Context, c *cell) error {
			name, err := c.m.source()
			if err != nil {
				return err
			}
			_, err = c.b.UploadFile(ctx, c.key, name, nil)
			return err
		},
	},
	{
		name: "put-reader-at", needs: multipart, before: putOld, after: written(oldOf, largeNew),
		writes: true, large: true,
		call: func(ctx context.Context, c *cell) error {
			data := c.m.data().largeNew
			_, err := c.b.PutReaderAt(ctx, c.key, bytes.NewReader(data), int64(len(data)), nil)
			return err
		},
	},
	{
		name: "copy-parts", wrap: withoutCopy, after: written(oldOf, largeNew),
		needs:  func(c *storage.Capabilities) bool { return c.Multipart && c.CopyPart },
		writes: true, large: true,
		before: func(ctx context.Context, c *cell) error {
			return errors.Join(c.m.largeObject(), putOld(ctx, c))
		},
		call: func(ctx context.Context, c *cell) error {
			_, err := c.b.Copy(ctx, c.key, c.m.largeKey(), nil)
			return err
		},
	},
}

// largeKey is that of the source of all copies in parts, which nobody writes over.
func (m *matrix) largeKey() string { return m.prefix + "large" }

// whole is a Store that copies no object by one request, as services do with large ones.
type whole struct{ storage.FullStore }

func withoutCopy(s storage.Store) storage.Store { return &whole{storage.Full(s)} }

func (w *whole) Unwrap() storage.Store { return w.FullStore }

func (w *whole) Copy(
	context.Context, string, string, *storage.CopyOptions,
) (*storage.CopyResult, error) {
	return nil, &storage.Error{Kind: errors.ErrUnsupported}
}
