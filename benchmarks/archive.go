package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
)

const (
	zipFiles = 200
	zipFile  = 8 << 10 // bytes
)

// makeZip makes an archive of random files.
func makeZip() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	random := rand.NewChaCha8([32]byte{2})
	for i := range zipFiles {
		w, err := z.Create(fmt.Sprintf("dir/%03d", i))
		if err != nil {
			return nil, err
		}
		if _, err := io.CopyN(w, random, zipFile); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
