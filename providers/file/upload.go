package file

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/polystore/storage"
)

// An upload is a directory below uploadDir, named by its ID. It stays until it is completed or aborted.
const (
	metaFile  = "meta"  // an uploadMeta
	dataFile  = "data"  // the object to be: each part is written at its offset, so that nothing is written twice
	partsFile = "parts" // the log of its parts
)

type uploadMeta struct {
	Key     string    `json:"key"`
	Created time.Time `json:"created"`
}

func uploadPath(id string) string { return uploadDir + "/" + id + own }

// PartLimits: parts of any size may be sent at the same time and in any order.
func (s *Store) PartLimits(*storage.PutOptions) storage.PartLimits {
	return storage.PartLimits{Min: 1, Max: 1 << 50, Count: 1 << 20, Parallel: true}
}

// CreateUpload begins an upload.
func (s *Store) CreateUpload(ctx context.Context, key string, opts *storage.PutOptions) (id string, err error) {
	if _, err := split(key); err != nil {
		return "", err
	}
	end, err := s.begin(ctx)
	if err != nil {
		return "", err
	}
	defer end()
	if opts.StorageClass != "" {
		return "", unsupported("StorageClass")
	}
	id = newName()
	dir := uploadPath(id)
	defer func() {
		if err != nil {
			s.root.RemoveAll(dir)
		}
	}()
	meta, err := json.Marshal(uploadMeta{key, time.Now().UTC()})
	if err != nil {
		return "", classify(err)
	}
	// The data file comes last: with it, the upload is there.
	for _, file := range [...]struct {
		name string
		data []byte
	}{{metaFile, meta}, {partsFile, nil}, {dataFile, nil}} {
		f, err := s.create(join(dir, file.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL)
		if err != nil {
			return "", classify(err)
		}
		_, err = f.Write(file.data)
		if err == nil {
			err = f.Sync()
		}
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			return "", classify(err)
		}
	}
	return id, classify(s.syncDirs(join(dir, dataFile)))
}

// upload returns the directory of an upload to key; ErrNotExist if there is none.
func (s *Store) upload(key, id string) (dir string, err error) {
	meta, err := s.uploadMeta(id)
	if err != nil {
		return "", classify(err)
	}
	if meta == nil || meta.Key != key {
		return "", s.missing()
	}
	return uploadPath(id), nil
}

// uploadMeta returns nil for an upload that is not there.
func (s *Store) uploadMeta(id string) (*uploadMeta, error) {
	if id == "" || strings.Trim(id, "0123456789abcdef") != "" {
		return nil, nil // not made by newName, and perhaps a path
	}
	dir := uploadPath(id)
	if there, err := s.exists(join(dir, dataFile)); err != nil || !there {
		return nil, err
	}
	b, err := s.root.ReadFile(join(dir, metaFile))
	if isGone(err) {
		return nil, nil
	}
	var meta uploadMeta
	if err == nil && json.Unmarshal(b, &meta) != nil {
		return nil, nil // the disk was lost while it was written
	}
	return &meta, err
}

// AbortUpload removes an upload and its parts.
func (s *Store) AbortUpload(ctx context.Context, key, id string) error {
	end, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	dir, err := s.upload(key, id)
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// First what makes it an upload: from then on nothing can be written to it.
	if err := s.root.Remove(join(dir, dataFile)); err != nil && !isNotExist(err) {
		return classify(err)
	}
	return classify(s.root.RemoveAll(dir))
}

// ListUploadsPage lists uploads in order of key and ID. Every page reads the names of all uploads.
func (s *Store) ListUploadsPage(ctx context.Context, opts *storage.ListOptions) (*storage.UploadPage, error) {
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	if opts.Delimiter != "" || opts.StartAfter != "" {
		return nil, unsupported("Delimiter and StartAfter of uploads")
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
