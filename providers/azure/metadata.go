package azure

import (
	"encoding/base64"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxMetadata is how many bytes the names and values of an object may have together:
// https://learn.microsoft.com/rest/api/storageservices/setting-and-retrieving-properties-and-metadata-for-blob-resources.
const maxMetadata = 8 << 10

// sumName is the entry that keeps a checksum of the whole object.
const sumName = "polystoresum"

// metadata gives the entries in the form of the wire, and beside them the sum of the object that
// sums has; nil for none, and ErrInvalid where Azure takes no more.
func metadata(m map[string]string, sums storage.Checksums) (map[string]*string, error) {
	wire, size := make(map[string]*string, len(m)+1), 0
	add := func(name, v string) {
		wire[name] = &v
		size += len(name) + len(v)
	}
	for name, v := range m {
		if name == sumName {
			return nil, driver.Invalidf("metadata name %q is reserved", name)
		}
		add(encodeName(name), storage.EncodeMetadataValue(v))
	}
	if sum := encodeSum(sums); sum != "" {
		add(sumName, sum)
	}
	if size > maxMetadata {
		return nil, driver.Invalidf("%d bytes of metadata, at most %d", size, maxMetadata)
	}
	if len(wire) == 0 {
		return nil, nil
	}
	return wire, nil
}

// userMetadata undoes metadata; the map is nil where there are no entries. net/http changes the
// case of names, which means nothing to Azure.
func userMetadata(wire map[string]*string) (m map[string]string, sums storage.Checksums) {
	for name, v := range wire {
		name = strings.ToLower(name)
		switch {
		case v == nil:
		case name == sumName:
			sums = decodeSum(*v)
		default:
			if m == nil {
				m = make(map[string]string, len(wire))
			}
			m[decodeName(name)] = storage.DecodeMetadataValue(*v)
		}
	}
	return m, sums
}

// encodeSum is the sum to keep: the CRC32C, which every reader computes at full speed, else the
// CRC64NVME, which is all that is known of what the service copied; empty where there is none.
func encodeSum(c storage.Checksums) string {
	switch {
	case c.CRC32C != nil:
		return "crc32c." + base64.RawURLEncoding.EncodeToString(c.CRC32C)
	case c.CRC64NVME != nil:
		return "crc64nvme." + base64.RawURLEncoding.EncodeToString(c.CRC64NVME)
	}
	return ""
}

func decodeSum(v string) (c storage.Checksums) {
	name, text, _ := strings.Cut(v, ".")
	sum, err := base64.RawURLEncoding.DecodeString(text)
	switch {
	case err != nil:
	case name == "crc32c" && len(sum) == 4:
		c.CRC32C = sum
	case name == "crc64nvme" && len(sum) == 8:
		c.CRC64NVME = sum
	}
	return c
}

// encodeName makes a C# identifier of a metadata name, in lower case: what stands in the way
// becomes _xx_, two digits of hexadecimal, and so does an underscore that would be taken for the
// beginning of that. decodeName undoes it, and leaves alone what encodeName does not make.
func encodeName(name string) string {
	out := ""
	// from the end: what is behind an underscore decides about it
	for i := len(name) - 1; i >= 0; i-- {
		c := name[i]
		_, escaped := unescape("_"+out, i == 0)
		if c == '-' || c == '.' || i == 0 && '0' <= c && c <= '9' || c == '_' && escaped {
			const digits = "0123456789abcdef"
			out = string([]byte{'_', digits[c>>4], digits[c&15], '_'}) + out
		} else {
			out = string(c) + out
		}
	}
	return out
}

func decodeName(name string) string {
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

// httpHeaders are the headers that are kept with a blob. There is no MD5 among them: of a blob in
// one request the service makes it.
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
