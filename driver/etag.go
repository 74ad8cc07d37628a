package driver

import (
	"strings"

	"github.com/polystore/storage"
)

// ValidETag reports whether etag is a strong entity tag: something in quotes that has no quote in
// it. A service whose ETags have that form never gave out anything else, and could read it as a
// list, as "*", or as a weak tag that it matches loosely.
func ValidETag(etag string) bool {
	inner, ok := strings.CutPrefix(etag, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	return ok && closed && inner != "" && !strings.Contains(inner, `"`)
}

// CheckMatch refuses the IfMatch of a write that matches nothing because it is not a [ValidETag]:
// ErrPrecondition. An empty one is no condition.
func CheckMatch(ifMatch string) error {
	if ifMatch != "" && !ValidETag(ifMatch) {
		return Errorf(storage.ErrPrecondition, "IfMatch is not an ETag of this service")
	}
	return nil
}
