package storage

// Capabilities tell what a Store can do, as far as services differ. A true field is a promise. A
// false field means that the Store returns errors.ErrUnsupported. Package conformance checks both.
// Every Store can do what has no field here.
type Capabilities struct {
	IfAbsent     bool `json:"ifAbsent"`     // PutOptions.IfAbsent, of Put
	IfMatch      bool `json:"ifMatch"`      // PutOptions.IfMatch, of Put
	SuffixRange  bool `json:"suffixRange"`  // GetOptions.Offset < 0, in one request
	Versions     bool `json:"versions"`     // VersionID of reads, where the bucket keeps versions
	StorageClass bool `json:"storageClass"` // PutOptions.StorageClass
	Tags         bool `json:"tags"`         // PutOptions.Tags, and Tagger

	// ExactContentType means that any PutOptions.ContentType comes back byte for byte. If it is
	// false, the Store refuses a media type that it would return in another form (the Go CDK).
	ExactContentType bool `json:"exactContentType"`

	// Checksums are the fields of PutOptions.Checksums that Put verifies before the object is
	// visible, by name: "CRC32C". Bucket verifies all of them on every service.
	Checksums []string `json:"checksums"`

	// ListETag means that ListPage returns the ETag of each object. If it is false, the ETag is
	// ETagNone (the Go CDK).
	ListETag bool `json:"listETag"`

	// ListSplit means that ListPage finds what sorts after StartAfter without reading what comes
	// before it, so that Bucket lists several ranges of keys at the same time. If it is false,
	// StartAfter is honoured all the same, only slowly; where lists have no order it is
	// errors.ErrUnsupported. A page may show a Store that it is false.
	ListSplit bool `json:"listSplit"`

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
	ListUploads         bool `json:"listUploads"`         // ListUploadsPage, by a whole key or none
	ListUploadsPrefix   bool `json:"listUploadsPrefix"`   // ListUploadsPage, by any prefix

	SignURL         bool `json:"signURL"`         // Signer
	SignURLIfAbsent bool `json:"signURLIfAbsent"` // SignOptions.IfAbsent
	SignURLHeaders  bool `json:"signURLHeaders"`  // ContentType, ContentLength are held

	CoexistingKeys bool `json:"coexistingKeys"` // the keys a and a/b at the same time
}

// Capable is implemented by a Store that tells what it can do.
//
// If a Store does not implement Capable, its methods count as working, with all conditions and
// options. It can still return errors.ErrUnsupported.
type Capable interface {
	// Capabilities returns what the Store can do, without a request. The value belongs to the
	// caller.
	Capabilities() Capabilities
}
