package driver

import "github.com/polystore/storage"

// Capabilities say what the table can do beyond the five methods. The suite holds the driver to it:
// what is true must work, and what is false must be refused with errors.ErrUnsupported.
func (s *Store) Capabilities() storage.Capabilities {
	return storage.Capabilities{
		IfAbsent: true, IfMatch: true, DeleteIfMatch: true, // a row has a revision
		SuffixRange: true, CoexistingKeys: true, ExactContentType: true, ListETag: true,
		Checksums: []string{"CRC32", "CRC32C", "CRC64NVME", "MD5", "SHA1", "SHA256"},
	}
}
