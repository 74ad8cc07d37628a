package gocdk

import (
	"encoding/base32"
	"encoding/base64"
	"strings"
	"unicode"
)

// The marks of encoded metadata. A name is at most 8/5 of its length longer, a value 4/3.
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
			name = nameMark + base32Lower.EncodeToString([]byte(name))
		}
		if strings.ContainsFunc(value, unicode.IsControl) || strings.HasPrefix(value, valueMark) {
			value = valueMark + base64.RawURLEncoding.EncodeToString([]byte(value))
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
				name = string(b)
			}
		}
		if code, ok := strings.CutPrefix(value, valueMark); ok {
			if b, err := base64.RawURLEncoding.DecodeString(code); err == nil {
				value = string(b)
			}
		}
		out[name] = value
	}
	return out
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
