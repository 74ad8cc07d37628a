package file

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Get opens the object. The file stays open until Body is closed, so an overwrite or a deletion
// does not disturb it; a program that changes the file itself makes the read end with ErrChanged.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	f, a, err := s.open(ctx, key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	o := a.object(key)
	if err := driver.CheckRead(driver.ReadConditions(opts), o); err != nil {
		f.Close()
		return nil, err
	}
	offset, length, err := driver.ResolveRange(opts, o.Size)
	if err != nil {
		f.Close()
		return nil, err
	}
	f.result = storage.GetResult{
		Object: o,
		Body:   f.body(ctx, offset, length),
		Offset: offset,
		Length: length,

		NewCRC64NVME: s.hasher.NewCRC64NVME,
	}
	return &f.result, nil
}
