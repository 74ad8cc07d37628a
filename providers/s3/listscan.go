package s3

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithytime "github.com/aws/smithy-go/time"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/polystore/storage/driver/httpdriver"
)

// listScan reads the pages of ListObjectsV2 in place of the SDK. It hands on to the SDK every
// answer that is not a plain page.
type listScan struct {
	middleware.DeserializeMiddleware // the SDK's
}

// scanned has the SDK read pages by listScan.
func scanned(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		const id = "OperationDeserializer"
		own, ok := stack.Deserialize.Get(id)
		if !ok {
			return nil
		}
		_, err := stack.Deserialize.Swap(id, listScan{own})
		return err
	})
}

// HandleDeserialize implements middleware.DeserializeMiddleware.
func (l listScan) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	if ok && err == nil && resp.StatusCode/100 == 2 {
		data, failed := io.ReadAll(resp.Body)
		if page := scanPage(data); page != nil && failed == nil {
			resp.Body.Close()
			out.Result = page
			return out, metadata, nil
		}
		// A body that failed fails again.
		httpdriver.SetBody(resp.Response, io.MultiReader(bytes.NewReader(data), resp.Body))
	}
	return l.DeserializeMiddleware.HandleDeserialize(ctx, in, middleware.DeserializeHandlerFunc(
		func(context.Context, middleware.DeserializeInput) (
			middleware.DeserializeOutput, middleware.Metadata, error,
		) {
			return out, metadata, err
		},
	))
}

// listed is an entry of a page, with the memory that the SDK's type points to.
type listed struct {
	key, etag string
	size      int64
	modTime   time.Time
}

// scanPage reads a page as the SDK would, as far as ListPage looks at it; nil where it is not
// plain.
func scanPage(data []byte) *s3.ListObjectsV2Output {
	x := &xmlScan{data: data}
	root := x.begin()
	if root != "ListBucketResult" || x.lost {
		return nil
	}
	count := bytes.Count(data, []byte("<Contents>"))
	page := &s3.ListObjectsV2Output{Contents: make([]types.Object, 0, count)}
	entries := make([]listed, count) // their addresses stay
	for !x.lost {
		name, empty := x.child(root)
		switch string(name) {
		case "":
			if x.space(); x.lost || x.at < len(data) {
				return nil
			}
			return page
		case "Contents":
			n := len(page.Contents)
			if empty || n == count {
				return nil
			}
			page.Contents = append(page.Contents, types.Object{})
			x.object(&page.Contents[n], &entries[n])
		case "CommonPrefixes":
			if empty {
				return nil
			}
			page.CommonPrefixes = append(page.CommonPrefixes, x.prefix())
		case "IsTruncated":
			switch text := x.value(name, empty); string(text) {
			case "true", "false":
				page.IsTruncated = aws.Bool(string(text) == "true")
			default:
				x.lost = true
			}
		case "EncodingType":
			page.EncodingType = types.EncodingType(x.value(name, empty))
		case "NextContinuationToken":
			page.NextContinuationToken = aws.String(string(x.value(name, empty)))
		case "Name", "Prefix", "Delimiter", "StartAfter", "ContinuationToken":
			x.value(name, empty)
		case "MaxKeys", "KeyCount":
			x.number(x.value(name, empty))
		default:
			x.lost = true
		}
	}
	return nil
}

// value is the text of an element, which is not nil.
func (x *xmlScan) value(name []byte, empty bool) []byte {
	if empty {
		return []byte{}
	}
	return x.text(name)
}

// object reads what is in Contents into o, whose memory is in e.
func (x *xmlScan) object(o *types.Object, e *listed) {
	var key, etag []byte
	for !x.lost {
		name, empty := x.child("Contents")
		switch string(name) {
		case "":
			n := len(x.room) // key and etag may be in front of it
			x.room = append(append(x.room, key...), etag...)
			both := string(x.room[n:])
			if e.key, e.etag = both[:len(key)], both[len(key):]; key != nil {
				o.Key = &e.key
			}
			if etag != nil {
				o.ETag = &e.etag
			}
			x.room = x.room[:0]
			return
		case "Key":
			key = x.value(name, empty)
		case "ETag":
			etag = x.value(name, empty)
		case "Size":
			e.size = x.number(x.value(name, empty))
			o.Size = &e.size
		case "LastModified":
			e.modTime = x.time(x.value(name, empty))
			o.LastModified = &e.modTime
		case "StorageClass":
			o.StorageClass = class(x.value(name, empty))
		case "Owner", "ChecksumAlgorithm", "ChecksumType", "RestoreStatus":
			if !empty {
				x.skip(name)
			}
		default:
			x.lost = true
		}
	}
}

// time is the text of a time.
func (x *xmlScan) time(text []byte) time.Time {
	t, ok := httpdriver.ParseDateTime(string(text))
	if !ok {
		var err error
		t, err = smithytime.ParseDateTime(string(text))
		x.lost = x.lost || err != nil
	}
	return t
}

// class is a storage class, of which a page seldom has another than the first.
func class(text []byte) types.ObjectStorageClass {
	if string(text) == string(types.ObjectStorageClassStandard) {
		return types.ObjectStorageClassStandard
	}
	return types.ObjectStorageClass(text)
}

// prefix reads what is in CommonPrefixes.
func (x *xmlScan) prefix() (p types.CommonPrefix) {
	for !x.lost {
		name, empty := x.child("CommonPrefixes")
		switch string(name) {
		case "":
			return p
		case "Prefix":
			p.Prefix = aws.String(string(x.value(name, empty)))
		default:
			x.lost = true
		}
	}
	return p
}
