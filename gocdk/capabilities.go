package gocdk

import "github.com/polystore/storage"

// Capabilities are what the Go CDK offers of every driver: creating, copying and MD5. Which of its
// drivers sign URLs it does not tell; one that does not answers errors.ErrUnsupported.
func (s *store) Capabilities() storage.Capabilities {
	return storage.Capabilities{
		IfAbsent: true, Copy: true, SignURL: true, CoexistingKeys: true,
		Checksums: []string{"MD5"},
	}
}
