package file

import (
	"os"

	"github.com/polystore/storage/driver"
)

// maxDirty is how much is written before it is synced. Left to the end, the sync of a large file
// would take longer than anybody who has cancelled the call should wait.
const maxDirty = 64 << 20

// steady writes to a file from an offset on, and computes the sums of what it writes.
type steady struct {
	f         *os.File
	sums      *driver.Digest
	at, dirty int64
}

func (w *steady) Write(p []byte) (int, error) {
	w.sums.Write(p)
	n, err := w.f.WriteAt(p, w.at)
	w.at += int64(n)
	if err == nil {
		err = w.wrote(int64(n))
	}
	return n, err
}

// wrote counts bytes that went past Write.
func (w *steady) wrote(n int64) error {
	if w.dirty += n; w.dirty < maxDirty {
		return nil
	}
	w.dirty = 0
	return w.f.Sync()
}
