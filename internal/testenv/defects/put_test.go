package defects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// over puts an object over another one, with a condition.
func (b bucket) over(ctx context.Context, in s3.PutObjectInput) error {
	in.Bucket, in.Key, in.Body = b.name, aws.String("k"), strings.NewReader("new")
	_, err := b.PutObject(ctx, &in)
	return err
}

// ifMatchQuotedRefused takes the ETag as the server gave it, and without its quotes.
func ifMatchQuotedRefused(ctx context.Context, b bucket) (bool, string, error) {
	old, err := b.put(ctx, "k", "old")
	if err != nil {
		return false, "", err
	}
	quoted := b.over(ctx, s3.PutObjectInput{IfMatch: old.ETag})
	if old, err = b.put(ctx, "k", "old"); err != nil {
		return false, "", err
	}
	bare := b.over(ctx, s3.PutObjectInput{IfMatch: aws.String(strings.Trim(*old.ETag, `"`))})
	return quoted != nil && bare == nil,
		fmt.Sprintf("quoted: status %d, bare: status %d", status(quoted), status(bare)), nil
}

func ifNoneMatchIgnored(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "k", "old"); err != nil {
		return false, "", err
	}
	answer := b.over(ctx, s3.PutObjectInput{IfNoneMatch: aws.String("*")})
	return answer == nil, fmt.Sprintf("status %d", status(answer)), nil
}

func ifMatchIgnored(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "k", "old"); err != nil {
		return false, "", err
	}
	answer := b.over(ctx, s3.PutObjectInput{IfMatch: aws.String(otherETag)})
	return answer == nil, fmt.Sprintf("status %d", status(answer)), nil
}

func versionTold(ctx context.Context, b bucket) (bool, string, error) {
	out, err := b.put(ctx, "k", "x")
	if err != nil {
		return false, "", err
	}
	return aws.ToString(out.VersionId) != "", fmt.Sprintf("%q", aws.ToString(out.VersionId)), nil
}

func putEndsUploads(ctx context.Context, b bucket) (bool, string, error) {
	u, err := b.begin(ctx, "k")
	if err != nil {
		return false, "", err
	}
	if _, err := b.put(ctx, "k", "x"); err != nil {
		return false, "", err
	}
	_, answer := b.complete(ctx, "k", u, s3.CompleteMultipartUploadInput{})
	return status(answer) == http.StatusNotFound, fmt.Sprintf("status %d", status(answer)), nil
}

func prefixBehindStart(ctx context.Context, b bucket) (bool, string, error) {
	for _, key := range []string{"A1", "B", "a", "b", "b1", "b/c", "c"} {
		if _, err := b.put(ctx, key, "x"); err != nil && status(err) != http.StatusConflict {
			return false, "", err // versitygw has no b/c beside b
		}
	}
	out, err := b.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: b.name, Prefix: aws.String("b"), StartAfter: aws.String("A"),
	})
	if err != nil {
		return false, "", err
	}
	return len(out.Contents) == 0, fmt.Sprintf("%d keys", len(out.Contents)), nil
}

// version makes the bucket keep versions, and one object of one version.
func (b bucket) version(ctx context.Context) (*s3.PutObjectOutput, error) {
	_, err := b.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: b.name,
		VersioningConfiguration: &types.VersioningConfiguration{
			Status: types.BucketVersioningStatusEnabled,
		},
	})
	if status(err) == http.StatusNotImplemented {
		err = fmt.Errorf("%w: %w", errNotApplicable, err)
	}
	if err != nil {
		return nil, err
	}
	return b.put(ctx, "k", "0123456789")
}

func versionedIfNoneMatch(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.version(ctx); err != nil {
		return false, "", err
	}
	answer := b.over(ctx, s3.PutObjectInput{IfNoneMatch: aws.String("*")})
	return answer == nil, fmt.Sprintf("status %d", status(answer)), nil
}

func versionedIfMatchRefused(ctx context.Context, b bucket) (bool, string, error) {
	old, err := b.version(ctx)
	if err != nil {
		return false, "", err
	}
	quoted := b.over(ctx, s3.PutObjectInput{IfMatch: old.ETag})
	bare := b.over(ctx, s3.PutObjectInput{IfMatch: aws.String(strings.Trim(*old.ETag, `"`))})
	return quoted != nil && bare != nil,
		fmt.Sprintf("quoted: status %d, bare: status %d", status(quoted), status(bare)), nil
}

func versionRangeIgnored(ctx context.Context, b bucket) (bool, string, error) {
	old, err := b.version(ctx)
	if err != nil {
		return false, "", err
	}
	out, err := b.GetObject(ctx, &s3.GetObjectInput{
		Bucket: b.name, Key: aws.String("k"), VersionId: old.VersionId,
		Range: aws.String("bytes=3-5"),
	})
	if err != nil {
		return false, "", err
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	return len(body) == 10, fmt.Sprintf("%q", body), err
}

func copySourceIfMatch(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "src", "x"); err != nil {
		return false, "", err
	}
	_, answer := b.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: b.name, Key: aws.String("dst"), CopySource: aws.String(*b.name + "/src"),
		CopySourceIfMatch: aws.String(otherETag),
	})
	return answer == nil, fmt.Sprintf("status %d", status(answer)), nil
}

func copyReplaceKeepsHeaders(ctx context.Context, b bucket) (bool, string, error) {
	_, err := b.PutObject(ctx, &s3.PutObjectInput{
		Bucket: b.name, Key: aws.String("src"), Body: strings.NewReader("x"),
		ContentEncoding: aws.String("zstd"),
	})
	if err != nil {
		return false, "", err
	}
	_, err = b.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: b.name, Key: aws.String("dst"), CopySource: aws.String(*b.name + "/src"),
		MetadataDirective: types.MetadataDirectiveReplace,
	})
	if err != nil {
		return false, "", err
	}
	head, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b.name, Key: aws.String("dst")})
	if err != nil {
		return false, "", err
	}
	got := aws.ToString(head.ContentEncoding)
	return got == "zstd", fmt.Sprintf("Content-Encoding %q", got), nil
}

func underscoreAltered(ctx context.Context, b bucket) (bool, string, error) {
	_, err := b.PutObject(ctx, &s3.PutObjectInput{
		Bucket: b.name, Key: aws.String("k"), Body: strings.NewReader("x"),
		Metadata: map[string]string{"a_b": "v"},
	})
	if err != nil {
		return false, "", err
	}
	head, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b.name, Key: aws.String("k")})
	if err != nil {
		return false, "", err
	}
	return head.Metadata["a_b"] != "v", fmt.Sprint(head.Metadata), nil
}

func signatureIgnored(ctx context.Context, b bucket) (bool, string, error) {
	creds, err := b.Options().Credentials.Retrieve(ctx)
	if err != nil {
		return false, "", err
	}
	answer := b.as(func(o *s3.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(creds.AccessKeyID, "wrong", "")
	}).over(ctx, s3.PutObjectInput{})
	return answer == nil, fmt.Sprintf("status %d", status(answer)), nil
}

// insist are the servers that refuse a signature for another region than their own, or than the
// bucket's.
var insist = map[string]bool{VersityGW: true, MiniStack: true, Garage: true}

func TestRegionInsisted(t *testing.T) {
	for server := range servers {
		t.Run(server, func(t *testing.T) {
			b := newBucket(t, server).as(func(o *s3.Options) { o.Region = "eu-south-9" })
			answer := b.over(t.Context(), s3.PutObjectInput{})
			if (answer != nil) != insist[server] {
				t.Errorf("status %d, declared to be refused: %t", status(answer), insist[server])
			}
		})
	}
}

// as is the bucket by a client with other options.
func (b bucket) as(change func(*s3.Options)) bucket {
	return bucket{Client: s3.New(b.Options(), change), name: b.name}
}

// rangeBeforeCondition asks for a range behind the end of an object that was not modified.
func rangeBeforeCondition(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "k", "0123456789"); err != nil {
		return false, "", err
	}
	_, answer := b.GetObject(ctx, &s3.GetObjectInput{
		Bucket: b.name, Key: aws.String("k"), Range: aws.String("bytes=100-"),
		IfModifiedSince: aws.Time(time.Now().Add(time.Hour)),
	})
	if status(answer) == http.StatusOK {
		return false, "", errors.New("the range was ignored")
	}
	return status(answer) == http.StatusRequestedRangeNotSatisfiable,
		fmt.Sprintf("status %d", status(answer)), nil
}

func emptyBeforeCondition(ctx context.Context, b bucket) (bool, string, error) {
	if _, err := b.put(ctx, "k", ""); err != nil {
		return false, "", err
	}
	_, answer := b.GetObject(ctx, &s3.GetObjectInput{
		Bucket: b.name, Key: aws.String("k"), Range: aws.String("bytes=0-2"),
		IfMatch: aws.String(`"0123456789abcdef0123456789abcdef"`),
	})
	if answer == nil {
		return false, "", errors.New("the condition was ignored")
	}
	return status(answer) == http.StatusRequestedRangeNotSatisfiable,
		fmt.Sprintf("status %d", status(answer)), nil
}

// folded are pairs of keys that some servers take for one.
var folded = [][2]string{
	{"f/A", "f/a"}, {`f/x\y`, "f/x/y"}, {"f/a//b", "f/a/b"}, {"f/dot.", "f/dot"}, {"f/sp ", "f/sp"},
	{"f/e\u0301", "f/\u00e9"}, {"f/d/", "f/d"}, {"f/%41", "f/a"},
}

// folds has the pairs that a server folds or refuses one of, by the first key. What it folds is
// refused by its profile.
var folds = map[string][]string{
	VersityGW: {"f/a//b", "f/d/"},
	MinIO:     {"f/a//b"},
}

func TestKeysFolded(t *testing.T) {
	for server := range servers {
		t.Run(server, func(t *testing.T) {
			b := newBucket(t, server)
			for _, pair := range folded {
				var got [2]string
				for _, key := range pair {
					if _, err := b.put(t.Context(), key, key); err != nil {
						got[0] = err.Error()
					}
				}
				for i, key := range pair {
					out, err := b.GetObject(t.Context(), &s3.GetObjectInput{Bucket: b.name,
						Key: &key})
					if err != nil {
						continue
					}
					body, err := io.ReadAll(out.Body)
					out.Body.Close()
					if err != nil {
						t.Fatal(err)
					}
					got[i] = string(body)
				}
				declared := slices.Contains(folds[server], pair[0])
				if (got != pair) != declared {
					t.Errorf("%q hold %q, declared to be folded: %t", pair, got, declared)
				}
			}
		})
	}
}
