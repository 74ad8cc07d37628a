package gcs

import "github.com/polystore/storage"

// Capabilities are everything; of an emulator, what it does not ignore.
func (s *Store) Capabilities() storage.Capabilities {
	real := !s.emulator
	return storage.Capabilities{
		IfAbsent: true, IfMatch: true, SuffixRange: true, Versions: true, StorageClass: true,
		Tags: real, ExactContentType: true, ListETag: true, ListSplit: true,
		Checksums:     []string{"CRC32C", "CRC32", "CRC64NVME", "MD5", "SHA1", "SHA256"},
		DeleteIfMatch: real, DeleteBatch: real,
		Copy: real, CopyConditions: real, CopySourceIfMatch: real, CopyReplace: real,
		Multipart: true, MultipartConditions: true, MultipartChecksums: true,
		AbortUpload: true, ListParts: true, ListUploads: real, ListUploadsPrefix: real,
		SignURL: true, SignURLIfAbsent: true, SignURLHeaders: true, CoexistingKeys: true,
	}
}
