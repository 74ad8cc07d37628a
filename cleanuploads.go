package storage

import (
	"context"
	"strings"
	"time"
)

// CleanUploads aborts multipart uploads that began longer than olderThan ago and are neither
// complete nor aborted, and returns their number. It leaves an upload alone if the service does not
// tell its age. Use it to remove what killed processes left behind.
func (b *Bucket) CleanUploads(
	ctx context.Context, olderThan time.Duration, opts *CleanOptions,
) (int, error) {
	var o CleanOptions
	if opts != nil {
		o = *opts
	}
	ctx, op := b.start(ctx, "CleanUploads", o.Prefix)
	list := ListOptions{Prefix: b.StoreKey(o.Prefix)}
	n, err := b.cleanUploads(ctx, time.Now().Add(-olderThan), list)
	return n, op.end(err)
}

func (b *Bucket) cleanUploads(
	ctx context.Context, before time.Time, list ListOptions,
) (int, error) {
	var idle idlePages
	n := 0
	if err := possibleKey(list.Prefix); err != nil {
		return 0, err
	}
	for {
		if err := b.ready(ctx); err != nil {
			return n, err
		}
		var page *UploadPage
		c := call{op: "ListUploadsPage", key: list.Prefix, free: true}
		err := b.e.do(ctx, c, func(a *attempt) (err error) {
			page, err = b.e.store.ListUploadsPage(a, &list)
			return err
		})
		if err != nil {
			return n, err
		}
		for _, u := range page.Uploads {
			// Some servers list by prefix what has another one.
			if u.Created.IsZero() || u.Created.After(before) ||
				!strings.HasPrefix(u.Key, list.Prefix) {
				continue
			}
			c := call{op: "AbortUpload", key: u.Key, free: true, write: true}
			err := b.e.do(ctx, c, func(a *attempt) error {
				return b.e.store.AbortUpload(a, u.Key, u.ID)
			})
			if err != nil {
				return n, err
			}
			n++
		}
		if page.NextToken == "" {
			return n, nil
		}
		if page.NextToken == list.PageToken || !idle.goOn(len(page.Uploads), page.NextToken) {
			return n, errNoAdvance()
		}
		list.PageToken = page.NextToken
	}
}
