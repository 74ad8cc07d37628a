package azure

import (
	"crypto/rand"
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

// newUploadID returns 130 random bits in 26 letters and digits.
func newUploadID() string { return rand.Text() }

// checkUpload refuses what newUploadID does not make, so that IDs of blocks have one length, as the
// service demands for a blob.
func checkUpload(uploadID string) error {
	if len(uploadID) == len(
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	) && !strings.ContainsFunc(uploadID, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '2' || r > '7')
	}) {
		return nil
	}
	return &storage.Error{
		Kind: storage.ErrNotExist, Err: driver.Invalidf("%q is not the ID of an upload", uploadID).Err,
	}
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
	ok = ok && dash && err == nil && number >= 1 && number <= maxBlocks && checkUpload(uploadID) == nil
	return uploadID, number, ok && blockID(uploadID, number) == id
}
