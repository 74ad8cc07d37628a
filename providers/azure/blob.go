package azure

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
)

// errDirectory is what the directory of a hierarchical namespace is for Get and Stat: lists have
// none either.
var errDirectory = errors.New("a directory of a hierarchical namespace is no object")

// tierField is the field of an answer that has the blob's access tier.
const tierField = "X-Ms-Access-Tier"

// described is the object that the header of the answer to a read describes, without its sums, and
// what is noted of them. Its size is that of the body; -1: not known.
func (r *request) described(resp *http.Response) (*storage.Object, note, error) {
	h := resp.Header
	switch {
	case h.Get("X-Ms-Resource-Type") == "directory":
		return nil, note{}, &storage.Error{Kind: storage.ErrNotExist, Err: errDirectory}
	case h.Get("Etag") == "": // then nobody could tell another version
		return nil, note{}, r.Foreign("an object without an ETag")
	}
	tags, _ := strconv.Atoi(h.Get("X-Ms-Tag-Count"))
	o := &storage.Object{
		Key:                r.key,
		Size:               resp.ContentLength,
		ETag:               quoted(h.Get("Etag")),
		VersionID:          h.Get(versionIDField),
		ModTime:            modTime(h),
		ContentType:        h.Get("Content-Type"),
		ContentEncoding:    h.Get("Content-Encoding"),
		ContentDisposition: h.Get("Content-Disposition"),
		ContentLanguage:    h.Get("Content-Language"),
		CacheControl:       h.Get("Cache-Control"),
		StorageClass:       class(h.Get(tierField), h.Get("X-Ms-Access-Tier-Inferred") == "true"),
		TagCount:           tags,
	}
	var n note
	o.Metadata, n = userMetadata(h)
	return o, n, nil
}

// versionIDField is the field of an answer that has the blob's version.
const versionIDField = "X-Ms-Version-Id"

// modTime is the time of a blob, which is in whole seconds; zero where an answer does not say.
func modTime(h http.Header) time.Time {
	return httpdriver.ParseTime(h.Get("Last-Modified")).Truncate(time.Second)
}

// trusted adds the MD5 that the header of an answer has to the sums of the note.
func trusted(sums storage.Checksums, h http.Header) storage.Checksums {
	md5 := httpdriver.DecodeSum(h.Get("Content-Md5"), 16)
	trust(&sums, blob.BlobType(h.Get("X-Ms-Blob-Type")), md5)
	return sums
}

// trust adds the MD5 that Azure has to the sum from the metadata. A blob that can change in place
// keeps both of what it once was: it has none.
func trust(sums *storage.Checksums, t blob.BlobType, md5 []byte) {
	switch {
	case t != blob.BlobTypeBlockBlob:
		*sums = storage.Checksums{}
	case len(md5) == 16:
		sums.MD5 = md5
	}
}
