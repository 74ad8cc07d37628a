package conformance

import (
	"reflect"
	"slices"
	"strings"

	"github.com/polystore/storage"
)

// capabilities names, for every feature that a Store may refuse, the field of storage.Capabilities
// that says whether it has it. What is not here, every Store does.
var capabilities = map[Feature]string{
	IfAbsent:          "IfAbsent",
	IfMatch:           "IfMatch",
	SuffixRange:       "SuffixRange",
	Versions:          "Versions",
	StorageClass:      "StorageClass",
	Tags:              "Tags",
	ExactContentType:  "ExactContentType",
	ListETag:          "ListETag",
	ListSplit:         "ListSplit",
	ChecksumCRC32:     "Checksums",
	ChecksumCRC32C:    "Checksums",
	ChecksumCRC64NVME: "Checksums",
	ChecksumMD5:       "Checksums",
	ChecksumSHA1:      "Checksums",
	ChecksumSHA256:    "Checksums",

	DeleteIfMatch:       "DeleteIfMatch",
	DeleteIfMatchAbsent: "DeleteIfMatch",
	DeleteBatch:         "DeleteBatch",

	Copy:              "Copy",
	CopyConditions:    "CopyConditions",
	CopySourceIfMatch: "CopySourceIfMatch",
	CopyReplace:       "CopyReplace",

	Multipart:           "Multipart",
	MultipartConditions: "MultipartConditions",
	MultipartChecksums:  "MultipartChecksums",
	CopyPart:            "CopyPart",
	AbortUpload:         "AbortUpload",
	ListParts:           "ListParts",
	ListUploads:         "ListUploads",
	ListUploadsPrefix:   "ListUploadsPrefix",

	SignURL:         "SignURL",
	SignURLIfAbsent: "SignURLIfAbsent",
	SignURLHeaders:  "SignURLHeaders",

	CoexistingKeys: "CoexistingKeys",
}

// holds reports what c says of f, which has a field.
func holds(c *storage.Capabilities, f Feature) bool {
	if name, ok := strings.CutPrefix(string(f), checksumPrefix); ok {
		return slices.Contains(c.Checksums, name)
	}
	return reflect.ValueOf(c).Elem().FieldByName(capabilities[f]).Bool()
}

// checksumPrefix stands before the name of a checksum in its Feature.
const checksumPrefix = "checksum "

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

// zeroCapabilities is said where a Store has none, as one that embeds storage.Unsupported has until
// it gets a method of its own.
const zeroCapabilities = "Capabilities() is the zero value; did you forget the method?"

// forgotten reports whether the Store may lack its Capabilities method.
func (c *can) forgotten() bool { return c.told && reflect.ValueOf(c.caps).IsZero() }

// because is why, with what may be behind it.
func (c *can) because(why string) string {
	if c.forgotten() {
		return why + ": " + zeroCapabilities
	}
	return why
}

// lacks says why the Store does not have f, or "".
func (c *can) lacks(f Feature) string {
	field, known := capabilities[f]
	switch {
	case c.refused[f]:
		return "refused with errors.ErrUnsupported"
	case !known || holds(&c.caps, f):
		return ""
	case !c.told:
		return "the Store has no method for it"
	case field == "Checksums":
		return "Capabilities.Checksums does not have it"
	}
	return "Capabilities." + field + " is false"
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
