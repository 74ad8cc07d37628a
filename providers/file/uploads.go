package file

import (
	"context"
	"encoding/base64"
	"io/fs"
	"slices"
	"strings"

	"github.com/polystore/storage"
)

// ListUploadsPage lists uploads in order of key and ID. Every page reads the names of all uploads.
func (s *Store) ListUploadsPage(ctx context.Context, opts *storage.ListOptions) (*storage.UploadPage, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	if opts.Delimiter != "" || opts.StartAfter != "" {
		return nil, unsupported("uploads with Delimiter or StartAfter")
	}
	afterKey, afterID := "", ""
	if opts.PageToken != "" {
		b, err := base64.RawURLEncoding.DecodeString(opts.PageToken)
		key, id, ok := strings.Cut(string(b), "\x00")
		if err != nil || !ok {
			return nil, invalid("page token %q is not of this driver", opts.PageToken)
		}
		afterKey, afterID = key, id
	}
	var all []*storage.Upload
	var failed error
	_, err = s.eachEntry(ctx, uploadDir, func(name string, _ fs.FileMode) bool {
		id, ok := strings.CutSuffix(name, own)
		if !ok {
			return true
		}
		meta, err := s.uploadMeta(id)
		if err != nil {
			failed = err
			return false
		}
		if meta == nil || !strings.HasPrefix(meta.Key, opts.Prefix) {
			return true
		}
		if meta.Key > afterKey || meta.Key == afterKey && id > afterID {
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
	slices.SortFunc(all, func(a, b *storage.Upload) int {
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	all = slices.CompactFunc(all, func(a, b *storage.Upload) bool { return a.ID == b.ID }) // a name may come twice
	page := &storage.UploadPage{Uploads: all}
	size := opts.PageSize
	if size <= 0 {
		size = defaultPageSize
	}
	if len(all) > size {
		last := all[size-1]
		page.Uploads = all[:size]
		page.NextToken = base64.RawURLEncoding.EncodeToString([]byte(last.Key + "\x00" + last.ID))
	}
	return page, nil
}
