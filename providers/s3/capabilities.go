package s3

import "github.com/polystore/storage"

// Capabilities are those of the provider's profile.
func (s *Store) Capabilities() storage.Capabilities {
	p := s.profile
	return storage.Capabilities{
		IfAbsent: p.putConditions, IfMatch: p.putConditions, SuffixRange: true, Versions: true,
		StorageClass: p.storageClasses, Tags: p.tags,
		Checksums:     []string{"CRC32C", "CRC32", "CRC64NVME", "MD5", "SHA1", "SHA256"},
		DeleteIfMatch: p.deleteConditions, DeleteBatch: s.MaxBatch() > 0,
		Copy: true, CopyConditions: p.copyConditions, CopySourceIfMatch: true, CopyReplace: true,
		Multipart: true, MultipartConditions: p.putConditions, MultipartChecksums: true,
		CopyPart: p.copyParts, AbortUpload: true, ListParts: true, ListUploads: true,
		ListUploadsPrefix: true, SignURL: true, SignURLIfAbsent: p.putConditions, SignURLHeaders: true,
		CoexistingKeys: true,
	}
}
