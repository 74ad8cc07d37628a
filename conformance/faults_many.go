package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/polystore/storage"
)

// manyPaths delete several things by one call, or read what stands beside an object.
var manyPaths = []faultPath{
	{
		name: "delete-many", before: beforeCopy(true), after: deleted, writes: true, alone: true,
		call: func(ctx context.Context, c *cell) error {
			keys := slices.Values([]string{c.key, c.src()})
			c.gone, c.many = c.b.DeleteMany(ctx, keys, nil)
			return firstOf(c.many)
		},
	},
	{
		name: "delete-prefix", before: beforeCopy(true), after: deleted, writes: true, alone: true,
		call: func(ctx context.Context, c *cell) error {
			c.gone, c.many = c.b.DeletePrefix(ctx, c.key, nil)
			return firstOf(c.many)
		},
	},
	{
		name: "clean-uploads", before: beginUpload, after: cleaned, alone: true,
		needs: func(c *storage.Capabilities) bool { return c.ListUploads && c.AbortUpload },
		call: func(ctx context.Context, c *cell) error {
			// The clock of the service may be behind.
			n, err := c.b.CleanUploads(ctx, -time.Hour, &storage.CleanOptions{Prefix: c.key})
			if err == nil && n != 1 {
				return fmt.Errorf("%d of 1 upload, and no error", n)
			}
			return err
		},
	},
	{
		name: "update-tagged", writes: true, summed: true,
		needs: func(c *storage.Capabilities) bool { return conditional(c) && c.Tags },
		before: func(ctx context.Context, c *cell) error {
			opts := &storage.PutOptions{Tags: someTags()}
			_, err := c.m.clean.WriteAll(ctx, c.key, c.m.data().old, opts)
			return err
		},
		call: updateOld,
		after: func(ctx context.Context, c *cell, result error) error {
			err := c.holds(ctx, result, c.m.data().old, c.m.data().new)
			if err != nil || c.rivalled {
				return err
			}
			tags, err := c.m.store.Tags(ctx, c.key, new(storage.TagsOptions))
			if err == nil && !maps.Equal(tags, someTags()) {
				err = fmt.Errorf("the tags are %v, want %v", tags, someTags())
			}
			return err
		},
	},
}

// firstOf is the first of the errors of a batch.
func firstOf(err error) error {
	var many *storage.DeleteError
	if errors.As(err, &many) && len(many.Errors) > 0 {
		return many.Errors[0]
	}
	return err
}

// deleted holds the two objects against what was reported: a key that failed is still there, unless
// it is in doubt, and as many are gone as were counted.
func deleted(ctx context.Context, c *cell, result error) error {
	doubtful, named := make(map[string]bool), make(map[string]bool)
	var many *storage.DeleteError
	if errors.As(c.many, &many) {
		if many.Failed != len(many.Errors) {
			return fmt.Errorf("%d keys failed, and %d are named", many.Failed, len(many.Errors))
		}
		for _, e := range many.Errors {
			named[e.Key], doubtful[e.Key] = true, e.InDoubt
		}
	}
	gone, maybe := 0, 0
	for key, data := range map[string][]byte{c.key: c.m.data().old, c.src(): c.m.data().new} {
		switch left, err := c.is(ctx, key, data); {
		case err != nil:
			return err
		case left && result == nil:
			return fmt.Errorf("%s is there, and no error", key)
		case left:
			delete(named, key)
			continue
		}
		if err := c.isOne(ctx, key, result, [][]byte{nil}); err != nil {
			return err
		}
		switch {
		case doubtful[key]:
			maybe++
		case named[key]:
			return fmt.Errorf("%s is gone, and was reported as there: %w", key, c.many)
		}
		delete(named, key)
		gone++
	}
	if len(named) > 0 {
		return fmt.Errorf("%v failed, and nobody asked for them", named)
	}
	if gone != c.gone+maybe {
		return fmt.Errorf("%d keys were reported as gone, %d are, %d of these in doubt: %v",
			c.gone, gone, maybe, c.many)
	}
	return nil
}

// beginUpload leaves an upload of one part, as a killed process does.
func beginUpload(ctx context.Context, c *cell) error {
	opts := new(storage.PutOptions)
	id, err := c.m.store.CreateUpload(ctx, c.key, opts)
	if err != nil {
		return err
	}
	_, err = c.m.store.PutPart(ctx, c.key, id, 1, bytes.NewReader(c.m.data().old),
		int64(len(c.m.data().old)), new(storage.PartOptions))
	return err
}

// cleaned says that the upload is there although the call succeeded, or gone although it failed
// without doubt.
func cleaned(ctx context.Context, c *cell, result error) error {
	page, err := c.m.store.ListUploadsPage(ctx, &storage.ListOptions{Prefix: c.key})
	if err != nil {
		return fmt.Errorf("looking for uploads: %w", err)
	}
	var e *storage.Error
	n := len(page.Uploads)
	switch {
	case result == nil && n > 0:
		return fmt.Errorf("%d uploads are there, and no error", n)
	case errors.As(result, &e) && !e.InDoubt && n != 1:
		return fmt.Errorf("%d uploads are there, want 1 after %w", n, result)
	}
	for _, u := range page.Uploads {
		if err := c.m.store.AbortUpload(ctx, c.key, u.ID); err != nil {
			return err
		}
	}
	return nil
}
