package main

import (
	"errors"
	"os"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/azure"
)

// isFolder is metadata of an empty object that stands for a directory on Azure. Stores have no
// directories, so consoles and other programs write such objects; elsewhere their keys end in a
// slash.
const isFolder = "hdi_isfolder"

// isMarker reports whether the object o of a list of b stands for a directory. Only for an empty
// object on Azure does that take a request.
func (a *app) isMarker(b *storage.Bucket, o *storage.Object) (bool, error) {
	switch {
	case o.IsPrefix || o.Size != 0:
		return false, nil
	case strings.HasSuffix(o.Key, "/"):
		return true, nil
	case !onAzure(b):
		return false, nil
	}
	now, err := b.Stat(a.ctx, o.Key, nil)
	if errors.Is(err, storage.ErrNotExist) { // deleted since
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return now.Size == 0 && strings.EqualFold(now.Metadata[isFolder], "true"), nil
}

func onAzure(b *storage.Bucket) bool {
	_, ok := b.Store().(*azure.Store)
	return ok
}

// directory makes the local directory that a marker below a tree stands for.
func directory(dir, rel string) error {
	name, err := fileUnder(dir, strings.TrimSuffix(rel, "/"))
	if err != nil {
		return err
	}
	return os.MkdirAll(name, 0o777)
}

// copyMarker copies a marker to a store that has such objects. Elsewhere there is nothing to make.
func (t *transfer) copyMarker(from, to location, p *part) error {
	b, err := t.app.open(to.bucket)
	if err != nil {
		return err
	}
	if strings.HasSuffix(from.key, "/") && b.CheckKey(to.key) != nil ||
		!strings.HasSuffix(from.key, "/") && !onAzure(b) {
		return nil
	}
	err = t.copy(from, to, p)
	if errors.Is(err, storage.ErrInvalid) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
