package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"gocloud.dev/blob/memblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/gocdk"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/file"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/memory"
	"github.com/polystore/storage/providers/s3"
)

// column is what one Store can.
type column struct {
	name string
	caps storage.Capabilities
}

// stores are what every provider can, and every profile of S3.
type stores struct {
	providers []column
	s3        []column
}

// nowhere is an endpoint that is never asked.
const nowhere = "http://127.0.0.1:1"

// open asks every Store what it can, for which it makes no request.
func open(ctx context.Context) (*stores, error) {
	all := new(stores)
	dir, err := os.MkdirTemp("", "captable-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for _, p := range []struct {
		name string
		open func() (storage.Store, error)
	}{
		{"memory", func() (storage.Store,
			error) {
			return memory.New(&memory.Options{Versions: true})
		}},
		{"file", func() (storage.Store, error) { return file.New(dir, nil) }},
		{"S3", func() (storage.Store, error) { return openS3(ctx, "aws") }},
		{"GCS", func() (storage.Store, error) {
			return gcs.New(ctx, "bucket", &gcs.Options{Endpoint: nowhere, Anonymous: true})
		}},
		{"Azure", func() (storage.Store, error) {
			return azure.New(ctx, "bucket", &azure.Options{Endpoint: nowhere + "/account",
				Key: "a2V5"})
		}},
		{"GCS emulator", func() (storage.Store, error) {
			return gcs.New(ctx, "bucket", &gcs.Options{Endpoint: nowhere, Anonymous: true,
				Emulator: true})
		}},
		{"Go CDK", func() (storage.Store, error) {
			return gocdk.Store(memblob.OpenBucket(nil)),
				nil
		}},
	} {
		c, err := ask(p.name, p.open)
		if err != nil {
			return nil, err
		}
		all.providers = append(all.providers, c)
	}
	for _, name := range s3.Providers() {
		c, err := ask(name, func() (storage.Store, error) { return openS3(ctx, name) })
		if err != nil {
			return nil, err
		}
		all.s3 = append(all.s3, c)
	}
	return all, nil
}

func openS3(ctx context.Context, provider string) (storage.Store, error) {
	return s3.New(ctx, "bucket", &s3.Options{
		Provider: provider, Endpoint: nowhere, Region: "us-east-1",
		AccessKeyID: "key", SecretAccessKey: "secret",
	})
}

// ask opens a Store, asks it, and closes it.
func ask(name string, open func() (storage.Store, error)) (column, error) {
	s, err := open()
	if err != nil {
		return column{}, fmt.Errorf("%s: %w", name, err)
	}
	full := storage.Full(s)
	c := column{name, full.Capabilities()}
	if _, ok := s.(storage.Capable); !ok {
		err = errors.New("the Store does not say what it can")
	}
	if err := errors.Join(err, full.Close()); err != nil {
		return column{}, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// of returns the column of a provider or a profile.
func of(columns []column, name string) column {
	for _, c := range columns {
		if c.name == name {
			return c
		}
	}
	panic("captable: there is no " + name)
}
