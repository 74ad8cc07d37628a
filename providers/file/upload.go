package file

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// An upload is a directory below uploadDir, named by its ID. It stays until it is completed or
// aborted.
const (
	metaFile  = "meta"  // an uploadMeta
	dataFile  = "data"  // the object to be: each part is written at its offset, once
	partsFile = "parts" // the log of its parts
)

type uploadMeta struct {
	Key     string    `json:"key"`
	Created time.Time `json:"created"`
}

func uploadPath(id string) string { return uploadDir + "/" + id + own }

var limits = storage.PartLimits{Min: 1, Max: 1 << 50, Count: 1 << 20, Parallel: true}

// PartLimits: parts of any size may be sent at the same time and in any order.
func (s *Store) PartLimits(*storage.PutOptions) storage.PartLimits { return limits }

// CreateUpload begins an upload.
func (s *Store) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (id string, err error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	if err := s.begin(ctx); err != nil {
		return "", err
	}
	defer s.end()
	if err := driver.Refuse("StorageClass", opts.StorageClass != ""); err != nil {
		return "", err
	}
	old, err := s.existing(key)
	if err != nil {
		return "", classify(err)
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
		f, err := s.create(join(dir, file.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, s.tempMode(old))
		if err != nil {
			return "", classify(err)
		}
		_, err = f.Write(file.data)
		if err == nil {
			err = s.syncFile(f)
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
	if len(id) != nameSize || strings.Trim(id, "0123456789abcdef") != "" {
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

// AbortUpload removes an upload and its parts. A power cut may bring it back, as litter that
// CleanUploads finds: nothing is promised of it, so no directory is synced.
func (s *Store) AbortUpload(ctx context.Context, key, id string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
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
