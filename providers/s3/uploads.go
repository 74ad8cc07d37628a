package s3

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListUploadsPage makes one ListMultipartUploads.
func (s *Store) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	if err := driver.CheckListUploads(opts); err != nil {
		return nil, err
	}
	if s.profile.ownUploadPages {
		return s.cutUploads(ctx, opts)
	}
	marker, err := driver.DecodeToken(opts.PageToken, 2)
	if err != nil {
		return nil, err
	}
	prefix := s.asPath(opts.Prefix)
	out, err := s.listUploads(ctx, &s3.ListMultipartUploadsInput{
		Prefix:         optional(prefix),
		MaxUploads:     pageSize(opts.PageSize),
		KeyMarker:      optional(marker[0]),
		UploadIdMarker: optional(marker[1]),
	})
	if err != nil {
		return nil, err
	}
	page := &storage.UploadPage{Uploads: out.uploads}
	if prefix != opts.Prefix {
		page.Uploads = slices.DeleteFunc(page.Uploads, func(u *storage.Upload) bool {
			return !strings.HasPrefix(u.Key, opts.Prefix)
		})
	}
	if !out.truncated {
		return page, nil
	}
	page.NextToken = driver.EncodeToken(out.nextKey, out.nextID)
	if out.nextKey == "" || page.NextToken == opts.PageToken {
		return nil, stuck()
	}
	return page, nil
}

// cutUploads makes pages of what a server lists whose own pages do not work: MinIO lists everything
// under no prefix and nothing under most others; versitygw takes no UploadIdMarker. The token has a
// key marker below everything that is still to come, and the upload that was the last of the page
// before.
func (s *Store) cutUploads(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	token, err := driver.DecodeToken(opts.PageToken, 3)
	if err != nil {
		return nil, err
	}
	floor, last := token[0], &storage.Upload{Key: token[1], ID: token[2]}
	out, err := s.listUploads(ctx, &s3.ListMultipartUploadsInput{KeyMarker: optional(floor)})
	if err != nil {
		return nil, err
	}
	all := out.uploads
	if out.truncated && len(all) == 0 {
		return nil, stuck()
	}
	if out.truncated {
		// The uploads of the last key may be a part of them, in another order than by ID.
		end := all[len(all)-1].Key
		all = slices.DeleteFunc(all, func(u *storage.Upload) bool { return u.Key == end })
		if len(all) == 0 {
			return nil, driver.Unsupportedf(
				"listing more uploads of one key than %s lists at once", s.profile.name,
			)
		}
	}
	rest := slices.DeleteFunc(slices.Clone(all), func(u *storage.Upload) bool {
		return driver.CompareUploads(u, last) <= 0 || !strings.HasPrefix(u.Key, opts.Prefix)
	})
	page := &storage.UploadPage{Uploads: rest}
	switch {
	case opts.PageSize > 0 && len(rest) > opts.PageSize:
		page.Uploads = rest[:opts.PageSize]
		last = page.Uploads[opts.PageSize-1]
		for _, u := range all {
			if u.Key < last.Key { // the key of last may have more
				floor = u.Key
			}
		}
	case out.truncated:
		last = all[len(all)-1]
		floor = last.Key // which is done
	default:
		return page, nil
	}
	page.NextToken = driver.EncodeToken(floor, last.Key, last.ID)
	return page, nil
}

type uploadList struct {
	uploads         []*storage.Upload // by key and ID
	truncated       bool
	nextKey, nextID string
}

func (s *Store) listUploads(
	ctx context.Context, in *s3.ListMultipartUploadsInput,
) (*uploadList, error) {
	in.Bucket, in.EncodingType = &s.bucket, types.EncodingTypeUrl
	a := reading(uploadsDocument)
	out, err := s.client.ListMultipartUploads(a.begin(ctx), in)
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	keys := make([]*string, len(out.Uploads))
	for i := range out.Uploads {
		keys[i] = out.Uploads[i].Key
	}
	decode, ok := decoder(out.EncodingType, s.profile.uploadKeys, aws.ToString(in.Prefix), keys)
	if !ok {
		return nil, a.Foreign("uploads without the prefix that was asked for")
	}
	l := &uploadList{
		uploads:   make([]*storage.Upload, len(out.Uploads)),
		truncated: aws.ToBool(out.IsTruncated),
		nextID:    aws.ToString(out.NextUploadIdMarker),
	}
	for i := range out.Uploads {
		u := &out.Uploads[i]
		l.uploads[i] = &storage.Upload{
			Key: decode(u.Key), ID: aws.ToString(u.UploadId), Created: aws.ToTime(u.Initiated),
		}
	}
	l.nextKey = decode(out.NextKeyMarker)
	// Ceph encodes the keys and not the marker, which is the last of them.
	marker := aws.ToString(out.NextKeyMarker)
	if slices.ContainsFunc(l.uploads, func(u *storage.Upload) bool { return u.Key == marker }) {
		l.nextKey = marker
	}
	slices.SortFunc(l.uploads, driver.CompareUploads)
	return l, nil
}
