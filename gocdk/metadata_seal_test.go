package gocdk

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Entries of others stay as they are, also where they look encoded here.
func TestForeignMetadata(t *testing.T) {
	theirs := map[string]string{
		"cdk32.c5h66": "cdk64:YWJj", "cdk32.": "cdk64:", "cdk32.c5h66p35": "cdk64:YWJjZGVmZ2g",
	}
	if diff := cmp.Diff(theirs, decodeMetadata(theirs)); diff != "" {
		t.Errorf("decodeMetadata (-want +got):\n%s", diff)
	}
	ours := map[string]string{"Größe": "a\nb", "plain": "x", "cdk32.x": "cdk64:y", "polystorex": ""}
	if diff := cmp.Diff(ours, decodeMetadata(encodeMetadata(ours))); diff != "" {
		t.Errorf("there and back (-want +got):\n%s", diff)
	}
}
