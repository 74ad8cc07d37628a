// Package defects declares where the servers of testenv do not do what Amazon S3 does, and its tests show each such defect
// with the bare SDK, on every run. A driver's test may leave out, or expect to fail, what a Defect names, and nothing else.
package defects

// Defect is a server's own fault: it would be there for any client.
type Defect struct {
	Name   string
	Server string // MinIO, VersityGW or Moto
	Reason string // what the server does, and what S3 does
}

// Servers.
const (
	MinIO     = "MinIO"
	VersityGW = "versitygw"
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
)

// All are the defects, ordered by server.
var All = []Defect{
	{DeleteIfMatchIgnored, MinIO, "the object is deleted although its ETag is another one; S3 answers 412"},
	{DeleteIfMatchMissing, MinIO, "answers 204; S3 answers 404"},
	{CopyIfNoneMatchIgnored, MinIO, "the destination is overwritten; S3 answers 412"},
	{CopyIfMatchIgnored, MinIO, "the destination is overwritten although its ETag is another one; S3 answers 412"},
	{UploadsByPrefix, MinIO, "an upload is listed only with its whole key as the prefix; S3 takes any"},
	{ChildNotListed, MinIO, "once the object fd exists, fd/child can be read and is in no list; S3 lists both"},

	{DeleteIfMatchMissing, VersityGW, "answers 204; S3 answers 404"},
	{CopyIfNoneMatchIgnored, VersityGW, "the destination is overwritten; S3 answers 412"},
	{CopyIfMatchIgnored, VersityGW, "the destination is overwritten although its ETag is another one; S3 answers 412"},
	{ObjectBesidePrefixRefused, VersityGW, "keys are paths of a file system: 409 for a beside a/b, either way round; S3 takes both"},
	{EncryptionIgnored, VersityGW, "stored as if it had not been asked for, with success; S3 encrypts, and says so"},
	{StorageClassIgnored, VersityGW, "stored as STANDARD, with success; S3 keeps the class, and refuses unknown ones"},
	{IfNoneMatchOverDeleteMarker, VersityGW, "answers 412 where the newest version is a delete marker; S3 creates"},

	{NewlineRefused, Moto, "answers 404 with a page of HTML: its routes end at a newline; S3 takes it"},
	{ContentMD5Ignored, Moto, "stored, with success; S3 answers 400 BadDigest"},
	{CopyIfNoneMatchIgnored, Moto, "the destination is overwritten; S3 answers 412"},
	{CopyIfMatchIgnored, Moto, "the destination is overwritten although its ETag is another one; S3 answers 412"},
}
