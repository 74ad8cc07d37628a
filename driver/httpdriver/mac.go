package httpdriver

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// MAC makes signatures by HMAC-SHA256 with one key. It may be used by several goroutines.
type MAC struct {
	keyed sync.Pool // of *keyed
}

// keyed is a hash that has the key, with room for what it is given: an interface lets that escape,
// and a caller has it on its stack.
type keyed struct {
	hash.Hash
	room []byte
}

// NewMAC returns a MAC with key, which the caller does not change.
func NewMAC(key []byte) *MAC {
	m := new(MAC)
	m.keyed.New = func() any { return &keyed{Hash: hmac.New(sha256.New, key)} }
	return m
}

// Sum returns the signature of text.
func (m *MAC) Sum(text []byte) (sum [sha256.Size]byte) {
	h := m.keyed.Get().(*keyed)
	defer m.keyed.Put(h)
	h.room = append(h.room[:0], text...)
	h.Reset()
	h.Write(h.room)
	h.room = h.Hash.Sum(h.room[:0])
	copy(sum[:], h.room)
	return sum
}
