package httpdriver

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// MAC makes signatures by HMAC-SHA256 with one key. It may be used by several goroutines.
type MAC struct {
	hashes sync.Pool // of hash.Hash, which have the key
}

// NewMAC returns a MAC with key, which the caller does not change.
func NewMAC(key []byte) *MAC {
	m := new(MAC)
	m.hashes.New = func() any { return hmac.New(sha256.New, key) }
	return m
}

// Sum returns the signature of text in to.
func (m *MAC) Sum(text []byte, to *[sha256.Size]byte) []byte {
	h := m.hashes.Get().(hash.Hash)
	defer m.hashes.Put(h)
	h.Reset()
	h.Write(text)
	return h.Sum(to[:0])
}
