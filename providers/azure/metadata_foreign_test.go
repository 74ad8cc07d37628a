package azure

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// Values of other programs stay as they are, also where they look encoded.
func TestForeignValues(t *testing.T) {
	theirs := map[string]string{"word": "=?UTF-8?B?w7w=?=", "encoded": "utf8b64:w7w", "plain": "x"}
	ours := storage.EncodeMetadataValue("ü")
	wire := http.Header{"X-Ms-Meta-Ours": {ours}, "X-Ms-Meta-": {"no name"}, "Etag": {"none"}}
	for name, v := range theirs {
		wire.Set("X-Ms-Meta-"+name, v)
	}
	theirs["ours"] = "ü"
	got, _ := userMetadata(wire)
	if diff := cmp.Diff(theirs, got); diff != "" {
		t.Errorf("userMetadata (-want +got):\n%s", diff)
	}
}
