package azure

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxMetadata is how many bytes the names and values of an object may have together:
// https://learn.microsoft.com/rest/api/storageservices/setting-and-retrieving-properties-and-metadata-for-blob-resources.
const maxMetadata = 8 << 10

// sumName is the entry that keeps a checksum of the whole object, as a note.
const sumName = "polystoresum"

// metadata gives the entries in the form of the wire, and beside them the note of the object's sum;
// nil for none, and ErrInvalid where Azure takes no more.
func metadata(m map[string]string, n note) (map[string]*string, error) {
	var wire map[string]*string
	err := eachEntry(m, n, func(name, v string) {
		if wire == nil {
			wire = make(map[string]*string, len(m)+1)
		}
		wire[name] = &v
	})
	if err != nil {
		return nil, err
	}
	return wire, nil
}

// eachEntry is metadata that is handed over entry by entry. It may fail behind some of them.
func eachEntry(m map[string]string, n note, add func(name, v string)) error {
	size := 0
	for name, v := range m {
		if name == sumName {
			return driver.Invalidf("metadata name %q is reserved", name)
		}
		coded := encodeName(name)
		if !isIdentifier(coded) {
			return driver.Invalidf("metadata name %q, which Azure cannot have", name)
		}
		if !utf8.ValidString(v) {
			return driver.Invalidf("the value of metadata %q is not UTF-8", name)
		}
		v = storage.EncodeMetadataValue(v)
		size += len(coded) + len(v)
		add(coded, v)
	}
	if entry := n.encode(); entry != "" {
		size += len(sumName) + len(entry)
		add(sumName, entry)
	}
	if size > maxMetadata {
		return driver.Invalidf("%d bytes of metadata, at most %d", size, maxMetadata)
	}
	return nil
}

// metaField begins the name of a field that has an entry of the metadata, as the SDK writes it.
const metaField = "x-ms-meta-"

// userMetadata undoes metadata in the header of an answer; the map is nil where there are no
// entries. net/http changes the case of names, which means nothing to Azure.
func userMetadata(h http.Header) (m map[string]string, n note) {
	n.size = -1
	for name, values := range h {
		if len(name) <= len(metaField) || !strings.EqualFold(name[:len(metaField)], metaField) {
			continue
		}
		name, v := strings.ToLower(name[len(metaField):]), values[0]
		if name == sumName {
			n = decodeNote(v)
			continue
		}
		if m == nil {
			m = make(map[string]string)
		}
		m[decodeName(name)] = storage.DecodeMetadataValue(v)
	}
	return m, n
}

// checkMetadata refuses what would not fit beside the longest note of an upload, before any block
// is sent.
func checkMetadata(m map[string]string, upload string) error {
	longest := note{
		sums: storage.Checksums{CRC64NVME: make([]byte, 8)}, size: maxBlock * maxBlocks,
		upload: upload,
	}
	_, err := metadata(m, longest)
	return err
}

// isIdentifier reports whether name is a C# identifier of ASCII, which is what a header can carry
// of the names that Azure takes.
func isIdentifier(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// checkHeaders refuses headers that would not arrive. Signatures of the shared key cover the
// headers of a request, and what is not ASCII is not the same text to whoever checks them.
func (s *Store) checkHeaders(o *storage.PutOptions) error {
	if s.key != nil {
		if err := driver.CheckASCII(o); err != nil {
			return err
		}
	}
	return driver.CheckHeaders(o)
}

// encodeName makes a C# identifier of a metadata name, in lower case: what stands in the way
// becomes _xx_, two digits of hexadecimal, and so does an underscore that would be taken for the
// beginning of that. decodeName undoes it, and leaves alone what encodeName does not make.
func encodeName(name string) string {
	room := make([]byte, 4*len(name))
	at := len(room)
	// from the end: what is behind an underscore decides about it
	for i := len(name) - 1; i >= 0; i-- {
		c := name[i]
		at--
		room[at] = c
		if c == '_' {
			if _, escaped := unescape(string(room[at:min(at+4, len(room))]), i == 0); !escaped {
				continue
			}
		} else if c != '-' && c != '.' && (i > 0 || c < '0' || '9' < c) {
			continue
		}
		const digits = "0123456789abcdef"
		at -= 3
		copy(room[at:], []byte{'_', digits[c>>4], digits[c&15], '_'})
	}
	if at == len(room)-len(name) {
		return name
	}
	return string(room[at:])
}

func decodeName(name string) string {
	if !strings.Contains(name, "_") {
		return name
	}
	var out strings.Builder
	for i := 0; i < len(name); {
		if c, ok := unescape(name[i:], i == 0); ok {
			out.WriteByte(c)
			i += len("_xx_")
		} else {
			out.WriteByte(name[i])
			i++
		}
	}
	if decoded := out.String(); encodeName(decoded) == name {
		return decoded
	}
	return name
}

// unescape reads the escape that s begins with: of a hyphen, a dot or an underscore, and of a digit
// at the beginning of a name.
func unescape(s string, first bool) (c byte, ok bool) {
	if len(s) < 4 || s[0] != '_' || s[3] != '_' {
		return 0, false
	}
	switch s[1:3] {
	case "2d":
		return '-', true
	case "2e":
		return '.', true
	case "5f":
		return '_', true
	}
	if first && s[1] == '3' && '0' <= s[2] && s[2] <= '9' {
		return s[2], true
	}
	return 0, false
}

// httpHeaders are the headers that are kept with a blob, without its MD5. Of a blob in one request
// the service makes it.
func httpHeaders(o *storage.PutOptions) *blob.HTTPHeaders {
	return &blob.HTTPHeaders{
		BlobContentType:        optional(o.ContentType),
		BlobContentEncoding:    optional(o.ContentEncoding),
		BlobContentDisposition: optional(o.ContentDisposition),
		BlobContentLanguage:    optional(o.ContentLanguage),
		BlobCacheControl:       optional(o.CacheControl),
	}
}

// tier is the access tier of a storage class, nil for the account's default.
func tier(class string) *blob.AccessTier {
	if class == "" {
		return nil
	}
	return new(blob.AccessTier(class))
}

// class is the storage class of an access tier: empty for one that nobody asked for.
func class[T ~string](t T, inferred bool) string {
	if inferred {
		return ""
	}
	return string(t)
}

// optional is nil for the zero string: a parameter that is not sent.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// value is the zero value for nil.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
