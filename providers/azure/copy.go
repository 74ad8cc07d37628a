package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Copy makes one Copy Blob From URL, of at most 256 MiB. Where the service refuses to copy tags, it
// looks at the source, and copies one without tags by a third request. That kind of copy cannot
// replace headers, nor put no metadata in the place of some: with Replace it is one Put Block From
// URL, of at most 4000 MiB, and one Put Block List. What is larger, or empty, is ErrUnsupported.
func (s *Store) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	if err := checkKey(dst); err != nil {
		return nil, err
	}
	if err := s.checkAsked(ctx, src); err != nil {
		return nil, err
	}
	if opts.Token != "" {
		return nil, driver.Invalidf("a copy within Azure has no token")
	}
	if err := driver.CheckMatch(opts.IfMatch); err != nil {
		return nil, err
	}
	from, err := s.source(ctx, src, opts.SourceVersionID)
	if err != nil {
		return nil, err
	}
	if opts.Replace {
		return s.copyReplacing(ctx, dst, from, opts)
	}
	o, err := s.copyWhole(ctx, dst, from, opts, true)
	if refusesTags(err) {
		// It takes a right of its own to copy tags, also where there are none, and not every
		// account has them.
		was, statErr := s.Stat(ctx, src, &storage.StatOptions{
			IfMatch: opts.SourceIfMatch, VersionID: opts.SourceVersionID,
		})
		if statErr != nil || was.TagCount > 0 {
			return nil, err
		}
		if opts.SourceIfMatch == "" {
			// Without tags it is copied, and nothing else: tags are no part of a version, so this
			// holds as far as it can.
			pinned := *opts
			pinned.SourceIfMatch = was.ETag
			opts = &pinned
		}
		o, err = s.copyWhole(ctx, dst, from, opts, false)
	}
	if err != nil {
		return nil, err
	}
	return &storage.CopyResult{Object: o}, nil
}

// refusesTags reports whether a copy may have been refused because of the tags: for want of the
// right to read them, or because the account has none.
func refusesTags(err error) bool {
	e, ok := errors.AsType[*storage.Error](err)
	return ok && !e.InDoubt && (e.Kind == storage.ErrPermission || strings.Contains(e.Code, "Tags"))
}

// copyWhole makes one Copy Blob From URL, with the tags of the source or without.
func (s *Store) copyWhole(
	ctx context.Context, dst string, from source, opts *storage.CopyOptions, tags bool,
) (*storage.Object, error) {
	a := writing()
	if tags {
		a.header = map[string]string{"x-ms-copy-source-tag-option": "COPY"}
	}
	client := s.client.NewBlobClient(dst)
	out, err := client.CopyFromURL(a.begin(ctx), from.url, &blob.CopyFromURLOptions{
		CopySourceAuthorization: from.authorization,
		Tier:                    tier(opts.StorageClass),
		SourceModifiedAccessConditions: &blob.SourceModifiedAccessConditions{
			SourceIfMatch: sourceMatch(opts.SourceIfMatch),
		},
		BlobAccessConditions: writeConditions(opts.IfAbsent, opts.IfMatch, a),
	})
	if err != nil {
		return nil, otherwise(fail(ctx, a, err))
	}
	status := value(out.CopyStatus)
	if status != "" && status != string(blob.CopyStatusTypeSuccess) {
		return nil, &storage.Error{
			Kind: storage.ErrUnavailable, InDoubt: true, Err: fmt.Errorf("the copy is %s", status),
		}
	}
	return &storage.Object{
		Key:       dst,
		Size:      -1,
		ETag:      etagOf(out.ETag),
		VersionID: value(out.VersionID),
		ModTime:   value(out.LastModified),
	}, nil
}

// copyReplacing makes an object of one block, which is the whole source.
func (s *Store) copyReplacing(
	ctx context.Context, dst string, from source, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	// Before anything is written, also of what the service would refuse in the second request.
	if err := s.checkHeaders(driver.CopyPutOptions(opts)); err != nil {
		return nil, err
	}
	upload := newUploadID(dst)
	if err := checkMetadata(opts.Metadata, upload); err != nil {
		return nil, err
	}
	part, err := s.stage(ctx, dst, upload, 1, from, blob.HTTPRange{}, opts.SourceIfMatch)
	if err != nil {
		var e *storage.Error
		if errors.As(err, &e) {
			return nil, otherwise(e)
		}
		return nil, err
	}
	sums := storage.Checksums{CRC64NVME: part.Checksums.CRC64NVME}
	o, err := s.commit(ctx, dst, upload, []*storage.Part{part}, driver.CopyPutOptions(opts), sums)
	// Another writer of dst came between: again from the beginning, where the conditions meet what
	// is there now.
	if e := (*storage.Error)(nil); errors.As(err, &e) && e.Kind == storage.ErrChanged {
		e.Kind = storage.ErrUnavailable
	}
	if err != nil {
		return nil, err
	}
	return &storage.CopyResult{Object: o}, nil
}

// otherwise makes of a refusal for a reason of Azure's own, such as the size or the kind of the
// source, one after which the Bucket copies in another way, which shows any other reason just as
// well.
func otherwise(e *storage.Error) *storage.Error {
	switch {
	case e.Kind == storage.ErrInvalid && e.Status != 0, e.Kind == storage.ErrRange,
		e.Kind == nil && e.Status == http.StatusConflict:
		e.Kind = errors.ErrUnsupported
	}
	return e
}

// stage makes a block of a range of a source, of all of it for the zero range.
func (s *Store) stage(
	ctx context.Context, key, upload string, number int,
	from source, r blob.HTTPRange, ifMatch string,
) (*storage.Part, error) {
	id := blockID(upload, number)
	a := writing()
	o := &blockblob.StageBlockFromURLOptions{
		CopySourceAuthorization: from.authorization,
		Range:                   r,
		SourceModifiedAccessConditions: &blob.SourceModifiedAccessConditions{
			SourceIfMatch: sourceMatch(ifMatch),
		},
	}
	out, err := s.client.NewBlockBlobClient(key).StageBlockFromURL(a.begin(ctx), id, from.url, o)
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	return &storage.Part{
		Number: number, Size: r.Count, ETag: id,
		Checksums: storage.Checksums{CRC64NVME: crc64Of(out.ContentCRC64)},
	}, nil
}
