// Package limits has the defects of the services that this module knows: what they offer and do not
// keep. The tests of the providers and `polystore check` declare them, so that they are told from
// what is broken. Each has a probe without this module's drivers in internal/testenv/defects.
package limits

import (
	"slices"

	"github.com/polystore/storage/conformance"
)

// S3 are the defects behind a provider of package s3. The caller must not change them.
func S3(provider string) []conformance.Limit { return slices.Clip(s3[provider]) }

// GCSEmulator are those of fake-gcs-server.
func GCSEmulator() []conformance.Limit { return slices.Clip(gcsEmulator) }

// Azure are those of Azure itself, and one of Azurite.
func Azure() []conformance.Limit { return slices.Clip(azure) }

var s3 = map[string][]conformance.Limit{
	"minio": {
		{
			Feature: conformance.CoexistingKeys,
			Reason:  "MinIO leaves a/b out of every list once there is an a",
		},
	},
	"versitygw": {
		{
			Check:  "condition/before-range",
			Reason: "versitygw looks at the range before If-Modified-Since",
		},
		{
			Check: "request/stat",
			Reason: "versitygw describes two versions at once beside a writer: two answers in a " +
				"row have to agree",
		},
	},
	"ceph": {
		{
			Check:  "upload/list-prefix",
			Reason: "Ceph sorts uploads by the key and what it puts behind it",
		},
		{
			Check: "upload/copy-part",
			Reason: "Ceph decodes the source of UploadPartCopy twice, and some percent signs end " +
				"its process: keys that have one are not sent",
		},
	},
	"garage": {
		{Check: "multipart/headers", Reason: "on Garage a Put ends the uploads of its key"},
		{Check: "upload/list", Reason: "on Garage a Put ends the uploads of its key"},
	},
	"ministack": {
		{
			Check:  "upload/complete-gone",
			Reason: "MiniStack completes an upload again, with success",
		},
		{Check: "sign/tampered", Reason: "MiniStack answers requests without a signature"},
	},
}

var gcsEmulator = []conformance.Limit{
	{Feature: conformance.SignURL, Reason: "signatures are not verified"},
	{
		Check: "condition/before-range",
		Reason: "conditions of reads are ignored, and a range behind the end leaves nothing to " +
			"compare",
	},
}

var azure = []conformance.Limit{
	{
		Feature: conformance.ListUploads,
		Reason:  "an upload is known by its blocks alone, from the first part on",
	},
	{
		Check:  "copy/storageclass",
		Reason: "Azurite calls the tier of a copy inferred although it was asked for",
	},
}
