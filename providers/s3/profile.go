package s3

import (
	"cmp"
	"slices"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// A profile is what is known of a service that speaks S3: a set of switches, each of which is a
// request that it would refuse or, worse, answer wrongly. A condition or an option that a service
// is not known to honour counts as ignored: it is errors.ErrUnsupported before any request.
type profile struct {
	name string

	// of the service, with "{region}" where that is a part of it; empty: an endpoint must be given
	host      string
	region    string // where nothing else says it
	oneRegion bool   // that is its only one: what the environment says is meant for another service
	pathStyle bool   // the bucket goes into the path unless told otherwise

	// header goes with every request, outside of the signature, so that a signed URL does without.
	header map[string]string

	// unsignedEncoding leaves Accept-Encoding out of the signature, since the service's own front
	// end alters it.
	unsignedEncoding bool

	// contentMD5 protects bodies by Content-MD5, which every service since 2006 checks, in place of
	// x-amz-checksum-crc32c. Uploads declare no algorithm then: R2 and others answer 501 to
	// x-amz-checksum-algorithm.
	contentMD5 bool

	// md5Sum: a caller's MD5 goes as x-amz-checksum-md5, which the service keeps, in place of
	// Content-MD5, which it forgets. It keeps one sum of an object: any other of the caller's wins.
	md5Sum bool

	// trailers: the sum of a large body goes behind it, in a trailer of an aws-chunked body, which
	// then is read once. Servers that do not know the encoding refuse it, or store it as content.
	trailers bool

	// uploadSums declares that an upload has a CRC32C of the whole object, made of those of its
	// parts. Both servers check each part all the same, but with a declared sum MinIO refuses
	// copied parts ("checksum missing"), and versitygw takes the sum of the source for that of the
	// part, so that the object would never read well again.
	uploadSums bool

	// bareMatch: If-Match of PutObject is compared byte for byte with an ETag that has no quotes.
	// In quotes it never matches.
	bareMatch bool

	// plainBuckets: the conditions of can hold in buckets that keep no versions. In the others they
	// are ignored or always refused, so New asks which one it is.
	plainBuckets bool

	// stickyHeaders: CopyObject with the REPLACE directive keeps headers of the source.
	stickyHeaders bool

	// noVersions: there are none, although answers can have a version ID.
	noVersions bool

	// hyphens: an underscore in a metadata name becomes a hyphen.
	hyphens bool

	// listKeys and uploadKeys say in which form ListObjectsV2 and ListMultipartUploads list keys
	// without saying so.
	listKeys, uploadKeys keyForm

	// decodesPartSource: the source of UploadPartCopy is decoded twice. That of a key with a
	// percent sign would be another object or end the server, and what looks like a version would
	// be one.
	decodesPartSource bool

	// blankETag: the ETag that CompleteMultipartUpload answers can be empty. It is made of those of
	// the parts.
	blankETag bool

	// busyComplete: completing an upload that is not there is answered by 500 InternalError, "This
	// multipart completion is already in progress".
	busyComplete bool

	// falseComplete: completing an upload that is not there, be it aborted or never begun, is
	// answered by success where there is any object under the key, and else by InvalidPart. What
	// gives the false success away is that it lacks the checksum that the server always makes.
	falseComplete bool

	// mixedHead: HeadObject reads the metadata first and the ETag last, each by the key's path, so
	// that beside a writer it gives those of two versions. Two answers in a row that agree are not
	// mixed: all that the second reads lies between the first reading and the last, at which the
	// version was the same.
	mixedHead bool

	// batchMD5 sends Content-MD5 with DeleteObjects, where the SDK would send x-amz-checksum-crc32
	// alone, which older servers refuse: https://github.com/aws/aws-sdk-go-v2/issues/3258.
	batchMD5 bool

	// can is what the service can of what not all can that speak S3; Store.Capabilities adds the
	// rest.
	can        storage.Capabilities
	copyPrefix string // what stands before If-Match and If-None-Match of CopyObject's destination
	encryption bool   // x-amz-server-side-encryption is not ignored

	// ownUploadPages: the pages of ListMultipartUploads are made here; see cutUploads.
	ownUploadPages bool

	// stuckDelimiters: with another delimiter than a slash, the continuation token does not lead
	// past a common prefix.
	stuckDelimiters bool

	// loneKey: a list of one entry whose prefix is a key ends with that key, whatever follows.
	loneKey bool

	maxObject    int64 // bytes
	maxPart      int64 // bytes, of a part and of what goes up in one request; 0: as S3
	equalParts   bool  // all parts but the last have one size
	maxBatch     int   // keys in a DeleteObjects; 0: as S3
	metadataName int   // what the service counts of an entry's name beside the name itself
	keys         keyRule
}

// The limits of https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, which the
// compatible services share.
const (
	minPart  = 5 << 20
	maxPart  = 5 << 30 // also of an object that is put by one request
	maxParts = 10_000
	maxBatch = 1000
	maxPage  = 1000

	defaultBatch = 250
	maxMetadata  = 2 << 10
)

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
		return nil, driver.Invalidf(
			"unknown provider %q, known are %s", provider, strings.Join(Providers(), ", "),
		)
	}
	if name != "aws" && !custom && profiles[i].host == "" {
		return nil, driver.Invalidf("provider %s needs an endpoint", name)
	}
	return &profiles[i], nil
}

// locate completes what the options and the environment say of the region and the endpoint, each of
// which can be empty.
func (p *profile) locate(o *Options, region, endpoint string) (string, string, error) {
	if o.Region == "" {
		switch r := p.regionIn(endpoint); {
		case r != "":
			region = r
		case p.oneRegion || region == "":
			region = p.region
		}
	}
	switch {
	case endpoint != "" && region == "":
		region = defaultRegion
	case endpoint == "" && p.host != "":
		if region == "" && strings.Contains(p.host, "{region}") {
			return "", "", driver.Invalidf("provider %s needs a region or an endpoint", p.name)
		}
		if strings.ContainsAny(region, ".:/@?#") {
			// It could lead to another host.
			return "", "", driver.Invalidf("%q is no region", region)
		}
		if o.Accelerate || o.DualStack || o.FIPS {
			return "", "", driver.Invalidf(
				"Accelerate, DualStack and FIPS choose an endpoint of AWS: not with provider %s",
				p.name,
			)
		}
		endpoint = o.scheme() + strings.ReplaceAll(p.host, "{region}", region)
	}
	return region, endpoint, nil
}

// regionIn is the region that endpoint has in it, "" for none: it wins over that of the
// environment.
func (p *profile) regionIn(endpoint string) string {
	before, behind, ok := strings.Cut(p.host, "{region}")
	if !ok {
		return ""
	}
	_, host, _ := strings.Cut(endpoint, "://")
	host = strings.TrimSuffix(host, "/")
	rest, ok := strings.CutPrefix(host, before)
	region, ok2 := strings.CutSuffix(rest, behind)
	if !ok || !ok2 || strings.ContainsAny(region, "./:") {
		return ""
	}
	return region
}

// putLimit is the largest body of one request, in bytes.
func (p *profile) putLimit() int64 { return cmp.Or(p.maxPart, maxPart) }

// batchLimit is the largest number of keys in a DeleteObjects.
func (p *profile) batchLimit() int { return cmp.Or(p.maxBatch, maxBatch) }
