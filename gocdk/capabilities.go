package gocdk

import "github.com/polystore/storage"

// Capabilities are what the Go CDK offers of every driver: creating, and signing where the driver
// can.
func (s *store) Capabilities() storage.Capabilities {
	return storage.Capabilities{
		IfAbsent: true, Copy: true, SignURL: true, CoexistingKeys: true,
		Checksums: []string{"CRC32C", "CRC32", "CRC64NVME", "MD5", "SHA1", "SHA256"},
	}
}
