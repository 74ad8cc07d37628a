package memory

import "github.com/polystore/storage"

// Capabilities are everything but signed URLs, and versions only with Options.Versions.
func (s *Store) Capabilities() storage.Capabilities {
	return storage.Capabilities{
		IfAbsent: true, IfMatch: true, SuffixRange: true, Versions: s.versions,
		StorageClass: true, Tags: true,
		ExactContentType: true, ListETag: true, ListSplit: true,
		Checksums:     []string{"CRC32C", "CRC32", "CRC64NVME", "MD5", "SHA1", "SHA256"},
		DeleteIfMatch: true, DeleteBatch: true,
		Copy: true, CopyConditions: true, CopySourceIfMatch: true, CopyReplace: true,
		Multipart: true, MultipartConditions: true, MultipartChecksums: true, CopyPart: true,
		AbortUpload: true, ListParts: true, ListUploads: true, ListUploadsPrefix: true,
		CoexistingKeys: true,
	}
}
