package driver

import "github.com/polystore/storage"

// ResolveRange turns the range of a read into one that lies within an object of size bytes: length
// bytes from offset on. It is for drivers that hold the bytes themselves; a service that takes
// ranges resolves them on its side.
//
// The rules are those of [storage.GetOptions]. {0, 0} is the whole object and never an error. A
// negative Offset is a suffix. Length 0 means to the end. A range that reaches beyond the end gives
// the bytes that there are. A range that begins at or after the end is ErrRange. A range without a
// meaning (Length < 0, a suffix with a Length) is ErrInvalid.
func ResolveRange(o *storage.GetOptions, size int64) (offset, length int64, err error) {
	offset, length = o.Offset, o.Length
	switch {
	case length < 0 || length > 0 && offset < 0:
		return 0, 0, Invalidf("a range of %d bytes at %d", length, offset)
	case offset == 0 && length == 0:
		return 0, size, nil
	case offset < 0:
		offset = max(size+offset, 0)
		return offset, size - offset, nil
	case offset >= size:
		return 0, 0, Errorf(storage.ErrRange, "offset %d in %d bytes", offset, size)
	case length == 0 || length > size-offset:
		length = size - offset
	}
	return offset, length, nil
}

// CheckSourceRange refuses the range of a CopyPart that is empty (ErrInvalid) or does not lie
// within a source of size bytes (ErrRange). A negative size means that the size is not known; then
// the service refuses ranges that lie outside.
func CheckSourceRange(o *storage.CopyPartOptions, size int64) error {
	offset, length := o.SourceOffset, o.SourceLength
	switch {
	case offset < 0 || length <= 0:
		return Invalidf("a part of %d bytes at %d of its source", length, offset)
	case size >= 0 && (offset >= size || length > size-offset):
		return Errorf(storage.ErrRange, "%d bytes at %d of a source of %d", length, offset, size)
	}
	return nil
}
