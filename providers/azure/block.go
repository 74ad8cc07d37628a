package azure

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// The limits of https://learn.microsoft.com/azure/storage/blobs/scalability-targets.
const (
	maxBlocks = 50_000
	maxBlock  = 4000 << 20
)

// blockPrefix begins the IDs of our blocks.
const blockPrefix = "ps-"

// The ID of an upload is 100 random bits and 30 bits of its key's hash, in letters and digits. The
// service knows nothing of uploads: without the hash, any key would do.
const (
	randomChars = 20
	keyChars    = 6
)

func newUploadID(key string) string { return rand.Text()[:randomChars] + keyMark(key) }

func keyMark(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base32.StdEncoding.EncodeToString(sum[:5])[:keyChars]
}

// checkUpload refuses the IDs of uploads to other keys.
func checkUpload(key, uploadID string) error {
	if isUploadID(uploadID) && strings.HasSuffix(uploadID, keyMark(key)) {
		return nil
	}
	return driver.Errorf(storage.ErrNotExist, "%q is not the ID of an upload to this key", uploadID)
}

// isUploadID reports whether newUploadID may have made an ID. IDs of blocks have one length, as the
// service demands for a blob.
func isUploadID(id string) bool {
	return len(id) == randomChars+keyChars && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '2' || r > '7')
	})
}

// blockID is the ID of a part. It names the upload: with the same IDs, two uploads of one key would
// mix their contents.
func blockID(uploadID string, number int) string {
	n := strconv.Itoa(maxBlocks*2 + number)[1:] // five digits
	return base64.StdEncoding.EncodeToString([]byte(blockPrefix + uploadID + "-" + n))
}

// parseBlockID undoes blockID; ok is false for the blocks of other programs.
func parseBlockID(id string) (uploadID string, number int, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(id)
	if err != nil {
		return "", 0, false
	}
	rest, ok := strings.CutPrefix(string(raw), blockPrefix)
	uploadID, digits, dash := strings.Cut(rest, "-")
	number, err = strconv.Atoi(digits)
	ok = ok && dash && err == nil && number >= 1 && number <= maxBlocks &&
		isUploadID(uploadID)
	return uploadID, number, ok && blockID(uploadID, number) == id
}
