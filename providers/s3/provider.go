package s3

import (
	"slices"
	"strings"
)

// A profile is what is known of a service that speaks S3: a set of switches, each of which is a request that it would refuse
// or, worse, answer wrongly.
type profile struct {
	name string

	pathStyle bool // the bucket goes into the path unless told otherwise

	// contentMD5 protects bodies by Content-MD5, which every service since 2006 checks, in place of x-amz-checksum-crc32c. Uploads
	// declare no algorithm then: R2 and others answer 501 to x-amz-checksum-algorithm.
	contentMD5 bool

	// uploadSums declares that an upload has a CRC32C of the whole object, made of those of its parts. Both servers check each part
	// all the same, but with a declared sum MinIO refuses copied parts ("checksum missing"), and versitygw takes the
	// sum of the source for that of the part, so that the object would never read well again.
	uploadSums bool

	// falseComplete: completing an upload that is not there, be it aborted or never begun, is answered by success where there is any
	// object under the key, and else by InvalidPart. What gives the false success away is that it lacks the checksum that the
	// server always makes.
	falseComplete bool

	// batchMD5 sends Content-MD5 with DeleteObjects, where the SDK would send x-amz-checksum-crc32 alone, which older
	// servers refuse: https://github.com/aws/aws-sdk-go-v2/issues/3258.
	batchMD5 bool

	copyConditions   bool // If-Match and If-None-Match hold for the destination of CopyObject
	deleteConditions bool // If-Match is sent with DeleteObject
	storageClasses   bool // x-amz-storage-class is not ignored
	encryption       bool // x-amz-server-side-encryption is not ignored

	// ownUploadPages: the pages of ListMultipartUploads are made here; see cutUploads.
	ownUploadPages bool

	// stuckDelimiters: with another delimiter than a slash, the continuation token does not lead past a common prefix.
	stuckDelimiters bool

	maxObject    int64 // bytes
	metadataName int   // what the service counts of an entry's name beside the name itself
	keys         keyRule
}

// The limits of https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, which the compatible services share.
const (
	minPart  = 5 << 20
	maxPart  = 5 << 30 // also of an object that is put by one request
	maxParts = 10_000
	maxBatch = 1000
	maxPage  = 1000

	defaultBatch = 250
	maxMetadata  = 2 << 10
)

var profiles = []profile{
	{
		name:             "aws",
		uploadSums:       true,
		copyConditions:   true,
		deleteConditions: true,
		storageClasses:   true,
		encryption:       true,
		maxObject:        maxPart * maxParts, // "50 TB"
		keys:             keyRule{climbing: true, empty: true, nonXML: true, soap: true},
	},
	{
		// MinIO ignores If-Match of DeleteObject: the header is sent, and `polystore check` shows what becomes of it.
		name:             "minio",
		pathStyle:        true,
		batchMD5:         true,
		deleteConditions: true,
		storageClasses:   true,
		encryption:       true,
		ownUploadPages:   true,
		stuckDelimiters:  true,
		maxObject:        5 << 40,
		metadataName:     len("x-amz-meta-"),
		keys:             keyRule{trailing: true, segment: 255},
	},
	{
		name:             "versitygw",
		pathStyle:        true,
		falseComplete:    true,
		ownUploadPages:   true,
		batchMD5:         true,
		deleteConditions: true,
		maxObject:        5 << 40,
		keys:             keyRule{segment: 255, reserved: ".sgwtmp"},
	},
	{
		name:           "generic",
		pathStyle:      true,
		contentMD5:     true,
		batchMD5:       true,
		storageClasses: true,
		encryption:     true,
		maxObject:      5 << 40,
		metadataName:   len("x-amz-meta-"),
		keys:           keyRule{trailing: true},
	},
}

// profileOf finds the profile that the options ask for.
func profileOf(provider string, custom bool) (*profile, error) {
	name := provider
	if name == "" {
		name = "aws"
		if custom {
			name = "generic"
		}
	}
	i := slices.IndexFunc(profiles, func(p profile) bool { return p.name == name })
	if i < 0 {
		known := make([]string, len(profiles))
		for i := range profiles {
			known[i] = profiles[i].name
		}
		return nil, invalid("unknown provider %q, known are %s", provider, strings.Join(known, ", "))
	}
	if name != "aws" && !custom {
		return nil, invalid("provider %s needs an endpoint", name)
	}
	return &profiles[i], nil
}
