package conformance

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/polystore/storage"
)

// tracker is a Store around the Store under test. It remembers what may have been written, so that
// cleaning up needs no list, which may be what is broken; it counts requests; and it lets a check
// stand in front of them.
type tracker struct {
	storage.Unsupported
	inner storage.FullStore

	// before is asked before every request. An error is the answer. Set before the first request.
	before     func(ctx context.Context, op, key string) error
	onGet      func(r *storage.GetResult) // may change the answers of Get
	aroundPart func() func()              // called before PutPart; what it returns, after it
	closed     atomic.Int64               // calls of Close

	refused map[string]error // kinds of the answers to whole methods: see refuse

	says func(c *storage.Capabilities) // changes what Capabilities says

	requests atomic.Int64
	mu       sync.Mutex
	keys     map[string]bool
	uploads  map[[2]string]bool // key and upload ID
}

var _ storage.FullStore = (*tracker)(nil)

func newTracker(s storage.FullStore) *tracker {
	return &tracker{inner: s, keys: make(map[string]bool), uploads: make(map[[2]string]bool)}
}

// Unwrap returns the Store under test.
func (t *tracker) Unwrap() storage.Store { return t.inner }

func (t *tracker) request(ctx context.Context, op, key string) error {
	t.requests.Add(1)
	if t.before != nil {
		return t.before(ctx, op, key)
	}
	return nil
}

// wrote notes a key before the request, as its answer may get lost.
func (t *tracker) wrote(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys[key] = true
}

// clean deletes, by s, what the check left behind.
func (t *tracker) clean(ctx context.Context, s storage.FullStore) error {
	t.mu.Lock()
	keys := slices.Sorted(maps.Keys(t.keys))
	uploads := slices.Collect(maps.Keys(t.uploads))
	t.mu.Unlock()
	slices.Reverse(keys) // a/b before a: some services keep a only when a/b is gone

	var mu sync.Mutex
	var first error
	note := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if first == nil &&
			!errors.Is(err, storage.ErrInvalidKey) { // a key that was refused holds nothing
			first = err
		}
	}
	for _, u := range uploads {
		// Where parts cannot be dropped, they go by themselves. A check holds
		// Capabilities.AbortUpload.
		if err := s.AbortUpload(ctx, u[0], u[1]); !errors.Is(err, errors.ErrUnsupported) {
			note(err)
		}
	}
	if n := s.MaxBatch(); n > 0 {
		for batch := range slices.Chunk(keys, n) {
			t.requests.Add(1)
			failed, err := s.DeleteBatch(ctx, batch, &storage.DeleteBatchOptions{})
			for n := 1; n < againAttempts && errors.Is(err, storage.ErrUnavailable); n++ {
				// In doubt a check does not send again; what is gone already may be deleted twice.
				failed, err = s.DeleteBatch(ctx, batch, &storage.DeleteBatchOptions{})
			}
			note(err)
			for _, err := range failed {
				note(err)
			}
		}
		return first
	}
	next := make(chan string)
	go func() {
		defer close(next)
		for _, k := range keys {
			next <- k
		}
	}()
	parallel(4, func(int) {
		for k := range next {
			t.requests.Add(1)
			note(s.Delete(ctx, k, &storage.DeleteOptions{}))
		}
	})
	return first
}

func (t *tracker) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	if err := t.request(ctx, "Get", key); err != nil {
		return nil, err
	}
	r, err := t.inner.Get(ctx, key, opts)
	if err == nil && t.onGet != nil {
		t.onGet(r)
	}
	return r, err
}

func (t *tracker) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	t.wrote(key)
	if err := t.request(ctx, "Put", key); err != nil {
		return nil, err
	}
	return t.inner.Put(ctx, key, body, size, opts)
}

func (t *tracker) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if err := t.request(ctx, "Stat", key); err != nil {
		return nil, err
	}
	return t.inner.Stat(ctx, key, opts)
}

func (t *tracker) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	if err := t.request(ctx, "Delete", key); err != nil {
		return err
	}
	return t.inner.Delete(ctx, key, opts)
}

func (t *tracker) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	if err := t.request(ctx, "ListPage", opts.Prefix); err != nil {
		return nil, err
	}
	return t.inner.ListPage(ctx, opts)
}

func (t *tracker) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	t.wrote(dst)
	if err := t.request(ctx, "Copy", dst); err != nil {
		return nil, err
	}
	return t.inner.Copy(ctx, dst, src, opts)
}

func (t *tracker) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	if err := t.request(ctx, "CreateUpload", key); err != nil {
		return "", err
	}
	id, err := t.inner.CreateUpload(ctx, key, opts)
	if err == nil {
		t.mu.Lock()
		t.uploads[[2]string{key, id}] = true
		t.mu.Unlock()
	}
	return id, err
}

func (t *tracker) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	if err := t.request(ctx, "PutPart", key); err != nil {
		return nil, err
	}
	if t.aroundPart != nil {
		defer t.aroundPart()()
	}
	return t.inner.PutPart(ctx, key, id, number, body, size, opts)
}

func (t *tracker) CopyPart(
	ctx context.Context, key, id string, number int, src string, opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	if err := t.request(ctx, "CopyPart", key); err != nil {
		return nil, err
	}
	return t.inner.CopyPart(ctx, key, id, number, src, opts)
}

func (t *tracker) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	t.wrote(key)
	if err := t.request(ctx, "CompleteUpload", key); err != nil {
		return nil, err
	}
	o, err := t.inner.CompleteUpload(ctx, key, id, parts, opts)
	if err == nil {
		t.forget(key, id)
	}
	return o, err
}

func (t *tracker) AbortUpload(ctx context.Context, key, id string) error {
	if err := t.request(ctx, "AbortUpload", key); err != nil {
		return err
	}
	err := t.inner.AbortUpload(ctx, key, id)
	if err == nil || errors.Is(err, errors.ErrUnsupported) { // more cannot be done
		t.forget(key, id)
	}
	return err
}

func (t *tracker) forget(key, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.uploads, [2]string{key, id})
}

// open is how many uploads have neither been completed nor aborted.
func (t *tracker) open() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.uploads)
}

func (t *tracker) ListPartsPage(
	ctx context.Context, key, id string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	if err := t.request(ctx, "ListPartsPage", key); err != nil {
		return nil, err
	}
	return t.inner.ListPartsPage(ctx, key, id, opts)
}

func (t *tracker) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	if err := t.request(ctx, "ListUploadsPage", opts.Prefix); err != nil {
		return nil, err
	}
	return t.inner.ListUploadsPage(ctx, opts)
}

func (t *tracker) PartLimits(opts *storage.PutOptions) storage.PartLimits {
	return t.inner.PartLimits(opts)
}

func (t *tracker) DeleteBatch(
	ctx context.Context, keys []string, opts *storage.DeleteBatchOptions,
) ([]error, error) {
	if err := t.request(ctx, "DeleteBatch", ""); err != nil {
		return nil, err
	}
	return t.inner.DeleteBatch(ctx, keys, opts)
}

func (t *tracker) MaxBatch() int { return t.inner.MaxBatch() }

// SignURL signs; a PUT may be made of it.
func (t *tracker) SignURL(
	ctx context.Context, key string, opts *storage.SignOptions,
) (*storage.SignedURL, error) {
	t.wrote(key)
	return t.inner.SignURL(ctx, key, opts)
}

// Close counts: the Store belongs to the run.
func (t *tracker) Close() error {
	t.closed.Add(1)
	return nil
}

// Capabilities are those of the Store behind this one, unless a check takes some away.
func (t *tracker) Capabilities() storage.Capabilities {
	c := t.inner.Capabilities()
	if t.says != nil {
		t.says(&c)
	}
	return c
}

// Tags is a request as any other.
func (t *tracker) Tags(
	ctx context.Context, key string, opts *storage.TagsOptions,
) (map[string]string, error) {
	if err := t.request(ctx, "Tags", key); err != nil {
		return nil, err
	}
	return t.inner.Tags(ctx, key, opts)
}

// CheckKey asks the Store behind this one.
func (t *tracker) CheckKey(key string) error { return t.inner.CheckKey(key) }
