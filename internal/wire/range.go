package wire

import (
	"fmt"
	"math"
	"strconv"
)

// Range is the Range header for the Offset and Length of GetOptions, empty for the whole object: a range of an empty object
// would be refused.
func Range(offset, length int64) string {
	switch {
	case offset < 0:
		return "bytes=" + strconv.FormatInt(offset, 10)
	case length > 0 && offset <= math.MaxInt64-length:
		return fmt.Sprintf("bytes=%d-%d", offset, offset+length-1)
	case offset > 0: // also where the end is behind all numbers
		return fmt.Sprintf("bytes=%d-", offset)
	}
	return ""
}
