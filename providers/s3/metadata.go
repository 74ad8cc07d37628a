package s3

import (
	"net/url"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
)

// metadata gives the entries in the form of the wire, ErrInvalid where S3 takes no more.
func (s *Store) metadata(m map[string]string) (map[string]string, error) {
	if len(m) == 0 {
		return nil, nil
	}
	wire, size := make(map[string]string, len(m)), 0
	for name, v := range m {
		v = storage.EncodeMetadataValue(v)
		wire[name] = v
		size += s.profile.metadataName + len(name) + len(v)
	}
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
	if size > maxMetadata {
		return nil, invalid("%d bytes of metadata, at most %d", size, maxMetadata)
	}
	return wire, nil
}

// userMetadata undoes metadata; nil where there is none. The SDK gives the names in lower case.
func userMetadata(wire map[string]string) map[string]string {
	if len(wire) == 0 {
		return nil
	}
	m := make(map[string]string, len(wire))
	for name, v := range wire {
		m[name] = storage.DecodeMetadataValue(v)
	}
	return m
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
