package azure

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"path/filepath"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

const partOf = 64 << 10

// written puts an object through a Bucket: one of a part, or of several.
func written(t *testing.T, b *storage.Bucket, key string, data []byte) {
	t.Helper()
	sum := md5.Sum(data)
	opts := &storage.PutOptions{
		Metadata: map[string]string{"owner": "me"}, Checksums: storage.Checksums{MD5: sum[:]},
	}
	if _, err := b.Put(t.Context(), key, bytes.NewReader(data), opts); err != nil {
		t.Fatal(err)
	}
}

// Another program rewrites a blob of ours and gives it the metadata back, the headers and their
// MD5, too: the bytes are of the same size, or of another. All of it stays readable.
func TestStaleSum(t *testing.T) {
	s, _, _ := onAzurite(t)
	b := storage.New(s, &storage.Options{PartSize: partOf})
	defer b.Close()
	ctx := t.Context()
	for _, test := range []struct {
		name        string
		old, now    int  // sizes
		asBlocks    bool // the other program's way
		keepsBlocks bool // it commits the old blocks again, in another order
	}{
		{"one request", 9, 9, false, false},
		{"one request, another size", 9, 20, false, false},
		{"one request over blocks", 3 * partOf, 3 * partOf, false, false},
		{"blocks over one request", 9, 9, true, false},
		{"blocks", 3 * partOf, 3 * partOf, true, false},
		{"our blocks in another order", 3 * partOf, 3 * partOf, true, true},
		{"our blocks and one more", 3 * partOf, 4 * partOf, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			old := bytes.Repeat([]byte("version 1"), 1+test.old/9)[:test.old]
			copy(old, "begin")
			written(t, b, "k", old)
			client := s.Client().NewBlockBlobClient("k")
			p, err := client.GetProperties(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			now := bytes.Repeat([]byte("VERSION 2"), 1+test.now/9)[:test.now]
			headers := blob.ParseHTTPHeaders(p)
			switch {
			case test.keepsBlocks:
				l, err := client.GetBlockList(ctx, blockblob.BlockListTypeCommitted, nil)
				if err != nil {
					t.Fatal(err)
				}
				var ids []string
				for _, c := range l.CommittedBlocks {
					ids = append([]string{*c.Name}, ids...)
				}
				now = nil
				for i := len(ids) - 1; i >= 0; i-- {
					now = append(now, old[i*partOf:(i+1)*partOf]...)
				}
				if test.now > test.old {
					ids, now = append(ids, ids[0]), append(now, old[2*partOf:]...)
				}
				_, err = client.CommitBlockList(ctx, ids, &blockblob.CommitBlockListOptions{
					Metadata: p.Metadata, HTTPHeaders: &headers,
				})
				if err != nil {
					t.Fatal(err)
				}
			case test.asBlocks:
				id := base64.StdEncoding.EncodeToString([]byte("another's"))
				if _, err := client.StageBlock(ctx, id, streaming.NopCloser(bytes.NewReader(now)),
					nil); err != nil {
					t.Fatal(err)
				}
				_, err = client.CommitBlockList(ctx, []string{id},
					&blockblob.CommitBlockListOptions{
						Metadata: p.Metadata, HTTPHeaders: &headers,
					})
				if err != nil {
					t.Fatal(err)
				}
			default:
				_, err = client.UploadBuffer(ctx, now,
					&blockblob.UploadBufferOptions{Metadata: p.Metadata, BlockSize: 1 << 20})
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, opts := range []storage.GetOptions{{}, {Concurrency: 2}, {VerifyHash: true}} {
				if got, err := b.ReadAll(ctx, "k", &opts); err != nil || !bytes.Equal(got, now) {
					t.Errorf("ReadAll %+v: %d bytes, %v", opts, len(got), err)
				}
			}
			if _, err := b.DownloadFile(ctx, "k", filepath.Join(t.TempDir(), "f"),
				nil); err != nil {
				t.Errorf("DownloadFile: %v", err)
			}
			o, err := b.Stat(ctx, "k", &storage.StatOptions{ProveChecksums: true})
			if err != nil {
				t.Fatal(err)
			}
			right, err := s.hasher.SumBytes(ctx, now, driver.AllSums)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range storage.Algorithms() {
				if got := *a.Of(&o.Checksums); got != nil && !bytes.Equal(got, *a.Of(&right)) {
					t.Errorf("Stat with ProveChecksums: %s %x", a.Name, got)
				}
			}
			if _, err := b.Copy(ctx, "copy", "k", nil); err != nil {
				t.Fatal(err)
			}
			if got, err := b.ReadAll(ctx, "copy", nil); err != nil || !bytes.Equal(got, now) {
				t.Errorf("the copy: %d bytes, %v", len(got), err)
			}
			_, err = b.Update(ctx, "k", func(old []byte, _ *storage.Object) ([]byte, error) {
				return append(old, '+'), nil
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
			if o, err := b.Stat(ctx, "k", nil); err != nil || o.Checksums.CRC32C == nil {
				t.Errorf("after Update: %+v, %v", o, err)
			}
		})
	}
}

// A sum of ours is proven: in one request by the service's MD5, in blocks by their names, also of a
// copy, which has the blocks. The MD5 of an object in parts is the service's field.
func TestProvenSum(t *testing.T) {
	s, _, _ := onAzurite(t)
	b := storage.New(s, &storage.Options{PartSize: partOf})
	defer b.Close()
	for _, size := range []int{9, partOf, 3*partOf + 1} {
		data := bytes.Repeat([]byte("123456789"), 1+size/9)[:size]
		written(t, b, "k", data)
		if _, err := b.Copy(t.Context(), "copy", "k", nil); err != nil {
			t.Fatal(err)
		}
		right, err := s.hasher.SumBytes(t.Context(), data, driver.AllSums)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"k", "copy"} {
			for _, proven := range []bool{false, true} {
				o, err := b.Stat(t.Context(), key, &storage.StatOptions{ProveChecksums: proven})
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(o.Checksums.CRC32C, right.CRC32C) {
					t.Errorf("%s of %d bytes, proven %v: CRC32C %x", key, size, proven,
						o.Checksums.CRC32C)
				}
				if !proven && !bytes.Equal(o.Checksums.MD5, right.MD5) {
					t.Errorf("%s of %d bytes: MD5 %x, want %x", key, size, o.Checksums.MD5,
						right.MD5)
				}
			}
		}
	}
}
