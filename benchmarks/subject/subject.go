// Package subject has what is measured: this library, its peers, and the floors below them all.
// Each is used the way its documentation shows, with its defaults, unless its name says otherwise.
package subject

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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

// opener makes a Subject. arg is what follows the name's colon.
type opener func(ctx context.Context, t Target, arg string) (Subject, error)

var openers = map[string]opener{}

// Open returns the subject of that name: "us", or "floor:16x4".
func Open(ctx context.Context, name string, t Target) (Subject, error) {
	base, arg, _ := strings.Cut(name, ":")
	open := openers[base]
	if open == nil {
		return nil, fmt.Errorf("no subject %q among %v", name, Names())
	}
	return open(ctx, t, arg)
}

// Names are the names that Open knows.
func Names() []string {
	var names []string
	for name := range openers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// none is embedded in subjects that cannot do everything.
type none struct{}

func (none) Get(context.Context, string, io.Writer) error  { return errors.ErrUnsupported }
func (none) GetFile(context.Context, string, string) error { return errors.ErrUnsupported }
func (none) Put(context.Context, string, io.Reader) error  { return errors.ErrUnsupported }
func (none) PutFile(context.Context, string, string) error { return errors.ErrUnsupported }
func (none) Read(context.Context, string, []byte) error    { return errors.ErrUnsupported }
func (none) Write(context.Context, string, []byte) error   { return errors.ErrUnsupported }
func (none) Stat(context.Context, string) (int64, error)   { return 0, errors.ErrUnsupported }
func (none) Delete(context.Context, string) error          { return errors.ErrUnsupported }
func (none) DeleteMany(context.Context, []string) error    { return errors.ErrUnsupported }
func (none) List(context.Context, string) (int, error)     { return 0, errors.ErrUnsupported }
func (none) ReaderAt(context.Context, string) (io.ReaderAt, int64, error) {
	return nil, 0, errors.ErrUnsupported
}

// readAll reads a response of a known size and its end, and closes it.
func readAll(r io.ReadCloser, buf []byte) error {
	defer r.Close()
	if _, err := io.ReadFull(r, buf); err != nil {
		return err
	}
	// The end: some readers check their sums there, and a connection is kept after it.
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return fmt.Errorf("more than %d bytes: %w", len(buf), err)
	}
	return nil
}
