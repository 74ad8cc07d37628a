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
	Tags         bool `json:"tags"`         // PutOptions.Tags

	// Checksums are the fields of PutOptions.Checksums that Put verifies before the object is
	// visible, by name: "CRC32C". Bucket verifies all of them on every service.
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

// capabilitiesOf returns the capabilities of a Store that does not implement Capable.
func capabilitiesOf(s Store) Capabilities {
	c := Capabilities{
		IfAbsent: true, IfMatch: true, SuffixRange: true, Versions: true, StorageClass: true,
		Tags:          true,
		DeleteIfMatch: true, CoexistingKeys: true,
	}
	for i := range algorithms {
		c.Checksums = append(c.Checksums, algorithms[i].Name)
	}
	_, c.Copy = s.(Copier)
	c.CopyConditions, c.CopySourceIfMatch, c.CopyReplace = c.Copy, c.Copy, c.Copy
	if m, ok := s.(Multipart); ok && m.PartLimits(&PutOptions{}).Count > 0 {
		c.Multipart, c.MultipartConditions, c.MultipartChecksums = true, true, true
		c.CopyPart = true
		c.AbortUpload, c.ListParts, c.ListUploads, c.ListUploadsPrefix = true, true, true, true
	}
	if d, ok := s.(BatchDeleter); ok {
		c.DeleteBatch = d.MaxBatch() > 0
	}
	_, c.SignURL = s.(Signer)
	c.SignURLIfAbsent, c.SignURLHeaders = c.SignURL, c.SignURL
	return c
}
