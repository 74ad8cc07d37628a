package storage

// Capabilities say what a Store can do of what not every service can. A true field is a promise,
// which package conformance checks; a false one says that the Store answers errors.ErrUnsupported,
// which is checked, too. What is not named here every Store can.
type Capabilities struct {
	IfAbsent     bool `json:"ifAbsent"`     // PutOptions.IfAbsent, of Put
	IfMatch      bool `json:"ifMatch"`      // PutOptions.IfMatch, of Put
	SuffixRange  bool `json:"suffixRange"`  // GetOptions.Offset < 0, in one request
	Versions     bool `json:"versions"`     // VersionID of reads, where the bucket keeps versions
	StorageClass bool `json:"storageClass"` // PutOptions.StorageClass
	Tags         bool `json:"tags"`         // PutOptions.Tags

	// Checksums are the fields of PutOptions.Checksums that Put verifies before the object is
	// visible: "CRC32C". Bucket verifies all of them, on every service.
	Checksums []string `json:"checksums"`

	DeleteIfMatch bool `json:"deleteIfMatch"` // DeleteOptions.IfMatch
	DeleteBatch   bool `json:"deleteBatch"`   // BatchDeleter

	Copy              bool `json:"copy"`              // Copier
	CopyConditions    bool `json:"copyConditions"`    // CopyOptions.IfAbsent and IfMatch
	CopySourceIfMatch bool `json:"copySourceIfMatch"` // CopyOptions.SourceIfMatch
	CopyReplace       bool `json:"copyReplace"`       // CopyOptions.Replace

	Multipart           bool `json:"multipart"`           // Multipart; false: PartLimits.Count is 0
	MultipartConditions bool `json:"multipartConditions"` // IfAbsent and IfMatch, at CompleteUpload
	MultipartChecksums  bool `json:"multipartChecksums"`  // PutOptions.Checksums, at CompleteUpload
	CopyPart            bool `json:"copyPart"`            // CopyPart
	AbortUpload         bool `json:"abortUpload"`         // AbortUpload drops the parts at once
	ListParts           bool `json:"listParts"`           // ListPartsPage
	ListUploads         bool `json:"listUploads"`         // ListUploadsPage, by the whole key or none
	ListUploadsPrefix   bool `json:"listUploadsPrefix"`   // ListUploadsPage, by any prefix

	SignURL         bool `json:"signURL"`         // Signer
	SignURLIfAbsent bool `json:"signURLIfAbsent"` // SignOptions.IfAbsent
	SignURLHeaders  bool `json:"signURLHeaders"`  // ContentType, ContentLength are held

	CoexistingKeys bool `json:"coexistingKeys"` // the keys a and a/b at the same time
}

// Capable is what a Store implements to say what it can do.
//
// Of a Store that does not, its methods are believed: what it implements it can, conditions and
// options included, and it may still answer errors.ErrUnsupported.
type Capable interface {
	// Capabilities makes no request. The value belongs to the caller.
	Capabilities() Capabilities
}
