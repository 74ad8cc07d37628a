package httpdriver

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
)

// The signatures are those of crypto/hmac, whoever else signs.
func TestMAC(t *testing.T) {
	key := []byte("key")
	m := NewMAC(key)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 100 {
				text := fmt.Appendf(nil, "text %d %d", i, j)
				h := hmac.New(sha256.New, key)
				h.Write(text)
				if sum := m.Sum(text); !hmac.Equal(sum[:], h.Sum(nil)) {
					t.Errorf("another signature of %s", text)
				}
			}
		})
	}
	all.Wait()
}
