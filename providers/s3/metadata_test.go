package s3

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// S3 gives the text of others in RFC 2047; what only looks like ours is theirs.
func TestOwnMetadata(t *testing.T) {
	s := &Store{profile: new(profile)}
	got := s.ownMetadata(map[string]string{
		"Word": "=?UTF-8?B?w7w=?=", "Broken": "=?UTF-8?", "Encoded": "utf8b64:w7w",
		"Ours":    storage.EncodeMetadataValue("ü"),
		"Literal": storage.EncodeMetadataValue("=?UTF-8?B?w7w=?="),
	})
	want := map[string]string{
		"word": "ü", "broken": "=?UTF-8?", "encoded": "utf8b64:w7w", "ours": "ü",
		"literal": "=?UTF-8?B?w7w=?=",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ownMetadata (-want +got):\n%s", diff)
	}
}
