package hostile

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/polystore/storage"
)

// keyedCall is a call for a key, or another name, that an attacker chose.
type keyedCall struct {
	name   string
	do     func(ctx context.Context, b *storage.Bucket, key string) error
	may    []string // what of special its requests are for
	prefix bool     // the key is a prefix: of everything that begins with it
	mute   bool     // a Store may know each key for one that is not its own
}

// beside are the keys of a call beside the attacker's.
var beside = [...]string{key, "from", "another"}

func keyed() []keyedCall {
	return []keyedCall{
		{name: "Stat", do: func(ctx context.Context, b *storage.Bucket, key string) error {
			_, err := b.Stat(ctx, key, nil)
			return err
		}},
		{name: "Stat of a version", do: func(
			ctx context.Context, b *storage.Bucket, id string,
		) error {
			_, err := b.Stat(ctx, key, &storage.StatOptions{VersionID: id})
			return err
		}},
		{name: "ReadAll", do: func(ctx context.Context, b *storage.Bucket, key string) error {
			_, err := b.ReadAll(ctx, key, nil)
			return err
		}},
		{name: "WriteAll", do: func(ctx context.Context, b *storage.Bucket, key string) error {
			_, err := b.WriteAll(ctx, key, small, nil)
			return err
		}},
		{name: "Delete", do: func(ctx context.Context, b *storage.Bucket, key string) error {
			return b.Delete(ctx, key, nil)
		}},
		{name: "Copy to", do: func(ctx context.Context, b *storage.Bucket, key string) error {
			_, err := b.Copy(ctx, key, "from", nil)
			return err
		}},
		{name: "Copy from", do: func(ctx context.Context, b *storage.Bucket, from string) error {
			_, err := b.Copy(ctx, key, from, nil)
			return err
		}},
		{
			name: "Copy that replaces", may: []string{"comp=block", "comp=blocklist"},
			do: func(ctx context.Context, b *storage.Bucket, key string) error {
				_, err := b.Copy(ctx, key, key+"x", &storage.CopyOptions{Replace: true})
				return err
			}, prefix: true,
		},
		{name: "ReadAll of a version", do: func(
			ctx context.Context, b *storage.Bucket, id string,
		) error {
			_, err := b.ReadAll(ctx, key, &storage.GetOptions{VersionID: id})
			return err
		}},
		{name: "Copy of a version", do: func(
			ctx context.Context, b *storage.Bucket, id string,
		) error {
			_, err := b.Copy(ctx, key, "from", &storage.CopyOptions{SourceVersionID: id})
			return err
		}},
		{name: "ListPage", do: func(ctx context.Context, b *storage.Bucket, prefix string) error {
			_, err := b.ListPage(ctx, &storage.ListOptions{
				Prefix: prefix, Delimiter: prefix, StartAfter: prefix,
			})
			return err
		}},
		{
			name: "DeleteMany", may: []string{"delete", "comp=batch"},
			do: func(ctx context.Context, b *storage.Bucket, key string) error {
				many := []string{"another", key, "from", key}
				_, err := b.DeleteMany(ctx, slices.Values(many), nil)
				return err
			},
		},
		{
			name: "DeletePrefix", may: []string{"delete", "comp=batch"}, prefix: true,
			do: func(ctx context.Context, b *storage.Bucket, prefix string) error {
				_, err := b.DeletePrefix(ctx, prefix, nil)
				return err
			},
		},
		{
			name: "CleanUploads", may: []string{"uploads", "uploadId", "comp=blocklist"},
			do: func(ctx context.Context, b *storage.Bucket, prefix string) error {
				o := &storage.CleanOptions{Prefix: prefix}
				_, err := b.CleanUploads(ctx, -time.Hour, o)
				return err
			}, prefix: true,
		},
	}
}

// inParts are the calls of a Store for an upload in parts. A Bucket would make each part larger.
func inParts() []keyedCall {
	may := []string{
		"uploads", "uploadId", "partNumber", "comp=block", "comp=blocklist", "upload_id",
	}
	upload := func(o storage.PutOptions) func(context.Context, *storage.Bucket, string) error {
		return func(ctx context.Context, b *storage.Bucket, key string) error {
			s, full := b.Store().(storage.Multipart), b.StoreKey(key)
			id, err := s.CreateUpload(ctx, full, &o)
			if err != nil {
				return err
			}
			part, err := s.PutPart(
				ctx, full, id, 1, bytes.NewReader(small), int64(len(small)),
				&storage.PartOptions{Last: true},
			)
			if err == nil {
				_, err = s.CompleteUpload(ctx, full, id, []*storage.Part{part}, &o)
			}
			return err
		}
	}
	return []keyedCall{
		{name: "upload", may: may, do: upload(storage.PutOptions{})},
		{name: "upload IfAbsent", may: may, do: upload(storage.PutOptions{IfAbsent: true})},
		{name: "upload that ends", may: may, do: func(
			ctx context.Context, b *storage.Bucket, key string,
		) error {
			s, full := b.Store().(storage.Multipart), b.StoreKey(key)
			id, err := s.CreateUpload(ctx, full, new(storage.PutOptions))
			if err != nil {
				return err
			}
			one := &storage.CopyPartOptions{SourceLength: 1}
			_, _ = s.CopyPart(ctx, full, id, 1, b.StoreKey("from"), one)
			_, _ = s.CopyPart(ctx, full, id, 2, full, one)
			_, _ = s.ListPartsPage(ctx, full, id, new(storage.ListPartsOptions))
			return s.AbortUpload(ctx, full, id)
		}},
		{name: "an upload of another's", mute: true, may: may, do: func(
			ctx context.Context, b *storage.Bucket, id string,
		) error {
			s, full := b.Store().(storage.Multipart), b.StoreKey(key)
			_, _ = s.PutPart(ctx, full, "m"+id, 1, bytes.NewReader(small), int64(len(small)),
				&storage.PartOptions{Last: true})
			_, _ = s.ListPartsPage(ctx, full, "m"+id, new(storage.ListPartsOptions))
			return s.AbortUpload(ctx, full, "m"+id)
		}},
	}
}
