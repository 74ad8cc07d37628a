package s3

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// versioning is what is known of a bucket whose versions decide over conditions.
type versioning int32

const (
	versionsUnknown versioning = iota
	versionsNever
	versionsKept // or kept before: then the newest object can be one of those
)

// learnTimeout bounds how long New waits for what it can do without.
const learnTimeout = 5 * time.Second

// learnVersions asks whether the bucket keeps versions, by one request for as long as the answer is
// not known, where the profile says that conditions depend on it. Who may not ask gets no
// conditions. A bucket that is not there yet keeps no versions.
func (s *Store) learnVersions(ctx context.Context) error {
	if !s.profile.plainBuckets || versioning(s.versions.Load()) != versionsUnknown {
		return nil
	}
	a := &attempt{document: versioningDocument}
	out, err := s.client.GetBucketVersioning(
		a.begin(ctx), &s3.GetBucketVersioningInput{Bucket: &s.bucket},
	)
	learned := versionsKept
	if err != nil {
		switch e := s.fail(ctx, a, err); e.Kind {
		case storage.ErrNoBucket:
			return nil
		case storage.ErrPermission:
		default:
			return e
		}
	} else if out.Status == "" {
		learned = versionsNever
	}
	s.versions.Store(int32(learned))
	return nil
}

// can is the profile's, less what the bucket takes away.
func (s *Store) can() storage.Capabilities {
	c := s.profile.can
	if versioning(s.versions.Load()) == versionsKept {
		c.IfAbsent, c.IfMatch, c.MultipartConditions = false, false, false
	}
	return c
}

// checkVersion refuses to ask for a version of a service that has none.
func (s *Store) checkVersion(id string) error {
	if id != "" && s.profile.noVersions {
		return driver.Unsupportedf("versions on %s, which has none", s.profile.name)
	}
	return nil
}

// versionOf is the version that an answer tells of, "" where it would be of no use.
func (s *Store) versionOf(id *string) string {
	if s.profile.noVersions {
		return ""
	}
	return aws.ToString(id)
}
