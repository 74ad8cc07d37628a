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
		// S3 itself.
		//
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html: conditions
		// of PutObject, CompleteMultipartUpload and CopyObject;
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html: and of
		// DeleteObject, where a missing key is 404.
		// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html and
		// API_UploadPartCopy.html: conditions of the source.
		// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html: storage classes,
		// tags, encryption, x-amz-checksum-md5.
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html:
		// sums of whole objects that were made of parts.
		// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html: trailers.
		// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html: keys.
		name: "aws",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, MultipartConditions: true, DeleteIfMatch: true,
			CopyConditions: true, CopySourceIfMatch: true,
			CopyPart: true, StorageClass: true, Tags: true, CoexistingKeys: true,
		},
		md5Sum:     true,
		trailers:   true,
		uploadSums: true,
		encryption: true,
		maxObject:  maxPart * maxParts, // "50 TB"
		keys: keyRule{
			climbing: true, empty: true, nonXML: true, soap: true, lost: oddName | oddAbove,
		},
	},
	{
		// MinIO. TestConformance shows what it keeps. What it lacks has probes in
		// internal/testenv/defects: it ignores If-Match of DeleteObject, also on a missing key, and
		// the conditions of CopyObject's destination; it lists uploads by their whole key only.
		// TestQuirks shows stuckDelimiters, loneKey, and what keys it takes for others.
		// TestTrailers shows trailers, which came with https://github.com/minio/minio/pull/16484 in
		// 2023. Earlier releases refuse them.
		name: "minio",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, MultipartConditions: true, CopySourceIfMatch: true,
			CopyPart: true, StorageClass: true, Tags: true, CoexistingKeys: true,
		},
		pathStyle:       true,
		trailers:        true,
		batchMD5:        true,
		encryption:      true,
		ownUploadPages:  true,
		stuckDelimiters: true,
		loneKey:         true,
		maxObject:       5 << 40,
		metadataName:    len("x-amz-meta-"),
		keys:            keyRule{trailing: true, segment: 255, lost: cleaned},
	},
	{
		// versitygw. TestConformance shows what it keeps, TestQuirks what keys it takes for others.
		// What it lacks has probes in internal/testenv/defects: a conditional Delete and a
		// conditional Put on one ETag can both succeed, so that neither could be believed, and a
		// Delete of a missing key succeeds; it ignores the conditions of CopyObject's destination,
		// storage classes and encryption. It insists on one region, us-east-1 unless it was started
		// with another.
		//
		// It has trailers, but releases before https://github.com/versity/versitygw/pull/1664, of
		// November 2025, answer a wrong one by 500.
		//
		// https://github.com/versity/versitygw/blob/v1.8.0/backend/posix/posix.go, HeadObject: the
		// order in which mixedHead has it read.
		name: "versitygw",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, MultipartConditions: true, CopySourceIfMatch: true,
			CopyPart: true, Tags: true,
		},
		region:         defaultRegion,
		oneRegion:      true,
		pathStyle:      true,
		listKeys:       keysPlain,
		uploadKeys:     keysPlain,
		falseComplete:  true,
		mixedHead:      true,
		ownUploadPages: true,
		batchMD5:       true,
		maxObject:      5 << 40,
		keys: keyRule{
			segment: 255, reserved: ".sgwtmp", asked: oddTrailing, lost: cleaned,
		},
	},
	{
		// MiniStack, an emulator of AWS, from 1.5.33 on. TestConformance shows what it keeps. What
		// it lacks has probes in internal/testenv/defects: it ignores the conditions of
		// CopyObject's destination, and CopyObject with the REPLACE directive keeps headers of the
		// source. It does not verify signatures. It counts the tags of an object in some answers
		// only, and drops those of an upload: tags are refused.
		name: "ministack",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, MultipartConditions: true, DeleteIfMatch: true,
			CopySourceIfMatch: true,
			CopyPart:          true, StorageClass: true, CoexistingKeys: true,
		},
		pathStyle:     true,
		contentMD5:    true,
		batchMD5:      true,
		encryption:    true,
		stickyHeaders: true,
		uploadKeys:    keysPlain,
		maxObject:     5 << 40,
		metadataName:  len("x-amz-meta-"),
		keys:          keyRule{trailing: true},
	},
	{
		// Any other server. That it honours the conditions of PutObject is an assumption, which
		// `polystore check` puts to the test. Those that are known to be ignored by a server in
		// wide use are not made: of CompleteMultipartUpload and of copies, by Ceph; of
		// DeleteObject, by MinIO.
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
		//
		// https://developers.cloudflare.com/r2/api/s3/api/: one region, storage classes, no tags,
		// and the client does not choose the encryption.
		// https://developers.cloudflare.com/r2/api/s3/conditional-operations/: conditions of
		// PutObject and CompleteMultipartUpload, and of CopyObject with header names of its own;
		// none of DeleteObject. The table of the S3 API has the conditions of the source, for
		// CopyObject and UploadPartCopy.
		// https://developers.cloudflare.com/r2/objects/multipart-objects/: all parts but the last
		// have the same size.
		// https://developers.cloudflare.com/r2/platform/limits/: 5 MiB less than 5 GiB at once,
		// 5 GiB less than 5 TiB in all.
		// https://github.com/apache/opendal/issues/2227: more than 700 keys in a DeleteObjects are
		// answered by 500.
		name: "r2",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true, MultipartConditions: true,
			CopyConditions: true, CopySourceIfMatch: true,
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
		// Backblaze B2.
		//
		// https://www.backblaze.com/docs/cloud-storage-call-the-s3-compatible-api: the host, over
		// HTTPS only.
		// https://www.backblaze.com/apidocs/s3-put-object: encryption, and no storage class.
		// https://www.backblaze.com/apidocs/s3-upload-part-copy: part copies.
		// https://www.backblaze.com/apidocs/s3-copy-object: x-amz-tagging is refused.
		// https://github.com/sathinduga/obsidian-s3-sync-and-backup/pull/84: conditional writes are
		// answered by 501 NotImplemented.
		// https://www.backblaze.com/docs/cloud-storage-large-files: parts to 5 GB, objects to
		// 10 TB, both decimal.
		// https://www.backblaze.com/docs/cloud-storage-files: names neither begin nor end with a
		// slash nor have two in a row. They have no backslash, no DEL and no control character.
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
		// headers only those with an x-goog sister count: storage classes have one, tags and
		// encryption have none.
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
		// https://rclone.org/s3/#s3-copy-cutoff: part copies, which rclone makes on every service.
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
		// DigitalOcean Spaces.
		//
		// https://docs.digitalocean.com/reference/api/spaces-api/: the host, and one storage class.
		// https://docs.digitalocean.com/products/spaces/reference/s3-compatibility/: of the
		// encryptions only SSE-C; UploadPartCopy; neither tags nor conditions of writes are in the
		// table.
		// https://docs.digitalocean.com/products/spaces/details/limits/: no tags.
		// https://github.com/slatedb/slatedb/issues/1818: PutObject honours If-Match without the
		// quotes and refuses it with them, as its own engineers say; of If-None-Match they say
		// nothing. It is a Ceph: what that needs of the bucket is asked for here, too.
		name: "spaces",
		can: storage.Capabilities{
			IfMatch: true, CopyPart: true, CoexistingKeys: true,
		},
		bareMatch:    true,
		plainBuckets: true,
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
		// https://rclone.org/s3/#s3-copy-cutoff: part copies, which rclone makes on every service.
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
		// Ceph's Object Gateway. https://docs.ceph.com/en/latest/radosgw/s3/: storage
		// classes, encryption, part copies. The rest is shown by TestConformance and by probes in
		// internal/testenv/defects. An object that was made of parts or by a replacing copy gives
		// no tags: tags are refused.
		// PutObject honours its conditions, If-Match without quotes, in buckets that keep no
		// versions. CompleteMultipartUpload, UploadPartCopy and CopyObject ignore theirs;
		// DeleteObject honours them since https://github.com/ceph/ceph/pull/63348, the source of
		// CopyObject since https://github.com/ceph/ceph/pull/44678, and the destination would by
		// https://github.com/ceph/ceph/pull/71588, which is not in any release.
		name: "ceph",
		can: storage.Capabilities{
			IfAbsent: true, IfMatch: true,
			CopyPart: true, StorageClass: true, CoexistingKeys: true,
		},
		bareMatch:    true,
		plainBuckets: true,
		hyphens:      true,
		uploadKeys:   keysEncoded,
		blankETag:    true,
		busyComplete: true,

		decodesPartSource: true,
		pathStyle:         true,
		contentMD5:        true,
		batchMD5:          true,
		encryption:        true,
		maxObject:         5 << 40,
		metadataName:      len("x-amz-meta-"),
		keys:              keyRule{trailing: true, asked: oddXML | oddCharacter, lost: oddNUL},
	},
	{
		// Garage. https://garagehq.deuxfleurs.fr/documentation/reference-manual/s3-compatibility/:
		// part copies; no tags, no versions, no storage classes, and of the encryptions only SSE-C.
		// Its replicas agree without consensus, so there can be no conditional writes:
		// https://garagehq.deuxfleurs.fr/documentation/design/goals/. "garage" is its
		// documentation's s3_region, and it refuses every other. Its answers have version IDs,
		// which no request takes.
		name: "garage",
		can: storage.Capabilities{
			CopyPart: true, CoexistingKeys: true,
		},
		region:     "garage",
		oneRegion:  true,
		noVersions: true,

		ownUploadPages: true,
		pathStyle:      true,
		contentMD5:     true,
		batchMD5:       true,
		maxObject:      5 << 40,
		metadataName:   len("x-amz-meta-"),
		keys:           keyRule{trailing: true},
	},
	{
		// SeaweedFS. https://github.com/seaweedfs/seaweedfs/wiki/Amazon-S3-API: tags, part copies.
		// PutObject honours its conditions since https://github.com/seaweedfs/seaweedfs/pull/7154
		// only, and lets no two writers through since
		// https://github.com/seaweedfs/seaweedfs/pull/8802, with which DeleteObject and the
		// destination of CopyObject came. Older releases, which ignore them, are in use.
		// Keys are paths of its filer, where a backslash is a slash: x\y overwrites x/y. Uploads
		// under way are in .uploads.
		name: "seaweedfs",
		can: storage.Capabilities{
			CopyPart: true, Tags: true, CoexistingKeys: true,
		},
		pathStyle:    true,
		contentMD5:   true,
		batchMD5:     true,
		maxObject:    5 << 40,
		metadataName: len("x-amz-meta-"),
		keys:         keyRule{segment: 255, reserved: ".uploads", without: `\`, wary: true},
	},
}
