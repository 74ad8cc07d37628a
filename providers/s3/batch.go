package s3

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// MaxBatch is Options.BatchSize.
func (s *Store) MaxBatch() int { return s.batch }

// DeleteBatch makes one DeleteObjects. Keys that XML cannot carry, which would arrive as other
// keys, are deleted one by one.
func (s *Store) DeleteBatch(
	ctx context.Context, keys []string, _ *storage.DeleteBatchOptions,
) ([]error, error) {
	if len(keys) > s.batch {
		return nil, driver.Invalidf("%d keys, at most %d", len(keys), s.batch)
	}
	errs := make([]error, len(keys))
	index := make(map[string][]int, len(keys)) // a key may be there twice
	ids := make([]types.ObjectIdentifier, 0, len(keys))
	for i, key := range keys {
		if err := s.checkAsked(ctx, key); err != nil {
			errs[i] = driver.GoneErr(err, "")
			continue
		}
		if !httpdriver.XMLText(key) {
			errs[i] = s.Delete(ctx, key, &storage.DeleteOptions{})
			continue
		}
		if index[key] == nil {
			ids = append(ids, types.ObjectIdentifier{Key: &keys[i]})
		}
		index[key] = append(index[key], i)
	}
	if len(ids) == 0 {
		return errs, nil
	}
	a := writing(deleteDocument)
	out, err := s.client.DeleteObjects(a.begin(ctx), &s3.DeleteObjectsInput{
		Bucket: &s.bucket,
		Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
	}, s.batchSum)
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	for _, gone := range out.Deleted { // which a quiet answer need not have
		if key := aws.ToString(gone.Key); index[key] == nil && index[unescape(&key)] == nil &&
			httpdriver.XMLText(key) && !strings.ContainsAny(key, "\r\n") {
			return nil, a.Foreign("a batch of other keys")
		}
	}
	var req *http.Request
	if resp, ok := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response); ok {
		req = resp.Request
	}
	for _, failed := range out.Errors {
		err := keyFailure(req, &failed)
		if err == nil {
			continue
		}
		where, ok := index[aws.ToString(failed.Key)]
		if !ok {
			return nil, err // of a key that the server writes otherwise: which one is not known
		}
		for _, i := range where {
			errs[i] = err
		}
	}
	return errs, nil
}

// keyFailure is what became of one key; nil where it is gone.
func keyFailure(req *http.Request, f *types.Error) error {
	code := aws.ToString(f.Code)
	kind, known := kindOf[code]
	switch {
	case kind == storage.ErrNotExist:
		return nil
	case !known && code == "ServiceUnavailable":
		kind = storage.ErrUnavailable
	}
	e := &storage.Error{
		Key: aws.ToString(f.Key), Kind: kind, Code: httpdriver.Conceal(req, code),
		InDoubt: kind == storage.ErrUnavailable,
	}
	if text := httpdriver.Conceal(req, aws.ToString(f.Message)); text != "" {
		e.Err = errors.New(text)
	}
	return e
}

// batchSum replaces the SDK's x-amz-checksum-crc32 by Content-MD5 where the service wants that.
func (s *Store) batchSum(o *s3.Options) {
	if !s.profile.batchMD5 {
		return
	}
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		stack.Initialize.Remove("AWSChecksum:SetupInputContext")
		stack.Finalize.Remove("AWSChecksum:ComputeInputPayloadChecksum")
		stack.Finalize.Remove("addInputChecksumTrailer")
		return smithyhttp.AddContentChecksumMiddleware(stack)
	})
}
