//go:build !linux

package file

import (
	"context"
	"io"
)

// readDir calls l.visit for each name in the directory until it returns false.
func (s *Store) readDir(ctx context.Context, l *listing) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := l.d.ReadDir(1024)
		for _, e := range entries {
			if !l.visit(e.Name(), e.Type()) {
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
