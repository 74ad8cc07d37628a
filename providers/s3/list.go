package s3

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListPage makes one ListObjectsV2.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	start, err := driver.DecodeToken(opts.PageToken, 2)
	if err != nil {
		return nil, err
	}
	after, token := start[0], start[1]
	if opts.PageToken == "" {
		after = opts.StartAfter
	}
	prefix, err := s.listPrefix(opts)
	if err != nil {
		return nil, err
	}
	in := &s3.ListObjectsV2Input{
		Bucket:            &s.bucket,
		Prefix:            optional(prefix),
		Delimiter:         optional(opts.Delimiter),
		ContinuationToken: optional(token),
		EncodingType:      types.EncodingTypeUrl, // XML cannot carry every key
		MaxKeys:           pageSize(opts.PageSize),
	}
	// Below the prefix it leaves nothing out, and Garage lists nothing for it.
	if token == "" && after >= opts.Prefix {
		if err := driver.Refuse(
			"StartAfter in a directory bucket", after != "" && s.isDirectory(),
		); err != nil {
			return nil, err
		}
		in.StartAfter = optional(behind(after, opts))
	}
	a := reading(listDocument)
	out, err := s.client.ListObjectsV2(a.begin(ctx), in, scanned)
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	keys := make([]*string, 0, len(out.Contents)+len(out.CommonPrefixes))
	for i := range out.Contents {
		keys = append(keys, out.Contents[i].Key)
	}
	for i := range out.CommonPrefixes {
		keys = append(keys, out.CommonPrefixes[i].Prefix)
	}
	decode, ok := decoder(out.EncodingType, s.profile.listKeys, prefix, keys)
	if !ok {
		return nil, a.Foreign("keys without the prefix that was asked for")
	}
	page := &storage.Page{
		Objects: make([]*storage.Object, 0, len(out.Contents)+len(out.CommonPrefixes)),
	}
	for i := range out.Contents {
		o := &out.Contents[i]
		page.Objects = append(page.Objects, &storage.Object{
			Key:          decode(o.Key),
			Size:         aws.ToInt64(o.Size),
			ETag:         etagOf(o.ETag),
			ModTime:      modTime(o.LastModified),
			StorageClass: string(o.StorageClass),
		})
	}
	for _, p := range out.CommonPrefixes {
		// S3 lists a prefix as long as it has keys behind StartAfter.
		if key := decode(p.Prefix); after == "" || key > after {
			page.Objects = append(page.Objects, &storage.Object{Key: key, IsPrefix: true})
		}
	}
	if prefix != opts.Prefix {
		page.Objects = slices.DeleteFunc(page.Objects, func(o *storage.Object) bool {
			return !strings.HasPrefix(o.Key, opts.Prefix)
		})
	}
	slices.SortFunc(
		page.Objects, func(x, y *storage.Object) int { return strings.Compare(x.Key, y.Key) },
	)
	s.note(page.Objects)
	if !aws.ToBool(out.IsTruncated) {
		if s.profile.loneKey && opts.PageSize == 1 && len(page.Objects) == 1 &&
			page.Objects[0].Key == opts.Prefix {
			page.NextToken = driver.EncodeToken(opts.Prefix, "")
		}
		return page, nil
	}
	stuckHere := s.profile.stuckDelimiters && opts.Delimiter != "" && opts.Delimiter != "/"
	if n := len(page.Objects); stuckHere && n > 0 && page.Objects[n-1].IsPrefix {
		page.NextToken = driver.EncodeToken(page.Objects[n-1].Key, "")
		return page, nil
	}
	next := aws.ToString(out.NextContinuationToken)
	if next == "" || next == token {
		return nil, stuck()
	}
	page.NextToken = driver.EncodeToken(after, next)
	return page, nil
}

// listPrefix is the prefix to ask for. A directory bucket refuses every delimiter but a slash.
func (s *Store) listPrefix(opts *storage.ListOptions) (string, error) {
	return s.asPath(opts.Prefix), driver.Refuse("a delimiter but / in a directory bucket",
		s.isDirectory() && opts.Delimiter != "" && opts.Delimiter != "/")
}

// asPath is prefix, cut behind its last slash in a directory bucket, which refuses one that does
// not end in a slash: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (s *Store) asPath(prefix string) string {
	if !s.isDirectory() {
		return prefix
	}
	return prefix[:strings.LastIndexByte(prefix, '/')+1]
}

// stuck is the error of a page that is not the last and does not lead to the next.
func stuck() error {
	return driver.Errorf(
		storage.ErrUnavailable, "the service cut the list and did not say how to go on",
	)
}

// behind gives the key to start after: of a common prefix, the last key that it can have. Services
// list a prefix as long as it has keys behind StartAfter, and where it fills the page MinIO does
// not get on.
func behind(after string, opts *storage.ListOptions) string {
	if p, ok := driver.CommonPrefix(after, opts.Prefix, opts.Delimiter); ok && p == after {
		return after + string(unicode.MaxRune)
	}
	return after
}

// modTime is to the second, as GetObject and HeadObject have it, also where a list has fractions.
func modTime(t *time.Time) time.Time { return aws.ToTime(t).Truncate(time.Second) }

// pageSize is nil for the service's default.
func pageSize(n int) *int32 {
	if n <= 0 {
		return nil
	}
	return aws.Int32(int32(min(n, maxPage)))
}
