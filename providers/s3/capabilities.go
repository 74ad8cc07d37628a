package s3

import "github.com/polystore/storage"

// Capabilities are what every service has that speaks S3, and what the provider's profile adds.
func (s *Store) Capabilities() storage.Capabilities {
	c := s.profile.can
	c.SuffixRange, c.Versions, c.ExactContentType, c.ListETag = true, true, true, true
	c.Checksums = []string{"CRC32C", "CRC32", "CRC64NVME", "MD5", "SHA1", "SHA256"}
	c.DeleteBatch = s.MaxBatch() > 0
	c.Copy, c.CopySourceIfMatch, c.CopyReplace = true, true, true
	c.Multipart, c.MultipartConditions, c.MultipartChecksums = true, c.IfMatch, true
	c.AbortUpload, c.ListParts, c.ListUploads, c.ListUploadsPrefix = true, true, true, true
	c.SignURL, c.SignURLIfAbsent, c.SignURLHeaders = true, c.IfAbsent, true
	return c
}

// Providers are the names that Options.Provider takes.
func Providers() []string {
	names := make([]string, len(profiles))
	for i := range profiles {
		names[i] = profiles[i].name
	}
	return names
}
