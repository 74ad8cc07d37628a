package driver

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// encode makes the value of a row: a line of JSON, which describes the object, and the object's
// bytes. Written together, they are replaced together. That makes a Put atomic.
func encode(o *storage.Object, data []byte) []byte {
	head, _ := json.Marshal(o) // never fails for an Object
	return append(append(head, '\n'), data...)
}

func decode(r row) (*storage.Object, []byte, error) {
	head, data, ok := bytes.Cut(r.value, []byte{'\n'})
	o := new(storage.Object)
	if !ok || json.Unmarshal(head, o) != nil || o.Size != int64(len(data)) {
		return nil, nil, driver.Errorf(storage.ErrIntegrity, "the row is not an object")
	}
	o.ETag = etag(r.revision)
	return o, data, nil
}

// etag is a revision as an ETag. It has quotes, never repeats, and every method gives the same.
func etag(revision uint64) string { return `"` + strconv.FormatUint(revision, 10) + `"` }

// expected is the revision that a write under these conditions must find.
func expected(ifAbsent bool, ifMatch string) (uint64, error) {
	switch {
	case ifAbsent:
		return noRow, nil
	case ifMatch == "":
		return anyRevision, nil
	}
	n, err := strconv.ParseUint(strings.Trim(ifMatch, `"`), 10, 64)
	if err != nil || etag(n) != ifMatch || n == noRow || n == anyRevision {
		return 0, driver.Errorf(storage.ErrPrecondition, "not an ETag of this store")
	}
	return n, nil
}
