package conformance

import (
	"slices"

	"github.com/polystore/storage"
)

// capability is the field of storage.Capabilities that says whether a Store has a feature.
type capability struct {
	field string
	holds func(c *storage.Capabilities) bool
}

// capabilities has a field for every feature that a Store may refuse. What is not here, every Store
// does.
var capabilities = map[Feature]capability{
	IfAbsent:          {"IfAbsent", func(c *storage.Capabilities) bool { return c.IfAbsent }},
	IfMatch:           {"IfMatch", func(c *storage.Capabilities) bool { return c.IfMatch }},
	SuffixRange:       {"SuffixRange", func(c *storage.Capabilities) bool { return c.SuffixRange }},
	Versions:          {"Versions", func(c *storage.Capabilities) bool { return c.Versions }},
	StorageClass:      {"StorageClass", func(c *storage.Capabilities) bool { return c.StorageClass }},
	Tags:              {"Tags", func(c *storage.Capabilities) bool { return c.Tags }},
	ExactContentType:  {"ExactContentType", func(c *storage.Capabilities) bool { return c.ExactContentType }},
	ListETag:          {"ListETag", func(c *storage.Capabilities) bool { return c.ListETag }},
	ChecksumCRC32:     checksumCapability("CRC32"),
	ChecksumCRC32C:    checksumCapability("CRC32C"),
	ChecksumCRC64NVME: checksumCapability("CRC64NVME"),
	ChecksumMD5:       checksumCapability("MD5"),
	ChecksumSHA1:      checksumCapability("SHA1"),
	ChecksumSHA256:    checksumCapability("SHA256"),

	DeleteIfMatch:       {"DeleteIfMatch", func(c *storage.Capabilities) bool { return c.DeleteIfMatch }},
	DeleteIfMatchAbsent: {"DeleteIfMatch", func(c *storage.Capabilities) bool { return c.DeleteIfMatch }},
	DeleteBatch:         {"DeleteBatch", func(c *storage.Capabilities) bool { return c.DeleteBatch }},

	Copy:              {"Copy", func(c *storage.Capabilities) bool { return c.Copy }},
	CopyConditions:    {"CopyConditions", func(c *storage.Capabilities) bool { return c.CopyConditions }},
	CopySourceIfMatch: {"CopySourceIfMatch", func(c *storage.Capabilities) bool { return c.CopySourceIfMatch }},
	CopyReplace:       {"CopyReplace", func(c *storage.Capabilities) bool { return c.CopyReplace }},

	Multipart:           {"Multipart", func(c *storage.Capabilities) bool { return c.Multipart }},
	MultipartConditions: {"MultipartConditions", func(c *storage.Capabilities) bool { return c.MultipartConditions }},
	MultipartChecksums:  {"MultipartChecksums", func(c *storage.Capabilities) bool { return c.MultipartChecksums }},
	CopyPart:            {"CopyPart", func(c *storage.Capabilities) bool { return c.CopyPart }},
	AbortUpload:         {"AbortUpload", func(c *storage.Capabilities) bool { return c.AbortUpload }},
	ListParts:           {"ListParts", func(c *storage.Capabilities) bool { return c.ListParts }},
	ListUploads:         {"ListUploads", func(c *storage.Capabilities) bool { return c.ListUploads }},
	ListUploadsPrefix:   {"ListUploadsPrefix", func(c *storage.Capabilities) bool { return c.ListUploadsPrefix }},

	SignURL:         {"SignURL", func(c *storage.Capabilities) bool { return c.SignURL }},
	SignURLIfAbsent: {"SignURLIfAbsent", func(c *storage.Capabilities) bool { return c.SignURLIfAbsent }},
	SignURLHeaders:  {"SignURLHeaders", func(c *storage.Capabilities) bool { return c.SignURLHeaders }},

	CoexistingKeys: {"CoexistingKeys", func(c *storage.Capabilities) bool { return c.CoexistingKeys }},
}

func checksumCapability(name string) capability {
	return capability{"Checksums", func(c *storage.Capabilities) bool {
		return slices.Contains(c.Checksums, name)
	}}
}

// partOf names the feature that another one is a part of. Without the whole there is no part: its
// checks are not run.
var partOf = map[Feature]Feature{
	DeleteIfMatchAbsent: DeleteIfMatch,
	CopyConditions:      Copy,
	CopySourceIfMatch:   Copy,
	CopyReplace:         Copy,
	MultipartConditions: Multipart,
	MultipartChecksums:  Multipart,
	CopyPart:            Multipart,
	AbortUpload:         Multipart,
	ListParts:           Multipart,
	ListUploads:         Multipart,
	ListUploadsPrefix:   ListUploads,
	SignURLIfAbsent:     SignURL,
	SignURLHeaders:      SignURL,
}

// wholes are the features that f is a part of.
func wholes(f Feature) []Feature {
	var all []Feature
	for f, ok := partOf[f]; ok; f, ok = partOf[f] {
		all = append(all, f)
	}
	return all
}

// required are the features without which c tests nothing: those that it names, and the wholes of
// those and of its own.
func (c *check) required() []Feature {
	all := wholes(c.feature)
	for _, f := range c.needs {
		all = append(append(all, f), wholes(f)...)
	}
	return all
}

// can is what the Store under test says that it can, and what the suite has learned besides.
type can struct {
	told    bool // the Store is a storage.Capable: it is held to what it says
	caps    storage.Capabilities
	refused map[Feature]bool // what Inspect has seen refused, whatever caps say
}

func newCan(s storage.Store, refused map[Feature]bool) can {
	_, told := s.(storage.Capable)
	return can{told: told, caps: storage.Full(s).Capabilities(), refused: refused}
}

// lacks says why the Store does not have f, or "".
func (c *can) lacks(f Feature) string {
	switch has, known := capabilities[f]; {
	case c.refused[f]:
		return "refused with errors.ErrUnsupported"
	case known && !has.holds(&c.caps) && has.field == "Checksums":
		return "Capabilities.Checksums does not have it"
	case known && !has.holds(&c.caps) && !c.told:
		return "the Store has no method for it"
	case known && !has.holds(&c.caps):
		return "Capabilities." + has.field + " is false"
	}
	return ""
}

// mayRefuse reports whether an errors.ErrUnsupported of c is an honest answer although nothing says
// so beforehand: a Store that is no storage.Capable has no other way to tell.
func (c *can) mayRefuse(ch *check) bool {
	if c.told {
		return false
	}
	return slices.ContainsFunc(append(ch.required(), ch.feature), func(f Feature) bool {
		_, known := capabilities[f]
		return known
	})
}
