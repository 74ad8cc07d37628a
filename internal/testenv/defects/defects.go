// Package defects declares where the servers of testenv do not do what Amazon S3 does, and its
// tests show each such defect with the bare SDK, on every run. A driver's test may leave out, or
// expect to fail, what a Defect names, and nothing else.
package defects

// Defect is a server's own fault: it would be there for any client.
type Defect struct {
	Name   string
	Server string // one of those below
	Reason string // what the server does, and what S3 does
}

// Servers.
const (
	MinIO     = "MinIO"
	VersityGW = "versitygw"
	Ceph      = "Ceph"
	Garage    = "Garage" // by flag
	MiniStack = "MiniStack"
	Moto      = "moto" // which is asked for keys only
)

// Names of the defects.
const (
	DeleteIfMatchIgnored        = "DeleteObject: If-Match ignored"
	DeleteIfMatchMissing        = "DeleteObject: If-Match on a missing key succeeds"
	CopyIfNoneMatchIgnored      = "CopyObject: If-None-Match of the destination ignored"
	CopyIfMatchIgnored          = "CopyObject: If-Match of the destination ignored"
	UploadsByPrefix             = "ListMultipartUploads: uploads not listed by prefix"
	ChildNotListed              = "ListObjectsV2: fd/child missing beside fd"
	ObjectBesidePrefixRefused   = "PutObject: a refused beside a/b"
	EncryptionIgnored           = "PutObject: server-side encryption ignored"
	StorageClassIgnored         = "PutObject: storage class ignored"
	IfNoneMatchOverDeleteMarker = "PutObject: If-None-Match:* refused over a delete marker"
	NewlineRefused              = "PutObject: a key with a newline is not found"
	ContentMD5Ignored           = "PutObject: wrong Content-MD5 accepted"

	IfMatchQuotedRefused    = "PutObject: If-Match in quotes never matches"
	VersionedIfNoneMatch    = "PutObject: If-None-Match ignored in a bucket with versions"
	VersionedIfMatchRefused = "PutObject: If-Match never matches in a bucket with versions"
	CompleteIfNoneMatch     = "CompleteMultipartUpload: If-None-Match ignored"
	CompleteIfMatch         = "CompleteMultipartUpload: If-Match ignored"
	CopySourceIfMatch       = "CopyObject: x-amz-copy-source-if-match ignored"
	PartSourceIfMatch       = "UploadPartCopy: x-amz-copy-source-if-match ignored"
	PartSourceDecodedTwice  = "UploadPartCopy: the source's key is decoded twice"
	CopyReplaceKeepsHeaders = "CopyObject: REPLACE keeps headers of the source"
	UnderscoreAltered       = "PutObject: an underscore in a metadata name altered"
	CompleteWithoutETag     = "CompleteMultipartUpload: answered without an ETag"
	CompleteGoneBusy        = "CompleteMultipartUpload: 500 for an upload that is not there"
	CompleteTwice           = "CompleteMultipartUpload: succeeds again"
	UploadsEncodedUnsaid    = "ListMultipartUploads: keys encoded without EncodingType"
	UploadsPlainUnsaid      = "ListMultipartUploads: keys not encoded although it was asked for"
	ListPlainUnsaid         = "ListObjectsV2: keys not encoded although it was asked for"
	UploadsInOtherOrder     = "ListMultipartUploads: not in the order of keys"
	SignatureIgnored        = "PutObject: a wrong signature is accepted"
	PutEndsUploads          = "PutObject: ends the uploads of its key"
	IfNoneMatchIgnored      = "PutObject: If-None-Match ignored"
	IfMatchIgnored          = "PutObject: If-Match ignored"
	VersionTold             = "PutObject: a version ID in a bucket without versions"
	PrefixBehindStart       = "ListObjectsV2: nothing below a prefix behind StartAfter"
	VersionRangeIgnored     = "GetObject: Range ignored with a versionId"
	RangeBeforeCondition    = "GetObject: 416 rather than 304 for a range behind the end"
	EmptyBeforeCondition    = "GetObject: 416 rather than 412 for a range of an empty object"
	ETagOfAnotherVersion    = "GetObject: ETag and body of different versions"
	HeadOfTwoVersions       = "HeadObject: metadata and ETag of different versions"
	DeleteAndPutOnOneETag   = "DeleteObject and PutObject with one If-Match both succeed"
)

// All are the defects, ordered by server.
var All = []Defect{
	{DeleteIfMatchIgnored, MinIO,
		"the object is deleted although its ETag is another one; S3 answers 412"},
	{DeleteIfMatchMissing, MinIO, "answers 204; S3 answers 404"},
	{CopyIfNoneMatchIgnored, MinIO, "the destination is overwritten; S3 answers 412"},
	{CopyIfMatchIgnored, MinIO,
		"the destination is overwritten although its ETag is another one; S3 answers 412"},
	{DeleteAndPutOnOneETag, MinIO, "the DELETE's If-Match is ignored; S3 lets one through"},
	{UploadsByPrefix, MinIO,
		"an upload is listed only with its whole key as the prefix; S3 takes any"},
	{EmptyBeforeCondition, MinIO,
		"answers 416 whatever If-Match says; S3 looks at the condition first"},
	{ChildNotListed, MinIO,
		"once the object fd exists, fd/child can be read and is in no list; S3 lists both"},

	{DeleteIfMatchMissing, VersityGW, "answers 204; S3 answers 404"},
	{CopyIfNoneMatchIgnored, VersityGW, "the destination is overwritten; S3 answers 412"},
	{CopyIfMatchIgnored, VersityGW,
		"the destination is overwritten although its ETag is another one; S3 answers 412"},
	{ObjectBesidePrefixRefused, VersityGW,
		"keys are paths of a file system: 409 for a beside a/b, either way round; S3 takes both"},
	{EncryptionIgnored, VersityGW,
		"stored as if it had not been asked for, with success; S3 encrypts, and says so"},
	{StorageClassIgnored, VersityGW,
		"stored as STANDARD, with success; S3 keeps the class, and refuses unknown ones"},
	{IfNoneMatchOverDeleteMarker, VersityGW,
		"answers 412 where the newest version is a delete marker; S3 creates"},

	{CompleteTwice, VersityGW,
		"answers 200 where there is an object under the key; S3 answers 404"},
	{ListPlainUnsaid, VersityGW,
		"the answer has keys as they are, and no EncodingType; S3 encodes, and says so"},
	{UploadsPlainUnsaid, VersityGW,
		"the answer has keys as they are, and no EncodingType; S3 encodes, and says so"},
	{RangeBeforeCondition, VersityGW,
		"answers 416 to a range behind the end of an object that was not modified; S3 answers 304"},
	{ETagOfAnotherVersion, VersityGW,
		"beside writers, a GET can have the ETag of one version and the body of another; S3 " +
			"reads one version"},
	{HeadOfTwoVersions, VersityGW,
		"beside writers, a HEAD can have the metadata of one version and the ETag of a later " +
			"one; S3 describes one version"},
	{DeleteAndPutOnOneETag, VersityGW,
		"of a DELETE and a PUT with the same If-Match both can succeed; S3 lets one through"},

	{IfMatchQuotedRefused, Ceph,
		"answers 412 to the object's own ETag as it gave it, and takes it without the quotes; S3 " +
			"takes both"},
	{VersionedIfNoneMatch, Ceph, "writes over the newest version; S3 answers 412"},
	{VersionedIfMatchRefused, Ceph,
		"answers 412 to the newest version's ETag, however it is spelled; S3 writes"},
	{CompleteIfNoneMatch, Ceph, "the object is overwritten; S3 answers 412"},
	{CompleteIfMatch, Ceph,
		"the object is overwritten although its ETag is another one; S3 answers 412"},
	{CopyIfNoneMatchIgnored, Ceph, "the destination is overwritten; S3 answers 412"},
	{CopyIfMatchIgnored, Ceph,
		"the destination is overwritten although its ETag is another one; S3 answers 412"},
	{CopySourceIfMatch, Ceph,
		"the source is copied although its ETag is another one; S3 answers 412"},
	{PartSourceIfMatch, Ceph,
		"the source is copied although its ETag is another one; S3 answers 412"},
	{PartSourceDecodedTwice, Ceph,
		"of a%2541 it copies aA, and a%25zz ends its process; S3 copies a%41"},
	{DeleteIfMatchIgnored, Ceph,
		"the object is deleted although its ETag is another one; S3 answers 412"},
	{DeleteIfMatchMissing, Ceph, "answers 204; S3 answers 404"},
	{UnderscoreAltered, Ceph, "a_b comes back as a-b; S3 keeps it"},
	{CompleteWithoutETag, Ceph, "the first answer has an empty ETag; S3 gives the object's"},
	{CompleteGoneBusy, Ceph,
		"answers 500 InternalError, and that the completion is in progress; S3 answers 404"},
	{UploadsEncodedUnsaid, Ceph, "encodes the keys, and says nothing of it; S3 says EncodingType"},
	{UploadsInOtherOrder, Ceph, "lists a-b before a; S3 sorts by key"},

	{PutEndsUploads, Garage, "an upload under way is gone; S3 keeps it"},
	{IfNoneMatchIgnored, Garage, "the object is overwritten; S3 answers 412"},
	{IfMatchIgnored, Garage,
		"the object is overwritten although its ETag is another one; S3 answers 412"},
	{CompleteIfNoneMatch, Garage, "the object is overwritten; S3 answers 412"},
	{CompleteIfMatch, Garage,
		"the object is overwritten although its ETag is another one; S3 answers 412"},
	{CopyIfNoneMatchIgnored, Garage, "the destination is overwritten; S3 answers 412"},
	{CopyIfMatchIgnored, Garage,
		"the destination is overwritten although its ETag is another one; S3 answers 412"},
	{DeleteIfMatchIgnored, Garage,
		"the object is deleted although its ETag is another one; S3 answers 412"},
	{DeleteIfMatchMissing, Garage, "answers 204; S3 answers 404"},
	{DeleteAndPutOnOneETag, Garage, "both conditions are ignored; S3 lets one through"},
	{EncryptionIgnored, Garage,
		"stored as if it had not been asked for, with success; S3 encrypts, and says so"},
	{StorageClassIgnored, Garage,
		"stored without one, with success; S3 keeps the class, and refuses unknown ones"},
	{UploadsInOtherOrder, Garage, "lists a/b before a; S3 sorts by key"},
	{VersionTold, Garage, "the answer has a version ID; S3 gives none"},
	{PrefixBehindStart, Garage, "lists nothing; S3 lists the prefix"},

	{CopyIfNoneMatchIgnored, MiniStack, "the destination is overwritten; S3 answers 412"},
	{CopyIfMatchIgnored, MiniStack,
		"the destination is overwritten although its ETag is another one; S3 answers 412"},
	{CopyReplaceKeepsHeaders, MiniStack,
		"what the request leaves out stays as the source has it; S3 leaves it empty"},
	{CompleteTwice, MiniStack,
		"answers 200 as often as it is asked; S3 answers 404 where nobody asks at the same moment"},
	{UploadsPlainUnsaid, MiniStack,
		"the answer has keys as they are, and no EncodingType; S3 encodes, and says so"},
	{SignatureIgnored, MiniStack, "looks at the signatures of signed URLs alone; S3 answers 403"},
	{VersionRangeIgnored, MiniStack, "answers 200 with the whole version; S3 answers 206"},

	{SignatureIgnored, Moto, "looks at no signature; S3 answers 403"},
	{CompleteIfMatch, Moto,
		"the object is overwritten although its ETag is another one; S3 answers 412"},
	{CompleteGoneBusy, Moto, "answers 500 for an upload that was aborted; S3 answers 404"},
	{CopySourceIfMatch, Moto,
		"the source is copied although its ETag is another one; S3 answers 412"},
	{PartSourceIfMatch, Moto,
		"the source is copied although its ETag is another one; S3 answers 412"},
	{UploadsPlainUnsaid, Moto,
		"the answer has keys as they are, and no EncodingType; S3 encodes, and says so"},
	{UnderscoreAltered, Moto, "an entry whose name has an underscore is lost; S3 keeps it"},
	{NewlineRefused, Moto,
		"answers 404 with a page of HTML: its routes end at a newline; S3 takes it"},
	{ContentMD5Ignored, Moto, "stored, with success; S3 answers 400 BadDigest"},
	{CopyIfNoneMatchIgnored, Moto, "the destination is overwritten; S3 answers 412"},
	{CopyIfMatchIgnored, Moto,
		"the destination is overwritten although its ETag is another one; S3 answers 412"},
}
