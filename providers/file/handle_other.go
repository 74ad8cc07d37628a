//go:build !linux

package file

import (
	"io/fs"
	"os"
	"time"
)

// Elsewhere a handle is an os.Root.

func (h *handle) init() {}

func (h *handle) closeFast() {}

func (h *handle) lstatFast(string) (fs.FileInfo, bool, error) { return nil, false, nil }

func (h *handle) openFast(string, int, fs.FileMode) (*os.File, bool, error) {
	return nil, false, nil
}

func (h *handle) lstatPlain(string, *info) bool { return false }

func (h *handle) openObjectFast(string, *object) (bool, error) { return false, nil }

func (h *handle) subFast(string) (*handle, bool, error) { return nil, false, nil }

func (h *handle) subPlain(string, *handle) bool { return false }

func (h *handle) mkdirFast(string, fs.FileMode) (bool, error) { return false, nil }

func (h *handle) removeFast(string) (bool, error) { return false, nil }

func (h *handle) removeDirFast(string) (bool, error) { return false, nil }

func (h *handle) renameFast(string, string) (bool, error) { return false, nil }

func setTimeFast(*os.File, time.Time) bool { return false }

func (h *handle) chmodFast(string, fs.FileMode) (bool, error) { return false, nil }
