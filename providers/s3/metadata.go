package s3

import (
	"mime"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage/driver"
)

// extras are what a write gives an object beside its bytes and its HTTP headers, as requests have
// them.
type extras struct {
	metadata map[string]string
	tagging  *string
	class    types.StorageClass
}

func (s *Store) extras(metadata, tags map[string]string, class string) (x extras, err error) {
	if x.metadata, err = s.metadata(metadata); err != nil {
		return x, err
	}
	if x.tagging, err = s.tagging(tags); err != nil {
		return x, err
	}
	x.class, err = s.storageClass(class)
	return x, err
}

// metadata gives the entries in the form of the wire, ErrInvalid where S3 takes no more.
func (s *Store) metadata(m map[string]string) (map[string]string, error) {
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
	coded, err := driver.EncodeMetadata(m, s.profile.metadataName, maxMetadata)
	return s.wireNames(coded), err
}

// ownMetadata undoes metadata. The text of others is in RFC 2047 where it is not ASCII: that is how
// S3 gives it.
func (s *Store) ownMetadata(coded map[string]string) map[string]string {
	m := driver.DecodeMetadata(coded)
	for name, v := range coded {
		if name = strings.ToLower(name); m[name] == v && strings.HasPrefix(v, "=?") {
			var d mime.WordDecoder
			if text, err := d.DecodeHeader(v); err == nil {
				m[name] = text
			}
		}
	}
	return s.ownNames(m)
}

// tagging is the x-amz-tagging header, nil for no tags.
func (s *Store) tagging(tags map[string]string) (*string, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	if !s.can().Tags {
		return nil, driver.Unsupportedf("tags on %s, which has none", s.profile.name)
	}
	v := make(url.Values, len(tags))
	for name, value := range tags {
		v.Set(name, value)
	}
	// not every service takes a plus for a space
	return aws.String(strings.ReplaceAll(v.Encode(), "+", "%20")), nil
}

func (s *Store) storageClass(class string) (types.StorageClass, error) {
	if class != "" && class != "STANDARD" && !s.can().StorageClass {
		return "", driver.Unsupportedf("storage classes on %s, which ignores them", s.profile.name)
	}
	return types.StorageClass(class), nil
}
