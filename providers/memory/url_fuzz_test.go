package memory

import (
	"testing"

	"github.com/polystore/storage/internal/hostile"
)

// An URL opens what it names or is an error without what it keeps.
func FuzzOpener(f *testing.F) {
	hostile.Opener(f, "mem", NewOpener(nil), func(text string) string { return text })
}
