package storage_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/polystore/storage"
)

// The name of a download is on disk before DownloadFile returns.
func TestDownloadFileSyncsName(t *testing.T) {
	r, target, _ := newResumingDownload(t)
	var synced []string
	storage.OnSyncDir(r.Bucket, func(dir string) error {
		if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, r.data) {
			t.Errorf("the directory is synced with %d bytes at the target, %v", len(got), err)
		}
		synced = append(synced, dir)
		return nil
	})
	if err := must(r.DownloadFile(t.Context(), "k", target, nil)); err != nil {
		t.Fatal(err)
	}
	if len(synced) != 1 || synced[0] != filepath.Dir(target) {
		t.Errorf("%q are synced, want the directory of the target", synced)
	}
}

// The state of a download outlives the temporary name: a power cut can bring that back until the
// directory is on disk.
func TestDownloadStateOutlivesName(t *testing.T) {
	r, target, download := newResumingDownload(t)
	broken := errors.New("the disk is broken")
	storage.OnSyncDir(r.Bucket, func(string) error {
		if _, err := os.Stat(r.state); err != nil {
			t.Errorf("the directory is synced without the state: %v", err)
		}
		return broken
	})
	if err := download(); !errors.Is(err, broken) {
		t.Errorf("DownloadFile, its directory not on disk, = %v, want %v", err, broken)
	}
	if _, err := os.Stat(r.state); err != nil {
		t.Errorf("the state is gone, and the file may be, too: %v", err)
	}
	storage.OnSyncDir(r.Bucket, func(string) error { return nil })
	if err := download(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, r.data) {
		t.Errorf("the target has %d bytes, %v", len(got), err)
	}
	if _, err := os.Stat(r.state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state after success: %v", err)
	}
}

// A directory that the process may not open is none that DownloadFile fails in.
func TestDownloadFileIntoUnreadableDir(t *testing.T) {
	r, target, _ := newResumingDownload(t)
	dir := filepath.Join(filepath.Dir(target), "d")
	if err := os.Mkdir(dir, 0o300); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	if err := must(r.DownloadFile(t.Context(), "k", filepath.Join(dir, "f"), nil)); err != nil {
		t.Error(err)
	}
}
