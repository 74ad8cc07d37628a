package azure

import (
	"cmp"

	"github.com/polystore/storage"
)

// Capabilities are what Azure Blob Storage has. There are no suffix ranges, and blocks of an
// abandoned upload cannot be dropped: they stay for a week.
func (s *Store) Capabilities() storage.Capabilities {
	return storage.Capabilities{
		IfAbsent: true, IfMatch: true, Versions: true, StorageClass: true, Tags: true,
		ExactContentType: true, ListETag: true,
		// By StartFrom, until a list shows that keys do not say where in it they are.
		ListSplit:     cmp.Or(s.version, firstStartFrom) >= firstStartFrom && !s.isTree(),
		Checksums:     []string{"CRC32C", "CRC32", "CRC64NVME", "MD5", "SHA1", "SHA256"},
		DeleteIfMatch: true, DeleteBatch: true,
		Copy: true, CopyConditions: true, CopySourceIfMatch: true, CopyReplace: true,
		Multipart: true, MultipartConditions: true, MultipartChecksums: true, CopyPart: true,
		ListParts: true, ListUploads: true, ListUploadsPrefix: true, SignURL: true,
		SignURLIfAbsent: true, CoexistingKeys: true,
	}
}
