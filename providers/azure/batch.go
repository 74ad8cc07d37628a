package azure

import (
	"context"
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// maxBatch is how many blobs one request deletes: https://learn.microsoft.com/rest/api/storageservices/blob-batch.
const maxBatch = 256

// MaxBatch returns 256.
func (s *Store) MaxBatch() int { return maxBatch }

// DeleteBatch makes one Blob Batch, in which every key is a request that is signed and answered by itself.
func (s *Store) DeleteBatch(ctx context.Context, keys []string, _ *storage.DeleteBatchOptions) ([]error, error) {
	if len(keys) > maxBatch {
		return nil, invalid("%d keys, at most %d", len(keys), maxBatch)
	}
	batch, err := s.client.NewBatchBuilder()
	if err != nil {
		return nil, invalid("%w", err)
	}
	errs := make([]error, len(keys))
	where := make([]int, 0, len(keys)) // in keys, by the number in the batch
	for i, key := range keys {
		if errs[i] = checkKey(key); errs[i] != nil {
			continue
		}
		if err := batch.Delete(key, nil); err != nil {
			return nil, invalid("%w", err)
		}
		where = append(where, i)
	}
	if len(where) == 0 {
		return errs, nil
	}
	a := &attempt{write: true, slurp: true}
	out, err := s.client.SubmitBatch(a.begin(ctx), batch, nil)
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	told := make([]bool, len(keys))
	for _, r := range out.Responses {
		if r.ContentID == nil || *r.ContentID < 0 || *r.ContentID >= len(where) {
			continue
		}
		i := where[*r.ContentID]
		told[i] = true
		errs[i] = keyFailure(ctx, a, keys[i], r.Error)
	}
	for _, i := range where {
		if !told[i] {
			errs[i] = &storage.Error{Key: keys[i], Kind: storage.ErrUnavailable, InDoubt: true, Err: errors.New("the answer to the batch lacks this key")}
		}
	}
	return errs, nil
}

// keyFailure is what became of one key; nil where it is gone.
func keyFailure(ctx context.Context, a *attempt, key string, err error) error {
	var re *azcore.ResponseError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &re):
		return &storage.Error{Key: key, Kind: storage.ErrUnavailable, InDoubt: true, Err: wire.Plain(err)}
	}
	e := answer(ctx, a, re)
	if e.Kind == storage.ErrNotExist {
		return nil
	}
	e.Key = key
	return e
}
