package defects

// FakeGCS is fake-gcs-server.
const FakeGCS = "fake-gcs-server"

// Names of its defects.
const (
	GCSReadMatchIgnored        = "objects.get: ifGenerationMatch ignored"
	GCSDeleteMatchIgnored      = "objects.delete: ifGenerationMatch ignored"
	GCSRewriteMatchIgnored     = "objects.rewrite: ifGenerationMatch of the destination ignored"
	GCSRewriteSourceIgnored    = "objects.rewrite: ifSourceGenerationMatch ignored"
	GCSRewriteKeepsHeaders     = "objects.rewrite: replaced headers kept"
	GCSRewriteClassIgnored     = "objects.rewrite: storage class ignored"
	GCSMultipartMissing        = "XML API: no multipart uploads"
	GCSMultiDeleteMissing      = "XML API: no multi-object delete"
	GCSPagesRepeatPrefixes     = "objects.list: all prefixes on every page"
	GCSDelimiterOneByte        = "objects.list: of a delimiter only the first byte in prefixes"
	GCSEmptySuffix             = "XML GET: suffix of an empty object is a part of -1 bytes"
	GCSRangeBeforeCondition    = "XML GET: 416 rather than 412 for a range behind the end"
	GCSContextsDropped         = "objects.insert: contexts dropped"
	GCSReadWithoutClass        = "XML GET: no x-goog-storage-class"
	GCSStatusQueryCompletes    = "resumable upload: a status query completes it"
	GCSSignatureNotVerified    = "signed URL: signature not verified"
	GCSExpiryNotVerified       = "signed URL: expiry not verified"
	GCSSignedConditionsIgnored = "signed URL: x-goog-if-generation-match of a PUT ignored"
)

// GCS are the defects of fake-gcs-server v1.56.1, held against
// https://cloud.google.com/storage/docs/json_api and xml-api.
var GCS = []Defect{
	{GCSReadMatchIgnored, FakeGCS,
		"the object is read although its generation is another one; Cloud Storage answers 412"},
	{GCSDeleteMatchIgnored, FakeGCS,
		"the object is deleted although its generation is another one; Cloud Storage answers 412"},
	{GCSRewriteMatchIgnored, FakeGCS,
		"the destination is overwritten although it exists; Cloud Storage answers 412"},
	{GCSRewriteSourceIgnored, FakeGCS,
		"the source is copied although its generation is another one; Cloud Storage answers 412"},
	{GCSRewriteKeepsHeaders, FakeGCS,
		"what the new attributes leave out stays as the source has it; Cloud Storage leaves it " +
			"empty"},
	{GCSRewriteClassIgnored, FakeGCS,
		"the copy is STANDARD, with success; Cloud Storage gives it the class"},
	{GCSMultipartMissing, FakeGCS, "answers 400 to POST ?uploads; Cloud Storage begins an upload"},
	{GCSMultiDeleteMissing, FakeGCS, "has no POST ?delete; Cloud Storage deletes the keys"},
	{GCSPagesRepeatPrefixes, FakeGCS,
		"each page of a delimited list has every prefix that follows; Cloud Storage lists each " +
			"once, in its place"},
	{GCSDelimiterOneByte, FakeGCS,
		"with the delimiter -- the prefix of c--1 is c-; Cloud Storage says c--"},
	{GCSEmptySuffix, FakeGCS, "answers 206 with bytes 0--1/0; Cloud Storage answers 416"},
	{GCSRangeBeforeCondition, FakeGCS,
		"looks at the range first, and at the generation never; Cloud Storage answers 412"},
	{GCSContextsDropped, FakeGCS,
		"an object that was written with contexts has none; Cloud Storage keeps them"},
	{GCSReadWithoutClass, FakeGCS,
		"an object's class is in its resource and not in the header of its reads; Cloud Storage " +
			"says it in both"},
	{GCSStatusQueryCompletes, FakeGCS,
		"makes the object of what there is; Cloud Storage answers 308 and what it has"},
	{GCSSignatureNotVerified, FakeGCS,
		"serves a URL whose signature was changed; Cloud Storage answers 403"},
	{GCSExpiryNotVerified, FakeGCS,
		"serves a URL that expired years ago; Cloud Storage answers 400"},
	{GCSSignedConditionsIgnored, FakeGCS,
		"overwrites an object that a signed PUT was to create; Cloud Storage answers 412"},
}
