package s3

import "slices"

// document has the elements of which S3 puts at least one directly below the root of an answer. The
// root's own name does not count: rclone answers CreateMultipartUpload by InitiateMultipartUpload,
// moto ListParts by ListPartsResponse. A document that can be empty begins with its root's name.
type document []string

var (
	listDocument    = document{"", "Name", "Contents", "CommonPrefixes", "IsTruncated", "MaxKeys"}
	uploadsDocument = document{
		"", "Bucket", "Upload", "IsTruncated", "MaxUploads", "NextKeyMarker", "NextUploadIdMarker",
	}
	partsDocument    = document{"", "UploadId", "Part", "IsTruncated", "MaxParts"}
	uploadDocument   = document{"", "UploadId"}
	completeDocument = document{"", "ETag", "Location", "Key"}
	copyDocument     = document{"", "ETag", "LastModified"}

	deleteDocument     = document{"DeleteResult", "Deleted", "Error"}
	versioningDocument = document{"VersioningConfiguration", "Status"}
	taggingDocument    = document{"Tagging", "TagSet"}
)

// known accepts the document, and S3's errors, which can come with status 200.
func (d document) known(root, child string) bool {
	switch {
	case root == "Error":
		return child == "Code"
	case child == "":
		return len(d) > 0 && d[0] == root
	}
	return slices.Contains(d, child)
}
