package defects

// Azurite names the server in AzureAll, in all its ways to run.
const Azurite = "Azurite"

// Names of the defects of servers for Azure Blob Storage.
const (
	RangeAtEnd           = "Get Blob: a range at the end of a blob is answered"
	TierOfGet            = "Get Blob: the access tier is not told"
	TierOfCopyInferred   = "Copy Blob From URL: the tier that was asked for is called inferred"
	DelimiterCut         = "List Blobs: a common prefix ends within its delimiter"
	BlocksSurvivePut     = "Put Blob: uncommitted blocks stay"
	BlocksAreABlob       = "Put Blob: uncommitted blocks are taken for a blob"
	SourceUnsigned       = "Copy Blob From URL: the source need not be signed"
	NoVersions           = "Put Blob: no versions"
	PutFromURLMissing    = "Put Blob From URL: not implemented"
	SourceTokenIgnored   = "Put Block From URL: the token for the source is not used"
	ContainerAgainAtOnce = "Create Container: works at once after its deletion"
)

// AzureAll are the defects of servers for Azure Blob Storage.
var AzureAll = []Defect{
	{RangeAtEnd, Azurite,
		"206, no bytes and a Content-Range that ends before it begins; Azure answers 416"},
	{TierOfGet, Azurite, "no x-ms-access-tier, which Get Blob Properties has; Azure tells it"},
	{TierOfCopyInferred, Azurite,
		"x-ms-access-tier-inferred: true beside the tier; Azure does not say so"},
	{DelimiterCut, Azurite,
		"of a delimiter of several characters the first one; Azure gives the prefix with the " +
			"whole delimiter"},
	{BlocksSurvivePut, Azurite, "they can be committed after another Put Blob; Azure drops them"},
	{BlocksAreABlob, Azurite,
		"If-None-Match: * is answered 409 BlobAlreadyExists, and so is a copy, where Get Blob " +
			"says 404; Azure writes"},
	{SourceUnsigned, Azurite,
		"a private blob of the same account is copied by its bare URL; Azure asks for a signature"},
	{NoVersions, Azurite,
		"no x-ms-version-id in any answer; Azure has it where the account keeps versions"},
	{PutFromURLMissing, Azurite, "501; Azure copies"},
	{SourceTokenIgnored, Azurite,
		"x-ms-copy-source-authorization has no effect, 403; Azure reads the source with it"},
	{ContainerAgainAtOnce, Azurite,
		"201; Azure answers 409 ContainerBeingDeleted for about 30 seconds"},
}
