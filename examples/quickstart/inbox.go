package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/polystore/storage"
)

// inbox is the service: files, and an index of them. It holds only the bucket, so any number of
// processes may run it.
type inbox struct{ bucket *storage.Bucket }

// entry is a line of the index.
type entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

const indexKey = "index.json"

func fileKey(name string) string { return "files/" + name }

// receive stores what r gives under a name that is not taken. If several senders use one name, one
// succeeds and the others get storage.ErrExist. Nobody sees the file before receive returns, and
// nobody ever does if r fails.
func (in *inbox) receive(ctx context.Context, name string, r io.Reader) (entry, error) {
	if err := storage.PortableKey(fileKey(name)); err != nil {
		return entry{}, err // a name that some store would not take
	}
	sum := sha256.New()
	o, err := in.bucket.Put(ctx, fileKey(name), io.TeeReader(r, sum), &storage.PutOptions{
		IfAbsent:    true,
		ContentType: "text/plain; charset=utf-8",
	})
	if err != nil {
		return entry{}, err
	}
	e := entry{Name: name, Size: o.Size, SHA256: hex.EncodeToString(sum.Sum(nil))}
	err = in.enter(ctx, e)
	if errors.Is(err, storage.ErrUnknownOutcome) {
		return entry{}, err // the index may have it, so the file stays
	}
	if err != nil {
		// A file that is not in the index is none. Only this very file is taken back, where the
		// store can be told so; elsewhere nobody else has had the name.
		only := new(storage.DeleteOptions)
		if in.bucket.Capabilities().DeleteIfMatch {
			only.IfMatch = o.ETag
		}
		return entry{}, errors.Join(
			err, in.bucket.Delete(context.WithoutCancel(ctx), fileKey(name), only),
		)
	}
	return e, nil
}

// enter adds a line to the index. Update reads the index, changes it, and writes it back only if
// nobody else did meanwhile; otherwise it begins again. So no line is lost when several processes
// write, and no lock is needed.
func (in *inbox) enter(ctx context.Context, e entry) error {
	_, err := in.bucket.Update(ctx, indexKey, func(old []byte, _ *storage.Object) ([]byte, error) {
		entries, err := parseIndex(old)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.Name, b.Name) })
		return json.MarshalIndent(entries, "", "  ")
	})
	return err
}

// index returns what is in the inbox, by name.
func (in *inbox) index(ctx context.Context) ([]entry, error) {
	data, err := in.bucket.ReadAll(ctx, indexKey, nil)
	if errors.Is(err, storage.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseIndex(data)
}

func parseIndex(data []byte) (entries []entry, err error) {
	if len(data) > 0 {
		err = json.Unmarshal(data, &entries)
	}
	return entries, err
}

// link returns a request that fetches a file without credentials until it expires. The error is
// errors.ErrUnsupported if the store has no server that could check the request.
func (in *inbox) link(ctx context.Context, name string) (*storage.SignedURL, error) {
	return in.bucket.SignURL(ctx, fileKey(name), &storage.SignOptions{
		Method: "GET", Expires: 15 * time.Minute,
	})
}
