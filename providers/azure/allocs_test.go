package azure

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"hash/crc32"
	"io"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/allocs"
	"github.com/polystore/storage/internal/canned"
)

var hotData = bytes.Repeat([]byte("x"), 4<<10)

// hotService answers as Azure does, and allocates nothing.
func hotService(tb testing.TB) string {
	const common = "ETag: \"0x8DE6F1B2C3D4E5F\"\r\n" +
		"Last-Modified: Mon, 02 Mar 2026 15:04:05 GMT\r\nDate: Mon, 02 Mar 2026 15:04:05 GMT\r\n" +
		"Server: Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0\r\nx-ms-version: 2025-11-05\r\n" +
		"x-ms-request-id: 6d5f2c1e-301e-0034-5f4a-aa0b1c000000\r\n"
	sum := note{size: int64(len(hotData))}
	sum.sums.CRC32C = binary.BigEndian.AppendUint32(nil,
		crc32.Checksum(hotData, crc32.MakeTable(crc32.Castagnoli)))
	md5 := md5.Sum(hotData)
	head := common + "Content-Type: application/octet-stream\r\n" +
		"Content-MD5: " + httpdriver.EncodeSum(md5[:]) + "\r\nAccept-Ranges: bytes\r\n" +
		"x-ms-creation-time: Mon, 02 Mar 2026 15:04:05 GMT\r\nx-ms-blob-type: BlockBlob\r\n" +
		"x-ms-lease-status: unlocked\r\nx-ms-lease-state: available\r\n" +
		"x-ms-server-encrypted: true\r\nx-ms-access-tier: Hot\r\n" +
		"x-ms-access-tier-inferred: true\r\nx-ms-meta-polystoresum: " + sum.encode() + "\r\n"
	content := canned.Response("200 OK", head, string(hotData))
	answers := map[byte][]byte{
		'G': content,
		'H': content[:len(content)-len(hotData)],
		'P': canned.Response("201 Created", common+"x-ms-content-crc64: cGIQ3xtYZfQ=\r\n"+
			"x-ms-request-server-encrypted: true\r\n", ""),
		'D': canned.Response("202 Accepted", common+"x-ms-delete-type-permanent: true\r\n", ""),
	}
	return canned.Serve(tb, func(line []byte) []byte { return answers[line[0]] })
}

// hot are the calls whose allocations are counted, how many there may be by a shared key, and the
// same calls by the SDK.
var hot = []struct {
	name string
	most float64
	call func(context.Context, *storage.Bucket) error
	sdk  func(context.Context, *container.Client) error
}{
	{"Get", 114, func(ctx context.Context, b *storage.Bucket) error {
		r, err := b.Get(ctx, "k", nil)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	}, func(ctx context.Context, c *container.Client) error {
		out, err := c.NewBlobClient("k").DownloadStream(ctx, nil)
		if err != nil {
			return err
		}
		defer out.Body.Close()
		_, err = io.Copy(io.Discard, out.Body)
		return err
	}},
	{"Put", 105, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.WriteAll(ctx, "k", hotData, nil)
		return err
	}, func(ctx context.Context, c *container.Client) error {
		body := streaming.NopCloser(bytes.NewReader(hotData))
		_, err := c.NewBlockBlobClient("k").Upload(ctx, body, nil)
		return err
	}},
	{"Stat", 94, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.Stat(ctx, "k", nil)
		return err
	}, func(ctx context.Context, c *container.Client) error {
		_, err := c.NewBlobClient("k").GetProperties(ctx, nil)
		return err
	}},
	{"Delete", 70, func(ctx context.Context, b *storage.Bucket) error {
		return b.Delete(ctx, "k", nil)
	}, func(ctx context.Context, c *container.Client) error {
		_, err := c.NewBlobClient("k").Delete(ctx, nil)
		return err
	}},
}

// asHTTP makes requests that are to be made by TLS without it, which tokens insist on.
type asHTTP struct{ http.RoundTripper }

func (t asHTTP) RoundTrip(req *http.Request) (*http.Response, error) {
	plain, u := *req, *req.URL
	u.Scheme, plain.URL = "http", &u
	return t.RoundTripper.RoundTrip(&plain)
}

// hotBucket is a bucket with the credentials of a way, and the SDK's client of the same.
func hotBucket(tb testing.TB, way string) (*storage.Bucket, *container.Client) {
	tb.Helper()
	transport := &http.Transport{DisableCompression: true}
	tb.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	o := &Options{Endpoint: hotService(tb) + "/" + stubAccount, HTTPClient: client}
	options := &container.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: client, Retry: policy.RetryOptions{MaxRetries: -1},
	}}
	var sdk *container.Client
	var err error
	switch way {
	case "key":
		o.Key = stubKey
		key, e := container.NewSharedKeyCredential(stubAccount, stubKey)
		if e != nil {
			tb.Fatal(e)
		}
		sdk, err = container.NewClientWithSharedKeyCredential(o.Endpoint+"/bucket", key, options)
	case "sas":
		o.SASToken = stubSAS
		sdk, err = container.NewClientWithNoCredential(o.Endpoint+"/bucket?"+stubSAS, options)
	case "token":
		o.Endpoint = "https" + o.Endpoint[len("http"):]
		o.Credential, client.Transport = stubCredential{}, asHTTP{transport}
		sdk, err = container.NewClient(o.Endpoint+"/bucket", o.Credential, options)
	}
	if err != nil {
		tb.Fatal(err)
	}
	s, err := New(tb.Context(), "bucket", o)
	if err != nil {
		tb.Fatal(err)
	}
	b := storage.New(s, nil)
	tb.Cleanup(func() { b.Close() })
	return b, sdk
}

var hotWays = [...]string{"key", "sas", "token"}

// What a small object costs is what net/http costs and little more, and less than by the SDK.
func TestAllocations(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates, too")
	}
	for _, way := range hotWays {
		b, client := hotBucket(t, way)
		for _, c := range hot {
			count := func(call func() error) float64 {
				return allocs.Least(200, func() {
					if err := call(); err != nil {
						t.Fatal(err)
					}
				})
			}
			n := count(func() error { return c.call(t.Context(), b) })
			sdk := count(func() error { return c.sdk(t.Context(), client) })
			t.Logf("%s by %s: %.0f allocations, by the SDK %.0f", c.name, way, n, sdk)
			if way == "key" && n > c.most || n >= sdk {
				t.Errorf("%s by %s: %.0f allocations, at most %.0f, by the SDK %.0f",
					c.name, way, n, c.most, sdk)
			}
		}
	}
}

func BenchmarkHot(b *testing.B) {
	for _, way := range hotWays {
		bucket, client := hotBucket(b, way)
		for _, c := range hot {
			run := func(name string, call func() error) {
				b.Run(way+"/"+c.name+"/"+name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if err := call(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			run("Bucket", func() error { return c.call(b.Context(), bucket) })
			run("SDK", func() error { return c.sdk(b.Context(), client) })
		}
	}
}
