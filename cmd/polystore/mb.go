package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/file"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/s3"
)

type mbCmd struct {
	URL string `arg:"" help:"The bucket's URL, or the directory's."`
}

// Run makes the bucket of the URL. Each provider has its own way, through the SDK's client: making
// buckets is no part of the contract of package storage.
func (c *mbCmd) Run(a *app) error {
	l, err := parseLocation(c.URL)
	if err != nil {
		return err
	}
	if l.stdio {
		return usage("- is not a bucket")
	}
	if l.dir != "" {
		return makeDir(l.dir)
	}
	if l.key != "" {
		return usage("%s names an object, not a bucket", l)
	}
	b, err := storage.Open(a.ctx, l.bucket)
	if errors.Is(err, storage.ErrNoBucket) {
		// The driver asked a bucket that is not there yet where it is.
		return usage("say where the bucket is to be: ?region=")
	}
	if err != nil {
		return err
	}
	defer b.Close()
	u, err := url.Parse(l.bucket)
	if err != nil {
		return err
	}
	var asked asked
	ctx := asked.listen(a.ctx)
	switch s := b.Store().(type) {
	case *s3.Store:
		err = makeS3(ctx, s, u.Host)
	case *gcs.Store:
		err = makeGCS(ctx, s, u.Host)
	case *azure.Store:
		err = makeAzure(ctx, s)
	default:
		return fmt.Errorf("%s needs no bucket to be made: %w", u.Scheme, errors.ErrUnsupported)
	}
	err = asked.conceal(err)
	if e, ok := errors.AsType[*storage.Error](err); ok && e.Status == 0 && a.ctx.Err() == nil {
		// There was no answer. What that means, no credentials or nobody who listens, the driver
		// can say.
		_, known := b.Store().ListPage(a.ctx, &storage.ListOptions{PageSize: 1})
		if isUnanswered(known) {
			return known
		}
	}
	return err
}

func isUnanswered(err error) bool {
	return errors.Is(err, storage.ErrPermission) || errors.Is(err, storage.ErrUnavailable)
}

// refused is the error of a request that no driver makes, by the service's answer.
func refused(op string, status int, code, text string) error {
	e := &storage.Error{
		Op:     op,
		Kind:   httpdriver.KindOfStatus(status),
		Status: status,
		Code:   code,
		Err:    errors.New(text),
	}
	switch {
	case code == "OperationAborted", code == "ContainerBeingDeleted":
		e.Kind = storage.ErrUnavailable
		e.Err = errors.New("the bucket is being made or deleted: its name is free again in a while")
	case code == "ExpiredToken": // which S3 says with 400
		e.Kind = storage.ErrPermission
	case status == http.StatusConflict:
		e.Kind = storage.ErrExist
	}
	return e
}

// makeDir makes a directory and its parents, durably, as the driver does.
func makeDir(dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return &storage.Error{Kind: storage.ErrExist, Err: errors.New(dir)}
	}
	s, err := file.New(dir, &file.Options{CreateDir: true})
	if err != nil {
		return err
	}
	return s.Close()
}
