package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// large is the size from which an upload is gone on with.
const large = 64 << 20

// resumable calls transfer with the path of a file in which the transfer keeps its state, so that
// the same command goes on with it after a failure. The file is in the user's cache and is named
// for what the transfer is between. While another process makes the same transfer, and where there
// is no cache, the path is empty.
func (t *transfer) resumable(between []string, transfer func(state string) error) error {
	state, release := stateFor(between)
	defer release()
	err := transfer(state)
	if err != nil && state != "" {
		if _, missing := os.Stat(state); missing == nil {
			t.app.kept.Store(true)
		}
	}
	return err
}

// stateFor returns the path of the state, locked until release is called.
func stateFor(between []string) (path string, release func()) {
	none := func() {}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", none
	}
	dir := filepath.Join(cache, "polystore", "transfers")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", none
	}
	sum := sha256.Sum256([]byte(strings.Join(between, "\x00")))
	path = filepath.Join(dir, hex.EncodeToString(sum[:16])+".json")
	lock := flock.New(path + ".lock")
	if ok, err := lock.TryLock(); !ok || err != nil {
		return "", none
	}
	return path, func() {
		if _, err := os.Stat(path); err != nil {
			os.Remove(lock.Path()) // nobody has a state to wait for
		}
		lock.Unlock()
	}
}
