//go:build !linux

package file

import (
	"context"
	"io"
	"io/fs"
	"os"
)

// readDir calls visit for each name in an open directory until it returns false.
func (s *Store) readDir(
	ctx context.Context, d *os.File, _ string, visit func(name string, typ fs.FileMode) bool,
) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := d.ReadDir(1024)
		for _, e := range entries {
			if !visit(e.Name(), e.Type()) {
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
