package s3

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/internal/stub"
	"github.com/polystore/storage/internal/testenv"
)

// quirks are what the profiles of the servers work around, each shown by the bare SDK: a probe that
// fails says that the switch can go. shown is what the server does, in the words of the switch.
var quirks = []struct {
	provider, name string
	shown          func(t *testing.T, c *s3.Client, bucket *string) bool
}{
	{"minio", "uploadSums: a copied part is refused by an upload with a checksum",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			_, err := copiedPart(t, c, bucket)
			return codeOf(err) == "InvalidArgument"
		}},
	{"versitygw", "uploadSums: a copied part has the checksum of its whole source",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			r, err := copiedPart(t, c, bucket)
			h := new(driver.Hasher).New(driver.CRC32C)
			h.Write([]byte(copySource[:minPart]))
			return err == nil &&
				aws.ToString(r.CopyPartResult.ChecksumCRC32C) != *encodeSum(h.Checksums().CRC32C)
		}},
	{"minio", "ownUploadPages: MaxUploads is ignored, and a prefix finds nothing",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			begin(t, c, bucket, "p/one")
			begin(t, c, bucket, "p/two")
			all, err := c.ListMultipartUploads(t.Context(),
				&s3.ListMultipartUploadsInput{Bucket: bucket, MaxUploads: aws.Int32(1)})
			if err != nil {
				t.Fatal(err)
			}
			some, err := c.ListMultipartUploads(t.Context(),
				&s3.ListMultipartUploadsInput{Bucket: bucket, Prefix: aws.String("p/")})
			if err != nil {
				t.Fatal(err)
			}
			return len(all.Uploads) > 1 && len(some.Uploads) == 0
		}},
	{"versitygw", "ownUploadPages: the marker that it gave is refused",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			begin(t, c, bucket, "p/one")
			begin(t, c, bucket, "p/one")
			page, err := c.ListMultipartUploads(t.Context(),
				&s3.ListMultipartUploadsInput{Bucket: bucket, MaxUploads: aws.Int32(1)})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.ListMultipartUploads(t.Context(),
				&s3.ListMultipartUploadsInput{Bucket: bucket, KeyMarker: page.NextKeyMarker,
					UploadIdMarker: page.NextUploadIdMarker})
			return codeOf(err) == "InvalidArgument"
		}},
	{"versitygw",
		"falseComplete: an aborted upload is completed with success, and nothing is written",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			key := aws.String("aborted")
			if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key,
				Body: strings.NewReader("old")}); err != nil {
				t.Fatal(err)
			}
			id := begin(t, c, bucket, *key)
			part, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key,
				UploadId: id, PartNumber: aws.Int32(1), Body: strings.NewReader("new")})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.AbortMultipartUpload(t.Context(),
				&s3.AbortMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id}); err != nil {
				t.Fatal(err)
			}
			done, err := c.CompleteMultipartUpload(t.Context(),
				&s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: id,
					MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{
						{PartNumber: aws.Int32(1), ETag: part.ETag},
					}}})
			return err == nil && done.ChecksumCRC64NVME == nil
		}},
	{"minio", "stuckDelimiters: the continuation token does not lead past a prefix",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			for _, key := range []string{"p/a--b", "p/a--c", "p/a-b", "p/b", "p/c--", "p/d-e"} {
				if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &key,
					Body: strings.NewReader("x")}); err != nil {
					t.Fatal(err)
				}
			}
			in := &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("p/"),
				Delimiter: aws.String("-"), MaxKeys: aws.Int32(1)}
			for range 8 {
				page, err := c.ListObjectsV2(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				if page.NextContinuationToken != nil &&
					aws.ToString(page.NextContinuationToken) == aws.ToString(in.ContinuationToken) {
					return true
				}
				in.ContinuationToken = page.NextContinuationToken
			}
			return false
		}},
	{"minio", "loneKey: a list of one entry whose prefix is a key ends with that key",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			for _, key := range []string{"lone", "lone-2"} {
				if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &key,
					Body: strings.NewReader("x")}); err != nil {
					t.Fatal(err)
				}
			}
			page, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket,
				Prefix: aws.String("lone"), MaxKeys: aws.Int32(1)})
			if err != nil {
				t.Fatal(err)
			}
			return !aws.ToBool(page.IsTruncated)
		}},
	{"versitygw",
		"keys: a character that XML cannot carry is U+FFFD in lists, under which there is nothing",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket,
				Key: aws.String("a\x01"), Body: strings.NewReader("x")}); err != nil {
				t.Fatal(err)
			}
			page, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket,
				EncodingType: types.EncodingTypeUrl})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket,
				Key: aws.String("a\ufffd")})
			return len(page.Contents) == 1 && strings.Contains(aws.ToString(page.Contents[0].Key),
				"\ufffd") && codeOf(err) == "NotFound"
		}},
	{"versitygw",
		"keys: a directory with something in it is no object, and its deletion is refused",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket,
				Key: aws.String("d/x"), Body: strings.NewReader("x")}); err != nil {
				t.Fatal(err)
			}
			_, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket,
				Key: aws.String("d/")})
			return codeOf(err) == "ErrDirectoryNotEmpty"
		}},
	{"versitygw", "keys: a marker of a directory cannot be the source of a copy",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket,
				Key: aws.String("d/")}); err != nil {
				t.Fatal(err)
			}
			_, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket,
				Key: aws.String("copy"), CopySource: aws.String(*bucket + "/d/")})
			return codeOf(err) == "InternalError"
		}},
	{"minio", "keys: a slash at the beginning is dropped", func(t *testing.T, c *s3.Client,
		bucket *string) bool {
		if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket,
			Key: aws.String("/lead"), Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
		_, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket,
			Key: aws.String("lead")})
		return err == nil
	}},
	{"versitygw", "keys: doubled slashes are one", func(t *testing.T, c *s3.Client,
		bucket *string) bool {
		if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket,
			Key: aws.String("a//b"), Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
		_, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket,
			Key: aws.String("a/b")})
		return err == nil
	}},
	{"versitygw", "notModified: If-Modified-Since with the object's own Last-Modified is no 304",
		func(t *testing.T, c *s3.Client, bucket *string) bool {
			key := aws.String("k")
			for range 3 { // in case that the clock was at a whole second
				if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key,
					Body: strings.NewReader("x")}); err != nil {
					t.Fatal(err)
				}
				head, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket,
					Key: key})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key,
					IfModifiedSince: head.LastModified}); err == nil {
					return true
				}
			}
			return false
		}},
}

func TestQuirks(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		c := s3.New(s3.Options{
			Region: o.Region, BaseEndpoint: &o.Endpoint, UsePathStyle: true,
			HTTPClient: o.HTTPClient,
			Credentials: credentials.NewStaticCredentialsProvider(o.AccessKeyID, o.SecretAccessKey,
				""),
		})
		for _, q := range quirks {
			if q.provider == o.Provider && !q.shown(t, c, aws.String(env.NewBucket(t))) {
				t.Errorf("%s does not show: %s", env.Name, q.name)
			}
		}
	})
}

func codeOf(err error) string {
	var ae smithy.APIError
	if errors.As(err, &ae) {
		return ae.ErrorCode()
	}
	return ""
}

func begin(t *testing.T, c *s3.Client, bucket *string, key string) *string {
	t.Helper()
	out, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket,
		Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	return out.UploadId
}

var copySource = strings.Repeat("0123456789abcdef", minPart/16+1000)

// copiedPart copies the beginning of an object into an upload that has a checksum.
func copiedPart(t *testing.T, c *s3.Client, bucket *string) (*s3.UploadPartCopyOutput, error) {
	t.Helper()
	key := aws.String("source")
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key,
		Body: strings.NewReader(copySource), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket,
		Key:               key,
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c,
		ChecksumType:      types.ChecksumTypeFullObject})
	if err != nil {
		t.Fatal(err)
	}
	return c.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{Bucket: bucket, Key: key,
		UploadId: out.UploadId, PartNumber: aws.Int32(1),
		CopySource:      aws.String(*bucket + "/source"),
		CopySourceRange: aws.String("bytes=0-5242879")})
}

// The upload that is gone is told from the one that is there, whatever is under its key.
func TestServerCompleteGone(t *testing.T) {
	onServers(t, func(t *testing.T, _ *testenv.Server, o Options, bucket string) {
		s := mustNew(t, bucket, &o)
		put(t, s, "k", "old")
		id, err := s.CreateUpload(t.Context(), "k", &storage.PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.PutPart(t.Context(), "k", id, 1, strings.NewReader("new"), 3,
			&storage.PartOptions{Last: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AbortUpload(t.Context(), "k", id); err != nil {
			t.Fatal(err)
		}
		_, err = s.CompleteUpload(t.Context(), "k", id, []*storage.Part{p}, &storage.PutOptions{})
		if !errors.Is(err, storage.ErrNotExist) {
			t.Errorf("CompleteUpload of an aborted upload: %v", err)
		}
		if got := read(t, s, "k"); got != "old" {
			t.Errorf("the object is %q", got)
		}
		stat, err := s.Stat(t.Context(), "k", &storage.StatOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for since, want := range map[time.Duration]error{0: storage.ErrNotModified,
			time.Hour: storage.ErrNotModified, -time.Second: nil} {
			_, err := s.Stat(t.Context(), "k",
				&storage.StatOptions{IfModifiedSince: stat.ModTime.Add(since)})
			if want == nil && err != nil || !errors.Is(err, want) {
				t.Errorf("Stat with IfModifiedSince %v later: %v, want %v", since, err, want)
			}
		}
	})
}

// A stub, because a truncated list of the servers at hand has a thousand uploads: this one cuts
// after four, sorts the uploads of a key otherwise than by ID, as S3 does, and takes no marker but
// a key.
func TestCutUploads(t *testing.T) {
	all := [][2]string{{"a", "9"}, {"b/1", "3"}, {"b/1", "1"}, {"b/1", "2"}, {"b/2", "7"},
		{"b/3", "5"}, {"b/3", "4"}, {"c", "1"}, {"d", "1"}}
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		q := r.URL.Query()
		var s strings.Builder
		n := 0
		for _, u := range all {
			switch {
			case u[0] <= q.Get("key-marker"):
			case n == 4:
				s.WriteString("<IsTruncated>true</IsTruncated>")
				n++
			case n < 4:
				s.WriteString("<Upload><Key>" + u[0] + "</Key><UploadId>" + u[1] +
					"</UploadId></Upload>")
				n++
			}
		}
		if q.Has("upload-id-marker") || q.Has("prefix") {
			refuse(w, 400, "InvalidArgument")
			return
		}
		w.Write([]byte("<ListMultipartUploadsResult>" + s.String() +
			"</ListMultipartUploadsResult>"))
	})
	s := srv.provider(t, "versitygw")
	for prefix, want := range map[string]string{"": "a9 b/11 b/12 b/13 b/27 b/34 b/35 c1 d1",
		"b/": "b/11 b/12 b/13 b/27 b/34 b/35", "b/3": "b/34 b/35", "x": ""} {
		for _, size := range []int{0, 1, 2, 3, 100} {
			var got []string
			opts := &storage.ListOptions{Prefix: prefix, PageSize: size}
			for pages := 0; ; pages++ {
				page, err := s.ListUploadsPage(t.Context(), opts)
				if err != nil || pages > 20 {
					t.Fatalf("page %d: %v", pages, err)
				}
				if size > 0 && len(page.Uploads) > size {
					t.Errorf("a page of %d, PageSize %d", len(page.Uploads), size)
				}
				for _, u := range page.Uploads {
					got = append(got, u.Key+u.ID)
				}
				if opts.PageToken = page.NextToken; opts.PageToken == "" {
					break
				}
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("prefix %q, PageSize %d: %s, want %s", prefix, size, s, want)
			}
		}
	}
}
