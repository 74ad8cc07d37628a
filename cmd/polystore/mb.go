package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/file"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/s3"
)

type mbCmd struct {
	URL string `arg:"" help:"The bucket's URL, or the directory's."`
}

// Run makes the bucket of the URL. Each provider has its own way, through the SDK's client: making buckets is no part of the
// contract of package storage.
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
	s, _, err := storage.DefaultMux.OpenStore(a.ctx, l.bucket)
	if errors.Is(err, storage.ErrNoBucket) {
		// The driver asked a bucket that is not there yet where it is.
		return usage("say where the bucket is to be: ?region=")
	}
	if err != nil {
		return err
	}
	defer storage.Full(s).Close()
	u, err := url.Parse(l.bucket)
	if err != nil {
		return err
	}
	switch s := s.(type) {
	case *s3.Store:
		return makeS3(a.ctx, s, u.Host)
	case *gcs.Store:
		return makeGCS(a.ctx, s, u.Host)
	case *azure.Store:
		return makeAzure(a.ctx, s)
	}
	return fmt.Errorf("%s needs no bucket to be made: %w", u.Scheme, errors.ErrUnsupported)
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
