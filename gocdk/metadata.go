package gocdk

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"unicode"
)

// The marks of encoded metadata. What is behind them ends in a CRC32C, so that nobody makes one by
// chance. A name is 8/5 as long as before, a value 4/3.
const (
	nameMark  = "cdk32."
	valueMark = "cdk64:"
)

const digits = "0123456789abcdefghijklmnopqrstuv"

var base32Lower = base32.NewEncoding(digits).WithPadding(base32.NoPadding)

// reserved is how the names begin that package storage and its drivers keep for themselves.
const reserved = "polystore"

// encodeMetadata gives names and values that every provider takes; decodeMetadata undoes it.
func encodeMetadata(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for name, value := range m {
		if !portableName(name) || strings.HasPrefix(name, nameMark) ||
			strings.HasPrefix(name, reserved) {
			name = nameMark + base32Lower.EncodeToString(seal(name))
		}
		if strings.ContainsFunc(value, unicode.IsControl) || strings.HasPrefix(value, valueMark) {
			value = valueMark + base64.RawURLEncoding.EncodeToString(seal(value))
		}
		out[name] = value
	}
	return out
}

func decodeMetadata(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for name, value := range m {
		if code, ok := strings.CutPrefix(name, nameMark); ok {
			if b, err := base32Lower.DecodeString(code); err == nil {
				name = unseal(b, name)
			}
		}
		if code, ok := strings.CutPrefix(value, valueMark); ok {
			if b, err := base64.RawURLEncoding.DecodeString(code); err == nil {
				value = unseal(b, value)
			}
		}
		out[name] = value
	}
	return out
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal is v and its CRC32C.
func seal(v string) []byte {
	return binary.BigEndian.AppendUint32([]byte(v), crc32.Checksum([]byte(v), castagnoli))
}

// unseal is what was sealed, and otherwise if nothing was.
func unseal(b []byte, otherwise string) string {
	if len(b) < 4 {
		return otherwise
	}
	v := b[:len(b)-4]
	if binary.BigEndian.Uint32(b[len(v):]) != crc32.Checksum(v, castagnoli) {
		return otherwise
	}
	return string(v)
}

// portableName reports whether name is [a-z0-9][a-z0-9._-]*, which package storage takes.
func portableName(name string) bool {
	for i, c := range []byte(name) {
		ok := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
			i > 0 && (c == '.' || c == '_' || c == '-')
		if !ok {
			return false
		}
	}
	return name != ""
}
