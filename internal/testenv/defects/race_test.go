package defects

import (
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// How long a race is run until it counts as not lost. versitygw pairs some 4 of 1,000 reads wrongly
// and lets some 5 of 1,000 pairs of writes through, which is seconds.
const (
	raceTime   = 30 * time.Second
	soundTime  = 2 * time.Second
	raceRounds = 20_000
)

// racing is how long the probe of a race runs.
func racing(b bucket) time.Duration {
	if b.patient {
		return raceTime
	}
	return soundTime
}

// etagOfAnotherVersion reads an object beside two writers. The ETag of these objects is the MD5 of
// their bytes.
func etagOfAnotherVersion(ctx context.Context, b bucket) (bool, string, error) {
	return besideWriters(ctx, b, func(ctx context.Context) (string, error) {
		out, err := b.GetObject(ctx, &s3.GetObjectInput{Bucket: b.name, Key: aws.String("k")})
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(out.Body)
		out.Body.Close()
		if want := fmt.Sprintf(`"%x"`, md5.Sum(body)); err == nil && *out.ETag != want {
			return fmt.Sprintf("ETag %s of the body %s", *out.ETag, want), nil
		}
		return "", err
	})
}

// headOfTwoVersions describes an object beside two writers, which write its MD5 into its metadata.
func headOfTwoVersions(ctx context.Context, b bucket) (bool, string, error) {
	return besideWriters(ctx, b, func(ctx context.Context) (string, error) {
		out, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b.name, Key: aws.String("k")})
		if err != nil {
			return "", err
		}
		if want := fmt.Sprintf("%q", out.Metadata["md5"]); *out.ETag != want {
			return fmt.Sprintf("ETag %s with the metadata of %s", *out.ETag, want), nil
		}
		return "", nil
	})
}

// besideWriters reads while two writers replace the object, until a read shows what is wrong.
func besideWriters(
	ctx context.Context, b bucket, read func(context.Context) (string, error),
) (bool, string, error) {
	put := func(body string) error {
		_, err := b.PutObject(ctx, &s3.PutObjectInput{
			Bucket: b.name, Key: aws.String("k"), Body: strings.NewReader(body),
			Metadata: map[string]string{"md5": fmt.Sprintf("%x", md5.Sum([]byte(body)))},
		})
		return err
	}
	if err := put("first"); err != nil {
		return false, "", err
	}
	ctx, stop := context.WithTimeout(ctx, racing(b))
	defer stop()
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	for w := range 2 {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				put(strings.Repeat(fmt.Sprintf("%d.%d ", w, n), 200+n%50))
			}
		})
	}
	for n := range raceRounds {
		wrong, err := read(ctx)
		if err != nil && ctx.Err() != nil {
			return false, fmt.Sprintf("%d reads", n), nil
		}
		if wrong != "" { // an error is no news: beside a writer some servers know no object
			return true, fmt.Sprintf("read %d: %s", n, wrong), nil
		}
	}
	return false, "all reads", nil
}

// deleteAndPutOnOneETag lets a DELETE and a PUT race for one version.
func deleteAndPutOnOneETag(ctx context.Context, b bucket) (bool, string, error) {
	end := time.Now().Add(racing(b))
	for n := range raceRounds {
		if time.Now().After(end) {
			return false, fmt.Sprintf("%d rounds", n), nil
		}
		key := aws.String(fmt.Sprint("k", n))
		old, err := b.put(ctx, *key, "old")
		if err != nil {
			return false, "", err
		}
		var deleted, put error
		var both sync.WaitGroup
		both.Go(func() {
			_, deleted = b.DeleteObject(ctx, &s3.DeleteObjectInput{
				Bucket: b.name, Key: key, IfMatch: old.ETag,
			})
		})
		both.Go(func() {
			_, put = b.PutObject(ctx, &s3.PutObjectInput{
				Bucket: b.name, Key: key, IfMatch: old.ETag, Body: strings.NewReader("new"),
			})
		})
		both.Wait()
		// Both may succeed where the PUT's object has an ETag of its own only if one ignored the
		// condition, or if they were not held against each other.
		if deleted == nil && put == nil {
			return true, fmt.Sprintf("round %d", n), nil
		}
	}
	return false, "all rounds", nil
}
