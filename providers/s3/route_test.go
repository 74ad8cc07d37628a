package s3

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/internal/stub"
)

// hotCalls are the verbs without the SDK, each beside what makes the same request with it.
var hotCalls = []struct {
	name string
	own  func(context.Context, *Store) error
	sdk  func(context.Context, *Store, *s3.Client) error
}{
	{"Get of a range", func(ctx context.Context, s *Store) error {
		_, err := s.Get(ctx, oddKey, &storage.GetOptions{
			Offset: 3, Length: 4, IfMatch: `"etag"`, IfModifiedSince: time.Unix(1e9, 5e8),
			VersionID: "v+1/&",
		})
		return err
	}, func(ctx context.Context, s *Store, c *s3.Client) error {
		_, err := c.GetObject(ctx, &s3.GetObjectInput{
			Bucket: &s.bucket, Key: aws.String(oddKey), Range: aws.String("bytes=3-6"),
			IfMatch: aws.String(`"etag"`), IfModifiedSince: aws.Time(time.Unix(1e9, 5e8)),
			VersionId: aws.String("v+1/&"),
		})
		return err
	}},
	{"Get", func(ctx context.Context, s *Store) error {
		_, err := s.Get(ctx, "k", &storage.GetOptions{IfNoneMatch: `"e"`})
		return err
	}, func(ctx context.Context, s *Store, c *s3.Client) error {
		_, err := c.GetObject(ctx, &s3.GetObjectInput{
			Bucket: &s.bucket, Key: aws.String("k"), IfNoneMatch: aws.String(`"e"`),
			ChecksumMode: types.ChecksumModeEnabled,
		})
		return err
	}},
	{"Stat", func(ctx context.Context, s *Store) error {
		_, err := s.Stat(ctx, "k", &storage.StatOptions{VersionID: "v"})
		return err
	}, func(ctx context.Context, s *Store, c *s3.Client) error {
		_, err := c.HeadObject(ctx, &s3.HeadObjectInput{
			Bucket: &s.bucket, Key: aws.String("k"), VersionId: aws.String("v"),
			ChecksumMode: types.ChecksumModeEnabled,
		})
		return err
	}},
	{"Put", func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, oddKey, strings.NewReader(content), int64(len(content)), &fullPut)
		return err
	}, func(ctx context.Context, s *Store, c *s3.Client) error {
		p, err := driver.NewPayload(strings.NewReader(content), int64(len(content)))
		if err != nil {
			return err
		}
		sums, _, err := s.seal(ctx, p, &fullPut.Checksums, new(storage.Checksums))
		if err != nil {
			return err
		}
		match := aws.String(`"e"`)
		if s.profile.bareMatch {
			match = aws.String("e")
		}
		_, err = c.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &s.bucket, Key: aws.String(oddKey), Body: p,
			ContentLength: aws.Int64(p.Size()), ContentType: &fullPut.ContentType,
			ContentEncoding: &fullPut.ContentEncoding, CacheControl: &fullPut.CacheControl,
			ContentDisposition: &fullPut.ContentDisposition,
			ContentLanguage:    &fullPut.ContentLanguage,
			Metadata:           fullPut.Metadata, Tagging: aws.String("a%20b=c"),
			StorageClass: types.StorageClass(fullPut.StorageClass),
			ContentMD5:   encodeSum(sums.MD5), ChecksumCRC32: encodeSum(sums.CRC32),
			ChecksumCRC32C: encodeSum(sums.CRC32C), ChecksumSHA256: encodeSum(sums.SHA256),
			ServerSideEncryption: types.ServerSideEncryption(s.sse),
			SSEKMSKeyId:          optional(s.kmsKey),
			IfMatch:              match,
		})
		return err
	}},
	{"PutPart", func(ctx context.Context, s *Store) error {
		_, err := s.PutPart(ctx, "k", "id+/&", 7, strings.NewReader(largePart), 2<<20,
			new(storage.PartOptions))
		return err
	}, func(ctx context.Context, s *Store, c *s3.Client) error {
		p, err := driver.NewPayload(strings.NewReader(largePart), 2<<20)
		if err != nil {
			return err
		}
		sums, _, err := s.seal(ctx, p, new(storage.Checksums), new(storage.Checksums))
		if err != nil {
			return err
		}
		_, err = c.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &s.bucket, Key: aws.String("k"), UploadId: aws.String("id+/&"),
			PartNumber: aws.Int32(7), Body: p, ContentLength: aws.Int64(p.Size()),
			ContentMD5: encodeSum(sums.MD5), ChecksumCRC32C: encodeSum(sums.CRC32C),
		}, func(o *s3.Options) {
			o.ContinueHeaderThresholdBytes = -1 // parts wait for a busy service alone
		})
		return err
	}},
	{"Delete", func(ctx context.Context, s *Store) error {
		return s.Delete(ctx, "dir/k", new(storage.DeleteOptions))
	}, func(ctx context.Context, s *Store, c *s3.Client) error {
		_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{
			Bucket: &s.bucket, Key: aws.String("dir/k"),
		})
		return err
	}},
}

const oddKey = "a b/é+%2F&?#~.'()*"

var largePart = strings.Repeat("x", 2<<20)

var fullPut = storage.PutOptions{
	ContentType: "text/plain", ContentEncoding: "gzip", ContentDisposition: "attachment",
	ContentLanguage: "de", CacheControl: "no-store", StorageClass: "GLACIER", IfMatch: `"e"`,
	Metadata: map[string]string{"name": "value", "a-b_c": "d"}, Tags: map[string]string{"a b": "c"},
}

// routes are the forms of endpoints and credentials.
var routeForms = []struct {
	name, bucket string
	o            Options
}{
	{"virtual host", "bucket", Options{Region: "eu-west-3"}},
	{"dots", "bu.ck.et", Options{Region: "eu-west-3"}},
	{"path style", "bucket", Options{Region: "eu-west-3", PathStyle: true}},
	{"accelerate", "bucket", Options{Region: "eu-west-3", Accelerate: true}},
	{"dual stack", "bucket", Options{Region: "eu-west-3", DualStack: true}},
	{"dual stack, accelerate", "bucket",
		Options{Region: "us-east-1", DualStack: true, Accelerate: true}},
	{"FIPS", "bucket", Options{Region: "us-gov-west-1", FIPS: true, DualStack: true}},
	{"China", "bucket", Options{Region: "cn-north-1"}},
	{"no HTTPS", "bucket", Options{Region: "eu-west-3", DisableHTTPS: true}},
	{"access point", "arn:aws:s3:us-west-2:123456789012:accesspoint/ap", Options{}},
	{"object lambda", "arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/ap", Options{}},
	{"access point alias", "ap-abcdefghijklmnopqrstuvwxyz1234-s3alias",
		Options{Region: "eu-west-3"}},
	{"endpoint", "bucket", Options{Endpoint: "http://s.example:9000", Provider: "minio"}},
	{"endpoint with a path", "bucket", Options{Endpoint: "https://s.example/a/b/"}},
	{"endpoint with the port of its scheme", "bucket", Options{Endpoint: "http://s.example:80"}},
	{"endpoint of an address", "bucket", Options{Endpoint: "http://[2001:db8::1]:9000"}},
	{"virtual host of an endpoint", "bucket",
		Options{Endpoint: "https://s.example", VirtualHost: true}},
	{"odd bucket", "A_b", Options{Endpoint: "http://s.example"}},
	{"encryption", "bucket", Options{Region: "eu-west-3", SSE: "aws:kms", KMSKeyID: "key"}},
	{"anonymous", "bucket", Options{Region: "eu-west-3", Anonymous: true}},
	{"no session", "bucket",
		Options{Region: "eu-west-3", AccessKeyID: stubKey, SecretAccessKey: stubSecret}},
	{"signs no encoding", "bucket", Options{Endpoint: "https://s.example", Provider: "gcs"}},
}

// Whatever the form of the endpoint and of the credentials, a hot verb makes the request that the
// SDK would make; and so does bySDK, which takes its place where there is no route.
func TestHotRequests(t *testing.T) {
	srv := newStub(t, answerOK)
	for _, form := range routeForms {
		t.Run(form.name, func(t *testing.T) {
			cleanEnvironment(t)
			rt := &stub.Everywhere{Server: srv.Server}
			o := form.o
			o.HTTPClient = &http.Client{Transport: rt}
			if o.AccessKeyID == "" && !o.Anonymous {
				o.AccessKeyID, o.SecretAccessKey, o.SessionToken = stubKey, stubSecret, stubToken
			}
			s := mustNew(t, form.bucket, &o)
			if s.route == nil {
				t.Fatal("no route")
			}
			srv.Seen()
			s.profile = new(*s.profile)
			s.profile.can.Tags, s.profile.can.IfMatch, s.profile.can.StorageClass = true, true, true
			s.profile.plainBuckets, s.profile.trailers = false, false
			for _, c := range hotCalls {
				wire := func(err error) string {
					t.Helper()
					if err != nil {
						t.Fatalf("%s: %v", c.name, err)
					}
					return onTheWire(srv.One(t), rt)
				}
				want := wire(c.sdk(t.Context(), s, s.client))
				if got := wire(c.own(t.Context(), s)); got != want {
					t.Errorf("%s is not as the SDK's:\n%s", c.name, cmp.Diff(want, got))
				}
				route := s.route
				s.route = nil
				if got := wire(c.own(t.Context(), s)); got != want {
					t.Errorf("%s by the SDK:\n%s", c.name, cmp.Diff(want, got))
				}
				s.route = route
			}
		})
	}
}

// unlike is what two requests do not share: the time, the signature, and what the SDK tells of
// itself.
var unlike = regexp.MustCompile(
	`(?m)^(Amz-Sdk-.*|X-Amz-Date|User-Agent):.*\n|amz-sdk-[a-z-]*;|Signature=\w*`,
)

func onTheWire(r *stub.Request, rt *stub.Everywhere) string {
	var b strings.Builder
	b.WriteString(r.Method + " " + rt.Last() + " " + r.Host + " " + r.RequestURI + "\n")
	r.Header.Write(&b)
	text := unlike.ReplaceAllString(strings.ReplaceAll(b.String(), "\r\n", "\n"), "")
	return text + string(r.Body[:min(len(r.Body), 20)])
}

// Where the plain signature is not the one, the SDK makes the requests.
func TestNoRoute(t *testing.T) {
	cleanEnvironment(t)
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if r.URL.Query().Has("session") {
			w.Write([]byte("<CreateSessionResult><Credentials><AccessKeyId>SESSION</AccessKeyId>" +
				"<SecretAccessKey>s</SecretAccessKey><SessionToken>of-the-session</SessionToken>" +
				"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>"))
			return
		}
		answerOK(w, r)
	})
	const asymmetric = "AWS4-ECDSA-P256-SHA256 Credential=" + stubKey + "/"
	for bucket, want := range map[string]string{
		"b--use1-az4--x-s3": "AWS4-HMAC-SHA256 Credential=SESSION/",

		"arn:aws:s3::123456789012:accesspoint/ap.mrap":                           asymmetric,
		"arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-1/accesspoint/ap": asymmetric,
	} {
		s := mustNew(t, bucket, &Options{
			Region: "us-east-1", AccessKeyID: stubKey, SecretAccessKey: stubSecret,
			HTTPClient: &http.Client{Transport: &stub.Everywhere{Server: srv.Server}},
		})
		if n := len(srv.Seen()); n != 0 {
			t.Errorf("%s: %d requests to find the route", bucket, n)
		}
		for _, call := range []string{"Put", "Get", "Stat", "Delete"} {
			if err := calls[call](t.Context(), s); err != nil {
				t.Errorf("%s: %s: %v", bucket, call, err)
			}
			seen := srv.Seen()
			r := seen[len(seen)-1]
			if !strings.HasPrefix(r.Header.Get("Authorization"), want) {
				t.Errorf("%s: %s is signed %s", bucket, call, r.Header.Get("Authorization"))
			}
		}
	}
}
