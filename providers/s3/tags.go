package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Tags makes one GetObjectTagging.
func (s *Store) Tags(
	ctx context.Context, key string, opts *storage.TagsOptions,
) (map[string]string, error) {
	if err := s.checkAsked(ctx, key); err != nil {
		return nil, err
	}
	if !s.can().Tags {
		return nil, driver.Unsupportedf("tags on %s, which has none", s.profile.name)
	}
	a := reading(taggingDocument)
	out, err := s.client.GetObjectTagging(a.begin(ctx), &s3.GetObjectTaggingInput{
		Bucket: &s.bucket, Key: &key, VersionId: optional(opts.VersionID),
	})
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	tags := make(map[string]string, len(out.TagSet))
	for _, t := range out.TagSet {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}
