package s3

import "github.com/polystore/storage"

// Capabilities are what every service has that speaks S3, and what the provider's profile adds.
func (s *Store) Capabilities() storage.Capabilities {
	c := s.can()
	c.SuffixRange, c.ExactContentType = true, true
	c.ListETag, c.ListSplit = true, !s.isDirectory()
	c.Versions = !s.profile.noVersions
	c.Checksums = []string{"CRC32C", "CRC32", "CRC64NVME", "MD5", "SHA1", "SHA256"}
	c.DeleteBatch = s.MaxBatch() > 0
	c.Copy, c.CopyReplace = true, !s.profile.stickyHeaders
	c.Multipart, c.MultipartChecksums = true, !s.profile.contentMD5 // parts have no CRC then
	c.AbortUpload, c.ListParts, c.ListUploads, c.ListUploadsPrefix = true, true, true, true
	c.SignURL, c.SignURLIfAbsent, c.SignURLHeaders = true, c.IfAbsent, true
	return c
}

// Provider is the name of the profile in use: Options.Provider, or what stands for "".
func (s *Store) Provider() string { return s.profile.name }

// Providers are the names that Options.Provider takes.
func Providers() []string {
	names := make([]string, len(profiles))
	for i := range profiles {
		names[i] = profiles[i].name
	}
	return names
}
