package file

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
)

// The encoding of attrs: attrFormat, the ETag's 16 bytes, the modification time in 8 bytes, the
// size, and then for each field that is set its number and its bytes. A sum has the length that its
// number says, texts have theirs in front. So a plain object, with a size, a CRC-32C and a content
// type of 24 bytes, takes at most 60 bytes up to a size of 256 MiB: as many as ext4 keeps in an
// inode of 256 bytes. One more, and it takes a block of its own.
const attrFormat = 1 // 123, an opening brace, begins the JSON of earlier versions

// The numbers of the fields; they never change.
const (
	codeCRC32 = iota + 1
	codeCRC32C
	codeCRC64NVME
	codeMD5
	codeSHA1
	codeSHA256
	codeContentType
	codeContentEncoding
	codeContentDisposition
	codeContentLanguage
	codeCacheControl
	codeMetadata // one entry: name and value
	codeTag
	codeKey
)

var sumSizes = map[byte]int{
	codeCRC32: 4, codeCRC32C: 4, codeCRC64NVME: 8, codeMD5: 16, codeSHA1: 20, codeSHA256: 32,
}

// textField is the field with a number, nil if it is none that is a text.
func (a *attrs) textField(code byte) *string {
	switch code {
	case codeContentType:
		return &a.ContentType
	case codeContentEncoding:
		return &a.ContentEncoding
	case codeContentDisposition:
		return &a.ContentDisposition
	case codeContentLanguage:
		return &a.ContentLanguage
	case codeCacheControl:
		return &a.CacheControl
	}
	return nil
}

// sumField is the field with a number, nil if it is none that is a sum.
func (a *attrs) sumField(code byte) *[]byte {
	switch code {
	case codeCRC32:
		return &a.CRC32
	case codeCRC32C:
		return &a.CRC32C
	case codeCRC64NVME:
		return &a.CRC64NVME
	case codeMD5:
		return &a.MD5
	case codeSHA1:
		return &a.SHA1
	case codeSHA256:
		return &a.SHA256
	}
	return nil
}

var errAttrs = errors.New("attributes that have no encoding")

func (a *attrs) encode() ([]byte, error) {
	etag, err := hex.DecodeString(strings.Trim(a.ETag, `"`))
	if err != nil || len(etag) != 16 || a.Size < 0 {
		return nil, errAttrs
	}
	b := append(make([]byte, 0, 64), attrFormat)
	b = append(b, etag...)
	b = binary.LittleEndian.AppendUint64(b, uint64(a.ModTime))
	b = binary.AppendUvarint(b, uint64(a.Size))
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for code := byte(codeCRC32); code <= codeCacheControl; code++ {
		if sum := a.sumField(code); sum != nil && len(*sum) > 0 {
			if len(*sum) != sumSizes[code] {
				return nil, errAttrs
			}
			b = append(append(b, code), *sum...)
		}
		if s := a.textField(code); s != nil && *s != "" {
			b = append(b, code)
			text(*s)
		}
	}
	for _, m := range [...]struct {
		code byte
		m    map[string]string
	}{{codeMetadata, a.Metadata}, {codeTag, a.Tags}} {
		for _, name := range slices.Sorted(maps.Keys(m.m)) {
			b = append(b, m.code)
			text(name)
			text(m.m[name])
		}
	}
	if a.Key != "" {
		b = append(b, codeKey)
		text(a.Key)
	}
	return b, nil
}

// decodeAttrs returns nil for what is not the encoding of attrs.
func decodeAttrs(b []byte) *attrs {
	if a := new(attrs); a.decode(b) {
		return a
	}
	return nil
}

// decode makes a, which is new, what b encodes, and reports false for what is not an encoding.
func (a *attrs) decode(b []byte) bool {
	switch {
	case len(b) > 0 && b[0] == '{':
		var old attrs // goes to the heap, which a does not
		if json.Unmarshal(b, &old) != nil {
			return false
		}
		*a = old
		return true
	case len(b) < 25 || b[0] != attrFormat:
		return false
	}
	a.ETag = etagOf(b[1:17])
	a.ModTime = int64(binary.LittleEndian.Uint64(b[17:]))
	size, n := binary.Uvarint(b[25:])
	if n <= 0 || size > math.MaxInt64 {
		return false
	}
	a.Size = int64(size)
	ok := true
	b = b[25+n:]
	take := func(n uint64) (taken []byte) {
		if ok = ok && n <= uint64(len(b)); ok {
			taken, b = b[:n:n], b[n:]
		}
		return taken
	}
	text := func() string {
		size, n := binary.Uvarint(b)
		if ok = ok && n > 0; !ok {
			return ""
		}
		b = b[n:]
		return string(take(size))
	}
	for ok && len(b) > 0 {
		code := take(1)[0]
		switch s := a.textField(code); {
		case s != nil:
			*s = text()
		case a.sumField(code) != nil:
			*a.sumField(code) = bytes.Clone(take(uint64(sumSizes[code])))
		case code == codeMetadata:
			name := text()
			setEntry(&a.Metadata, name, text())
		case code == codeTag:
			name := text()
			setEntry(&a.Tags, name, text())
		case code == codeKey:
			a.Key = text()
		default:
			return false // of a later version
		}
	}
	return ok
}

func setEntry(m *map[string]string, name, value string) {
	if *m == nil {
		*m = make(map[string]string)
	}
	(*m)[name] = value
}
