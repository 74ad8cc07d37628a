package s3

import (
	"slices"

	"github.com/polystore/storage"
)

// profiles are all that Options.Provider can name.
var profiles = slices.Concat(standard, hosted, installed)

// standard are S3 itself, the servers that this package is tested on, and what is assumed of an
// unknown one.
var standard = []profile{
	{
		name: "aws",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, DeleteIfMatch: true, CopyConditions: true,
			CopyPart: true, StorageClass: true, Tags: true, CoexistingKeys: true,
		},
		uploadSums: true,
		encryption: true,
		maxObject:  maxPart * maxParts, // "50 TB"
		keys:       keyRule{climbing: true, empty: true, nonXML: true, soap: true},
	},
	{
		// MinIO ignores If-Match of DeleteObject: the header is sent, and `polystore check` shows
		// what becomes of it.
		name: "minio",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, DeleteIfMatch: true,
			CopyPart: true, StorageClass: true, Tags: true, CoexistingKeys: true,
		},
		pathStyle:       true,
		batchMD5:        true,
		encryption:      true,
		ownUploadPages:  true,
		stuckDelimiters: true,
		maxObject:       5 << 40,
		metadataName:    len("x-amz-meta-"),
		keys:            keyRule{trailing: true, segment: 255},
	},
	{
		name: "versitygw",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, DeleteIfMatch: true, CopyPart: true, Tags: true,
		},
		pathStyle:      true,
		falseComplete:  true,
		ownUploadPages: true,
		batchMD5:       true,
		maxObject:      5 << 40,
		keys:           keyRule{segment: 255, reserved: ".sgwtmp"},
	},
	{
		name: "generic",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true,
			CopyPart: true, StorageClass: true, Tags: true, CoexistingKeys: true,
		},
		pathStyle:    true,
		contentMD5:   true,
		batchMD5:     true,
		encryption:   true,
		maxObject:    5 << 40,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{trailing: true},
	},
}

// hosted are those that somebody else runs. Bodies are protected by Content-MD5, which all of them
// check: x-amz-checksum-crc32c is younger than most, and R2 and B2 answer some of its headers by
// 501.
var hosted = []profile{
	{
		// Cloudflare R2. The account is in the host, so an endpoint must be given.
		// https://developers.cloudflare.com/r2/api/s3/api/: one region, no tags, encryption is not for the client to choose.
		// https://developers.cloudflare.com/r2/api/s3/conditional-operations/: PutObject, CompleteMultipartUpload, and CopyObject
		// with header names of its own; no DeleteObject.
		// https://developers.cloudflare.com/r2/objects/multipart-objects/: all parts but the last have the same size.
		// https://developers.cloudflare.com/r2/platform/limits/: 5 MiB less than 5 GiB at once, 5 GiB less than 5 TiB in all.
		// https://github.com/apache/opendal/issues/2227: more than 700 keys in a DeleteObjects are answered by 500.
		name: "r2",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, CopyConditions: true,
			CopyPart: true, StorageClass: true, CoexistingKeys: true,
		},
		region:       "auto",
		oneRegion:    true,
		pathStyle:    true,
		contentMD5:   true,
		batchMD5:     true,
		copyPrefix:   "cf-copy-destination-",
		maxObject:    5<<40 - 5<<30,
		maxPart:      5<<30 - 5<<20,
		equalParts:   true,
		maxBatch:     700,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{trailing: true},
	},
	{
		// Backblaze B2. https://www.backblaze.com/docs/cloud-storage-call-the-s3-compatible-api: the
		// host, over HTTPS only. https://www.backblaze.com/apidocs/s3-put-object has no storage class;
		// https://www.backblaze.com/apidocs/s3-copy-object: x-amz-tagging is refused. Conditional writes
		// are answered by 501 NotImplemented:
		// https://github.com/sathinduga/obsidian-s3-sync-and-backup/pull/84.
		// https://www.backblaze.com/docs/cloud-storage-large-files: parts to 5 GB, objects to 10 TB, both decimal.
		// https://www.backblaze.com/docs/cloud-storage-files: names neither begin nor end with a slash nor have two in a row, and
		// there is no backslash, no DEL and no control character in them.
		name: "b2",
		can: storage.Capabilities{
			CopyPart: true, CoexistingKeys: true,
		},
		host:         "s3.{region}.backblazeb2.com",
		pathStyle:    true,
		contentMD5:   true,
		batchMD5:     true,
		encryption:   true,
		maxObject:    10e12,
		maxPart:      5e9,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{without: "\t\n\r\x7f\\"},
	},
	{
		// Google Cloud Storage by its XML API, with an HMAC key. Package gcs is the better way: it
		// has conditions. https://cloud.google.com/storage/docs/aws-simple-migration: of the x-amz
		// headers only those with an x-goog sister count, and tags and encryption have none.
		// https://cloud.google.com/storage/docs/request-preconditions: If-Match and If-None-Match
		// are for reads; on writes they are silently ignored
		// (https://github.com/gordonmurray/firnflow/issues/29).
		// https://cloud.google.com/storage/docs/xml-api/put-object-multipart: a part has a body and
		// no source, so that a copied part would be an empty one.
		// https://cloud.google.com/storage/quotas#objects: 5 TiB.
		// https://cloud.google.com/storage/docs/objects#naming: neither CR nor LF in names.
		name: "gcs",
		can: storage.Capabilities{
			StorageClass: true, CoexistingKeys: true,
		},
		host:             "storage.googleapis.com",
		region:           "auto",
		oneRegion:        true,
		pathStyle:        true,
		unsignedEncoding: true,
		contentMD5:       true,
		batchMD5:         true,
		maxObject:        5 << 40,
		metadataName:     len("x-amz-meta-"),
		keys:             keyRule{trailing: true, without: "\r\n"},
	},
	{
		// Wasabi. https://docs.wasabi.com/docs/service-urls-for-wasabis-storage-regions: the host.
		// https://docs.wasabi.com/docs/rest-api-introduction: path style is recommended.
		// https://docs.wasabi.com/docs/object-tagging-with-the-wasabi-s3-api: tags. There is one
		// storage class, everything is encrypted whatever the request says, and conditions of
		// writes are nowhere in the reference.
		name: "wasabi",
		can: storage.Capabilities{
			CopyPart: true, Tags: true, CoexistingKeys: true,
		},
		host:         "s3.{region}.wasabisys.com",
		pathStyle:    true,
		contentMD5:   true,
		batchMD5:     true,
		maxObject:    5e12,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{trailing: true},
	},
	{
		// DigitalOcean Spaces. https://docs.digitalocean.com/reference/api/spaces-api/: the host, and one storage class.
		// https://docs.digitalocean.com/products/spaces/reference/s3-compatibility/: of the encryptions only SSE-C; neither tags nor
		// conditions of writes are in the table. https://docs.digitalocean.com/products/spaces/details/limits/: no tags.
		name: "spaces",
		can: storage.Capabilities{
			CopyPart: true, CoexistingKeys: true,
		},
		host:         "{region}.digitaloceanspaces.com",
		pathStyle:    true,
		contentMD5:   true,
		batchMD5:     true,
		maxObject:    5e12,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{trailing: true},
	},
	{
		// Tigris. https://www.tigrisdata.com/docs/api/s3/: one endpoint, tags, storage classes,
		// SSE-S3. Newer buckets answer in virtual hosts only.
		// https://www.tigrisdata.com/docs/objects/conditionals/: If-Match and If-None-Match of
		// writes; in a bucket of more than one region they, and reads after them, hold with
		// X-Tigris-Consistent only. The page shows neither DeleteObject nor the destination of
		// CopyObject.
		name: "tigris",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true,
			CopyPart: true, StorageClass: true, Tags: true, CoexistingKeys: true,
		},
		host:         "t3.storage.dev",
		region:       "auto",
		oneRegion:    true,
		header:       map[string]string{"X-Tigris-Consistent": "true"},
		contentMD5:   true,
		batchMD5:     true,
		encryption:   true,
		maxObject:    5e12,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{trailing: true},
	},
}

// installed are those that anybody can run, each of any version: what only the latest ones honour
// counts as ignored.
var installed = []profile{
	{
		// Ceph's Object Gateway. https://docs.ceph.com/en/latest/radosgw/s3/: tags, storage classes, encryption, part copies.
		// PutObject and CompleteMultipartUpload honour their conditions; DeleteObject does since
		// https://github.com/ceph/ceph/pull/63348, and the destination of CopyObject would by
		// https://github.com/ceph/ceph/pull/71588, which is not in any release.
		name: "ceph",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true,
			CopyPart: true, StorageClass: true, Tags: true, CoexistingKeys: true,
		},
		pathStyle:    true,
		contentMD5:   true,
		batchMD5:     true,
		encryption:   true,
		maxObject:    5 << 40,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{trailing: true},
	},
	{
		// Garage. https://garagehq.deuxfleurs.fr/documentation/reference-manual/s3-compatibility/:
		// part copies; no tags, no versions, no storage classes, and of the encryptions only SSE-C.
		// Its replicas agree without consensus, so there can be no conditional writes:
		// https://garagehq.deuxfleurs.fr/documentation/design/goals/. "garage" is its
		// documentation's s3_region.
		name: "garage",
		can: storage.Capabilities{
			CopyPart: true, CoexistingKeys: true,
		},
		region:       "garage",
		pathStyle:    true,
		contentMD5:   true,
		batchMD5:     true,
		maxObject:    5 << 40,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{trailing: true},
	},
	{
		// SeaweedFS. https://github.com/seaweedfs/seaweedfs/wiki/Amazon-S3-API: tags, part copies. PutObject honours its conditions since
		// https://github.com/seaweedfs/seaweedfs/pull/7154 (and no two writers at once since
		// https://github.com/seaweedfs/seaweedfs/pull/8802, with which DeleteObject and the destination of CopyObject came).
		// Keys are paths of its filer; uploads under way are in .uploads.
		name: "seaweedfs",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, CopyPart: true, Tags: true, CoexistingKeys: true,
		},
		pathStyle:    true,
		contentMD5:   true,
		batchMD5:     true,
		maxObject:    5 << 40,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{segment: 255, reserved: ".uploads"},
	},
}
