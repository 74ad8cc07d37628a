package s3

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/allocs"
	"github.com/polystore/storage/internal/stub"
)

// answering is a transport whose answers have one body.
type answering []byte

func (a answering) Do(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a)),
	}, nil
}

// asSDK is the page that the SDK makes of an answer, as far as ListPage looks at it.
func asSDK(ctx context.Context, data []byte) (*s3.ListObjectsV2Output, error) {
	client := s3.New(s3.Options{
		Region: "us-east-1", Credentials: aws.AnonymousCredentials{}, Retryer: aws.NopRetryer{},
		HTTPClient: answering(data),
	})
	return client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("bucket")})
}

// samePage compares what ListPage looks at.
func samePage(t *testing.T, data []byte, got *s3.ListObjectsV2Output) {
	t.Helper()
	want, err := asSDK(t.Context(), data)
	if err != nil {
		t.Fatalf("the SDK fails for it: %v\n%s", err, data)
	}
	// Owner and the like are not looked at.
	for i := range want.Contents {
		o := &want.Contents[i]
		o.Owner, o.ChecksumAlgorithm, o.ChecksumType, o.RestoreStatus = nil, nil, "", nil
	}
	diff := cmp.Diff(want, got, cmpopts.EquateEmpty(),
		cmpopts.IgnoreUnexported(s3.ListObjectsV2Output{}),
		cmpopts.IgnoreFields(s3.ListObjectsV2Output{}, "ResultMetadata", "Name", "Prefix",
			"Delimiter", "StartAfter", "ContinuationToken", "MaxKeys", "KeyCount"),
		cmp.FilterPath(func(p cmp.Path) bool {
			return p.Last().String() == ".noSmithyDocumentSerde"
		}, cmp.Ignore()),
	)
	if diff != "" {
		t.Errorf("-SDK +scanned\n%s\n%s", diff, data)
	}
}

const (
	listHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
	listTail = `</ListBucketResult>`
	anObject = `<Contents><Key>a%2Fb</Key><LastModified>2026-11-30T15:58:26.123Z</LastModified>` +
		`<ETag>&quot;0123&quot;</ETag><Size>42</Size><StorageClass>STANDARD</StorageClass></Contents>`
)

// plainPages are those that services send.
var plainPages = map[string]string{
	"nothing": listHead + `<Name>bucket</Name><Prefix></Prefix><KeyCount>0</KeyCount>` +
		`<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>` + listTail,
	"S3": listHead + `<Name>bucket</Name><Prefix>a</Prefix><StartAfter>0</StartAfter>` +
		`<NextContinuationToken>1+2/3=</NextContinuationToken><KeyCount>2</KeyCount>` +
		`<MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter><EncodingType>url</EncodingType>` +
		`<IsTruncated>true</IsTruncated>` + anObject +
		`<Contents><Key>c&amp;d&apos;&lt;&gt;</Key><LastModified>2026-11-30T15:58:26Z` +
		`</LastModified><ETag>"56-7"</ETag><ChecksumAlgorithm>CRC32C</ChecksumAlgorithm>` +
		`<ChecksumType>FULL_OBJECT</ChecksumType><Size>0</Size><Owner><ID>id</ID>` +
		`<DisplayName>me</DisplayName></Owner><StorageClass>GLACIER</StorageClass>` +
		`<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus>` +
		`</Contents><CommonPrefixes><Prefix>e/</Prefix></CommonPrefixes>` + listTail,
	"spaces": strings.ReplaceAll(listHead+anObject+`<IsTruncated>false</IsTruncated>`+listTail,
		"><", ">\n  <") + "\n",
	"empty elements": listHead + `<Name/><Prefix/><Delimiter></Delimiter>` +
		`<Contents><Key>k</Key><ETag/><Owner/><StorageClass></StorageClass></Contents>` +
		`<IsTruncated>false</IsTruncated><CommonPrefixes><Prefix/></CommonPrefixes>` + listTail,
	"no declaration": `<ListBucketResult>` + anObject + listTail,
}

// oddPages are left to the SDK, or to its error.
var oddPages = map[string]string{
	"no document":       "",
	"a page of a proxy": `<html><body>no</body></html>`,
	"an error":          `<Error><Code>SlowDown</Code></Error>`,
	"cut":               listHead + anObject,
	"cut in a tag":      listHead + anObject + `<IsTrunc`,
	"more behind":       `<ListBucketResult>` + anObject + listTail + `<a></a>`,
	"a comment":         listHead + `<!-- <Contents> -->` + anObject + listTail,
	"CDATA":             listHead + `<Contents><Key><![CDATA[k]]></Key></Contents>` + listTail,
	"a prefix": `<s:ListBucketResult xmlns:s="s"><s:IsTruncated>true</s:IsTruncated>` +
		`</s:ListBucketResult>`,
	"lower case":        listHead + `<contents><key>k</key></contents>` + listTail,
	"an unknown name":   listHead + `<Contents><Key>k</Key><Other>o</Other></Contents>` + listTail,
	"crossed":           listHead + `<Contents><Key>k</Contents></Key>` + listTail,
	"a carriage return": listHead + "<Contents><Key>a\r\nb</Key></Contents>" + listTail,
	"a reference":       listHead + `<Contents><Key>a&#13;b</Key></Contents>` + listTail,
	"no ASCII":          listHead + `<Contents><Key>ä</Key></Contents>` + listTail,
	"no UTF-8":          listHead + "<Contents><Key>\xff</Key></Contents>" + listTail,
	"another encoding": `<?xml version="1.0" encoding="ISO-8859-1"?>` +
		`<ListBucketResult></ListBucketResult>`,
	"a wrong size":   listHead + `<Contents><Key>k</Key><Size>x</Size></Contents>` + listTail,
	"a wrong time":   listHead + `<Contents><LastModified>x</LastModified></Contents>` + listTail,
	"a wrong answer": listHead + `<IsTruncated>perhaps</IsTruncated>` + listTail,
	"deep": listHead + `<Contents><Owner><a><a><a><a><a/></a></a></a></a></Owner></Contents>` +
		listTail,
}

func TestScanPage(t *testing.T) {
	for name, page := range plainPages {
		t.Run(name, func(t *testing.T) {
			got := scanPage([]byte(page))
			if got == nil {
				t.Fatalf("it is left to the SDK: %s", page)
			}
			samePage(t, []byte(page), got)
		})
	}
	for name, page := range oddPages {
		if got := scanPage([]byte(page)); got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What is scanned is what the SDK reads.
func FuzzScanPage(f *testing.F) {
	for _, pages := range []map[string]string{plainPages, oddPages} {
		for _, page := range pages {
			f.Add([]byte(page))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := scanPage(data); got != nil {
			samePage(t, data, got)
		}
	})
}

// A page costs a few allocations an object, and the SDK sees none of it.
func TestListAllocations(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates, too")
	}
	const objects, most = 1000, 2.7
	var page strings.Builder
	page.WriteString(listHead + `<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>`)
	for i := range objects {
		page.WriteString(strings.Replace(anObject, "a%2Fb", fmt.Sprintf("key-%08d", i), 1))
	}
	page.WriteString(listTail)
	s := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		io.WriteString(w, page.String())
	}).store(t)
	n := allocs.Least(20, func() {
		got, err := s.ListPage(t.Context(), new(storage.ListOptions))
		if err != nil || len(got.Objects) != objects {
			t.Fatal(err)
		}
	})
	t.Logf("%.1f allocations an object", n/objects)
	if n > most*objects {
		t.Errorf("%.1f allocations an object, at most %.1f", n/objects, most)
	}
}
