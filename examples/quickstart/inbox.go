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

// inbox is the service: files, and an index of them. It holds nothing but the bucket, so any number of its processes may run.
type inbox struct{ bucket *storage.Bucket }

// entry is a line of the index.
type entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

const indexKey = "index.json"

func fileKey(name string) string { return "files/" + name }

// receive keeps what r gives under a name that is not taken: of any number of senders of one name, one succeeds and the
// others get storage.ErrExist. Until it returns nobody sees the file; if r fails nobody ever does.
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
		// A file that is not in the index is none. Only this very file is taken back.
		return entry{}, errors.Join(err, in.bucket.Delete(context.WithoutCancel(ctx), fileKey(name), &storage.DeleteOptions{IfMatch: o.ETag}))
	}
	return e, nil
}

// enter adds a line to the index. Update reads it, changes it, and writes it back only if nobody else did meanwhile; else it
// begins again. So no line is lost, whoever else is writing, without a lock anywhere.
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

// link returns a request that fetches a file without credentials until it expires. The error is errors.ErrUnsupported where
// the store has no server that could check it.
func (in *inbox) link(ctx context.Context, name string) (*storage.SignedURL, error) {
	return in.bucket.SignURL(ctx, fileKey(name), &storage.SignOptions{Method: "GET", Expires: 15 * time.Minute})
}
