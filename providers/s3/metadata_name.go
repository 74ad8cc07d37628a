package s3

import (
	"encoding/hex"
	"strings"
)

// hexName begins the name of a metadata entry that the service would alter. What follows is the
// name in hexadecimal.
const hexName = "polystore-hex-"

// wireNames gives names in the form of the wire.
func (s *Store) wireNames(m map[string]string) map[string]string {
	if !s.profile.hyphens || len(m) == 0 {
		return m
	}
	coded := make(map[string]string, len(m))
	for name, v := range m {
		if strings.Contains(name, "_") || strings.HasPrefix(name, hexName) {
			name = hexName + hex.EncodeToString([]byte(name))
		}
		coded[name] = v
	}
	return coded
}

// ownNames undoes wireNames. Names that others made stay as they are.
func (s *Store) ownNames(m map[string]string) map[string]string {
	if !s.profile.hyphens {
		return m
	}
	for name, v := range m {
		digits, ok := strings.CutPrefix(name, hexName)
		own, err := hex.DecodeString(digits)
		if !ok || err != nil || !strings.Contains(string(own), "_") &&
			!strings.HasPrefix(string(own), hexName) {
			continue
		}
		delete(m, name)
		m[string(own)] = v
	}
	return m
}
