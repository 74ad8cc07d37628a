// Package subject says what can be measured: what moves objects, and where. Its packages have this
// library, its peers, and the floors below them all. Each is used the way its documentation shows,
// with its defaults, unless its name says otherwise.
package subject

import (
	"context"
	"errors"
	"io"
)

// Target is the bucket that a subject works on.
type Target struct {
	Service   string // s3, gcs, azure, file, memory
	Endpoint  string
	Bucket    string
	Region    string
	AccessKey string
	SecretKey string
	Dir       string // of the file service

	// Count objects below Prefix are in a memory bucket from the beginning.
	Prefix string
	Count  int
}

// Subject moves objects. Every method that a subject does not have returns errors.ErrUnsupported.
type Subject interface {
	// Get writes a large object to w.
	Get(ctx context.Context, key string, w io.Writer) error
	// GetFile writes a large object to the file at path.
	GetFile(ctx context.Context, key, path string) error
	// Put writes a large object from r, whose length is unknown.
	Put(ctx context.Context, key string, r io.Reader) error
	// PutFile writes a large object from the file at path.
	PutFile(ctx context.Context, key, path string) error

	// Read reads a small object into buf, which has its size.
	Read(ctx context.Context, key string, buf []byte) error
	// Write writes a small object.
	Write(ctx context.Context, key string, data []byte) error
	// Stat tells the size of an object, and asks for its metadata.
	Stat(ctx context.Context, key string) (int64, error)
	// Delete removes an object.
	Delete(ctx context.Context, key string) error
	// DeleteMany removes objects, with as few requests as the subject can.
	DeleteMany(ctx context.Context, keys []string) error
	// List counts the objects below prefix.
	List(ctx context.Context, prefix string) (int, error)
	// ReaderAt returns a reader of any place of an object.
	ReaderAt(ctx context.Context, key string) (io.ReaderAt, int64, error)
}

// None is embedded in subjects that cannot do everything.
type None struct{}

func (None) Get(context.Context, string, io.Writer) error  { return errors.ErrUnsupported }
func (None) GetFile(context.Context, string, string) error { return errors.ErrUnsupported }
func (None) Put(context.Context, string, io.Reader) error  { return errors.ErrUnsupported }
func (None) PutFile(context.Context, string, string) error { return errors.ErrUnsupported }
func (None) Read(context.Context, string, []byte) error    { return errors.ErrUnsupported }
func (None) Write(context.Context, string, []byte) error   { return errors.ErrUnsupported }
func (None) Stat(context.Context, string) (int64, error)   { return 0, errors.ErrUnsupported }
func (None) Delete(context.Context, string) error          { return errors.ErrUnsupported }
func (None) DeleteMany(context.Context, []string) error    { return errors.ErrUnsupported }
func (None) List(context.Context, string) (int, error)     { return 0, errors.ErrUnsupported }
func (None) ReaderAt(context.Context, string) (io.ReaderAt, int64, error) {
	return nil, 0, errors.ErrUnsupported
}
