package conformance

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
)

// patch is a Store around a Store in which single methods can be replaced: by a defect.
type patch struct {
	storage.Unsupported
	inner storage.FullStore
	calls atomic.Int64 // of every method

	latency time.Duration // of every call
	noBatch bool

	get func(
		ctx context.Context, key string, opts *storage.GetOptions,
	) (*storage.GetResult, error)
	put func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
	) (*storage.Object, error)
	stat func(
		ctx context.Context, key string, opts *storage.StatOptions,
	) (*storage.Object, error)
	del  func(ctx context.Context, key string, opts *storage.DeleteOptions) error
	list func(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error)
	copy func(
		ctx context.Context, dst, src string, opts *storage.CopyOptions,
	) (*storage.CopyResult, error)
	create  func(ctx context.Context, key string, opts *storage.PutOptions) (string, error)
	putPart func(
		ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
		opts *storage.PartOptions,
	) (*storage.Part, error)
	sumPart func(
		ctx context.Context, body io.ReadSeeker, size int64,
	) (storage.Checksums, error)
	copyPart func(
		ctx context.Context, key, id string, number int, src string, opts *storage.CopyPartOptions,
	) (*storage.Part, error)
	complete func(
		ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
	) (*storage.Object, error)
	abort func(ctx context.Context, key, id string) error
	parts func(
		ctx context.Context, key, id string, opts *storage.ListPartsOptions,
	) (*storage.PartPage, error)
	uploads func(ctx context.Context, opts *storage.ListOptions) (*storage.UploadPage, error)
	limits  func(opts *storage.PutOptions) storage.PartLimits
	batch   func(
		ctx context.Context, keys []string, opts *storage.DeleteBatchOptions,
	) ([]error, error)
	sign func(
		ctx context.Context, key string, opts *storage.SignOptions,
	) (*storage.SignedURL, error)
	tags func(
		ctx context.Context, key string, opts *storage.TagsOptions,
	) (map[string]string, error)
	close    func() error
	checkKey func(key string) error

	says func(c *storage.Capabilities) // changes what Capabilities says
}

var _ storage.FullStore = (*patch)(nil)

// called counts, and takes its time.
func (p *patch) called(ctx context.Context) {
	p.calls.Add(1)
	if p.latency > 0 {
		t := time.NewTimer(p.latency)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
}

func (p *patch) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	p.called(ctx)
	if p.get != nil {
		return p.get(ctx, key, opts)
	}
	return p.inner.Get(ctx, key, opts)
}

func (p *patch) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	p.called(ctx)
	if p.put != nil {
		return p.put(ctx, key, body, size, opts)
	}
	return p.inner.Put(ctx, key, body, size, opts)
}

func (p *patch) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	p.called(ctx)
	if p.stat != nil {
		return p.stat(ctx, key, opts)
	}
	return p.inner.Stat(ctx, key, opts)
}

func (p *patch) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	p.called(ctx)
	if p.del != nil {
		return p.del(ctx, key, opts)
	}
	return p.inner.Delete(ctx, key, opts)
}

func (p *patch) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	p.called(ctx)
	if p.list != nil {
		return p.list(ctx, opts)
	}
	return p.inner.ListPage(ctx, opts)
}

func (p *patch) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	p.called(ctx)
	if p.copy != nil {
		return p.copy(ctx, dst, src, opts)
	}
	return p.inner.Copy(ctx, dst, src, opts)
}

func (p *patch) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	p.called(ctx)
	if p.create != nil {
		return p.create(ctx, key, opts)
	}
	return p.inner.CreateUpload(ctx, key, opts)
}

func (p *patch) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	p.called(ctx)
	if p.putPart != nil {
		return p.putPart(ctx, key, id, number, body, size, opts)
	}
	return p.inner.PutPart(ctx, key, id, number, body, size, opts)
}

// SumPart makes every sum, unless it is replaced.
func (p *patch) SumPart(
	ctx context.Context, body io.ReadSeeker, size int64,
) (storage.Checksums, error) {
	if p.sumPart != nil {
		return p.sumPart(ctx, body, size)
	}
	data, err := io.ReadAll(body)
	return sums(data), err
}

func (p *patch) CopyPart(
	ctx context.Context, key, id string, number int, src string, opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	p.called(ctx)
	if p.copyPart != nil {
		return p.copyPart(ctx, key, id, number, src, opts)
	}
	return p.inner.CopyPart(ctx, key, id, number, src, opts)
}

func (p *patch) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	p.called(ctx)
	if p.complete != nil {
		return p.complete(ctx, key, id, parts, opts)
	}
	return p.inner.CompleteUpload(ctx, key, id, parts, opts)
}

func (p *patch) AbortUpload(ctx context.Context, key, id string) error {
	p.called(ctx)
	if p.abort != nil {
		return p.abort(ctx, key, id)
	}
	return p.inner.AbortUpload(ctx, key, id)
}

func (p *patch) ListPartsPage(
	ctx context.Context, key, id string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	p.called(ctx)
	if p.parts != nil {
		return p.parts(ctx, key, id, opts)
	}
	return p.inner.ListPartsPage(ctx, key, id, opts)
}

func (p *patch) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	p.called(ctx)
	if p.uploads != nil {
		return p.uploads(ctx, opts)
	}
	return p.inner.ListUploadsPage(ctx, opts)
}

func (p *patch) PartLimits(opts *storage.PutOptions) storage.PartLimits {
	if p.limits != nil {
		return p.limits(opts)
	}
	return p.inner.PartLimits(opts)
}

func (p *patch) DeleteBatch(
	ctx context.Context, keys []string, opts *storage.DeleteBatchOptions,
) ([]error, error) {
	p.called(ctx)
	if p.noBatch {
		return nil, &storage.Error{Kind: errors.ErrUnsupported}
	}
	if p.batch != nil {
		return p.batch(ctx, keys, opts)
	}
	return p.inner.DeleteBatch(ctx, keys, opts)
}

func (p *patch) MaxBatch() int {
	if p.noBatch {
		return 0
	}
	return p.inner.MaxBatch()
}

func (p *patch) SignURL(
	ctx context.Context, key string, opts *storage.SignOptions,
) (*storage.SignedURL, error) {
	if p.sign != nil {
		return p.sign(ctx, key, opts)
	}
	return p.inner.SignURL(ctx, key, opts)
}

func (p *patch) Close() error {
	if p.close != nil {
		return p.close()
	}
	return p.inner.Close()
}

// seen changes what Get and Stat show of an object.
func (p *patch) seen(change func(o *storage.Object)) {
	p.get = func(
		ctx context.Context, key string, opts *storage.GetOptions,
	) (*storage.GetResult, error) {
		r, err := p.inner.Get(ctx, key, opts)
		if err == nil {
			change(r.Object)
		}
		return r, err
	}
	p.statSeen(change)
}

// statSeen changes what Stat shows of an object.
func (p *patch) statSeen(change func(o *storage.Object)) {
	p.stat = func(
		ctx context.Context, key string, opts *storage.StatOptions,
	) (*storage.Object, error) {
		o, err := p.inner.Stat(ctx, key, opts)
		if err == nil {
			change(o)
		}
		return o, err
	}
}

// putWith changes the options of Put.
func (p *patch) putWith(change func(o *storage.PutOptions)) {
	p.put = func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
	) (*storage.Object, error) {
		changed := *opts
		change(&changed)
		return p.inner.Put(ctx, key, body, size, &changed)
	}
}

// putResult changes what Put returns.
func (p *patch) putResult(change func(o *storage.Object)) {
	p.put = func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
	) (*storage.Object, error) {
		o, err := p.inner.Put(ctx, key, body, size, opts)
		if err == nil {
			change(o)
		}
		return o, err
	}
}

// getWith changes the options of Get.
func (p *patch) getWith(change func(o *storage.GetOptions)) {
	p.get = func(
		ctx context.Context, key string, opts *storage.GetOptions,
	) (*storage.GetResult, error) {
		changed := *opts
		change(&changed)
		return p.inner.Get(ctx, key, &changed)
	}
}

// statWith changes the options of Stat.
func (p *patch) statWith(change func(o *storage.StatOptions)) {
	p.stat = func(
		ctx context.Context, key string, opts *storage.StatOptions,
	) (*storage.Object, error) {
		changed := *opts
		change(&changed)
		return p.inner.Stat(ctx, key, &changed)
	}
}

// listWith changes the options of ListPage.
func (p *patch) listWith(change func(o *storage.ListOptions)) {
	p.list = func(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
		changed := *opts
		change(&changed)
		return p.inner.ListPage(ctx, &changed)
	}
}

// listed changes the pages of ListPage.
func (p *patch) listed(change func(page *storage.Page, opts *storage.ListOptions)) {
	p.list = func(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
		page, err := p.inner.ListPage(ctx, opts)
		if err == nil {
			change(page, opts)
		}
		return page, err
	}
}

// copyWith changes the options of Copy.
func (p *patch) copyWith(change func(o *storage.CopyOptions)) {
	p.copy = func(
		ctx context.Context, dst, src string, opts *storage.CopyOptions,
	) (*storage.CopyResult, error) {
		changed := *opts
		change(&changed)
		return p.inner.Copy(ctx, dst, src, &changed)
	}
}

// completeWith changes the options of CompleteUpload.
func (p *patch) completeWith(change func(o *storage.PutOptions)) {
	p.complete = func(
		ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
	) (*storage.Object, error) {
		changed := *opts
		change(&changed)
		return p.inner.CompleteUpload(ctx, key, id, parts, &changed)
	}
}

// body changes the Body of Get.
func (p *patch) body(change func(r *storage.GetResult) io.ReadCloser) {
	p.get = func(
		ctx context.Context, key string, opts *storage.GetOptions,
	) (*storage.GetResult, error) {
		r, err := p.inner.Get(ctx, key, opts)
		if err == nil {
			r.Body = change(r)
		}
		return r, err
	}
}

// Capabilities are those of the Store behind this one, and signing where that was put in.
func (p *patch) Capabilities() storage.Capabilities {
	c := p.inner.Capabilities()
	if p.sign != nil {
		c.SignURL, c.SignURLIfAbsent, c.SignURLHeaders = true, true, true
	}
	c.DeleteBatch = c.DeleteBatch && !p.noBatch
	if p.says != nil {
		p.says(&c)
	}
	return c
}

func (p *patch) Tags(
	ctx context.Context, key string, opts *storage.TagsOptions,
) (map[string]string, error) {
	p.called(ctx)
	if p.tags != nil {
		return p.tags(ctx, key, opts)
	}
	return p.inner.Tags(ctx, key, opts)
}

// CheckKey asks the Store behind this one.
func (p *patch) CheckKey(key string) error {
	if p.checkKey != nil {
		return p.checkKey(key)
	}
	return p.inner.CheckKey(key)
}
