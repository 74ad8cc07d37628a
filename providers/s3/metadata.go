package s3

import (
	"net/url"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage/internal/wire"
)

// metadata gives the entries in the form of the wire, ErrInvalid where S3 takes no more.
func (s *Store) metadata(m map[string]string) (map[string]string, error) {
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
	return wire.EncodeMetadata(m, s.profile.metadataName, maxMetadata)
}

// tagging is the x-amz-tagging header, nil for no tags.
func (s *Store) tagging(tags map[string]string) (*string, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	if !s.profile.tags {
		return nil, unsupported("tags on %s, which has none", s.profile.name)
	}
	v := make(url.Values, len(tags))
	for name, value := range tags {
		v.Set(name, value)
	}
	return optional(v.Encode()), nil
}

func (s *Store) storageClass(class string) (types.StorageClass, error) {
	if class != "" && class != "STANDARD" && !s.profile.storageClasses {
		return "", unsupported("storage classes on %s, which ignores them", s.profile.name)
	}
	return types.StorageClass(class), nil
}
