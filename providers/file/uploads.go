package file

import (
	"context"
	"io/fs"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListUploadsPage lists uploads in order of key and ID. Every page reads the names of all uploads.
func (s *Store) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	var all []*storage.Upload
	var failed error
	seen := make(map[string]bool) // a name may come twice
	_, err := s.eachIn(ctx, s.root, uploadDir, func(name string, _ fs.FileMode) bool {
		id, ok := strings.CutSuffix(name, own)
		if !ok || seen[id] {
			return true
		}
		seen[id] = true
		meta, err := s.uploadMeta(id)
		if err != nil {
			failed = err
			return false
		}
		if meta != nil {
			all = append(all, &storage.Upload{Key: meta.Key, ID: id, Created: meta.Created})
		}
		return true
	})
	if err == nil {
		err = failed
	}
	if err == nil && len(all) == 0 && s.removed() {
		err = kind(storage.ErrNoBucket)
	}
	if err != nil {
		return nil, classify(err)
	}
	return driver.UploadsPage(all, opts, maxPage)
}
