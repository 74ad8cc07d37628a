package driver

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"time"

	"github.com/polystore/storage"
)

// A row's value is a line of JSON, the object without what the row itself says, and the object's bytes: written together, they
// are replaced together, which is what makes a Put atomic.

func encode(o *storage.Object, data []byte) ([]byte, error) {
	head, err := json.Marshal(o)
	if err != nil {
		return nil, &storage.Error{Kind: storage.ErrInvalid, Err: err}
	}
	return append(append(head, '\n'), data...), nil
}

func decode(key string, value []byte, revision uint64) (*storage.Object, []byte, error) {
	head, data, ok := bytes.Cut(value, []byte{'\n'})
	o := new(storage.Object)
	if !ok || json.Unmarshal(head, o) != nil || o.Size != int64(len(data)) {
		return nil, nil, &storage.Error{Kind: storage.ErrIntegrity, Err: errors.New("the row is not an object")}
	}
	o.Key, o.ETag = key, etag(revision)
	return o, data, nil
}

// newObject is what a Put with opts writes, with the checksum that every whole read is held against.
func newObject(data []byte, opts *storage.PutOptions) *storage.Object {
	o := &storage.Object{
		Size: int64(len(data)), ModTime: time.Now().UTC().Round(0),
		ContentType: opts.ContentType, ContentEncoding: opts.ContentEncoding, ContentDisposition: opts.ContentDisposition,
		ContentLanguage: opts.ContentLanguage, CacheControl: opts.CacheControl,
		Checksums: opts.Checksums,
	}
	if len(opts.Metadata) > 0 {
		o.Metadata = opts.Metadata
	}
	o.Checksums.CRC32C = sum(crc32.New(crc32.MakeTable(crc32.Castagnoli)), data)
	return o
}

func sum(h hash.Hash, data []byte) []byte {
	h.Write(data)
	return h.Sum(nil)
}

// verify holds data against the sums that the caller gave, before anything is written.
func verify(data []byte, want storage.Checksums) error {
	const nvme = 0x9a6c9329ac4bc9b5
	for _, s := range []struct {
		name string
		want []byte
		new  func() hash.Hash
	}{
		{"CRC32", want.CRC32, func() hash.Hash { return crc32.NewIEEE() }},
		{"CRC32C", want.CRC32C, func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }},
		{"CRC64NVME", want.CRC64NVME, func() hash.Hash { return crc64.New(crc64.MakeTable(nvme)) }},
		{"MD5", want.MD5, md5.New},
		{"SHA1", want.SHA1, sha1.New},
		{"SHA256", want.SHA256, sha256.New},
	} {
		if s.want != nil && !bytes.Equal(sum(s.new(), data), s.want) {
			return &storage.Error{Kind: storage.ErrIntegrity, Err: fmt.Errorf("the %s is another", s.name)}
		}
	}
	return nil
}
