package azure

import (
	"errors"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// A copy asks the service to copy the tags, too. Where it refuses, since that takes a right of its
// own or the account has no tags, a source without tags is copied without them, and one with tags
// is not copied.
func TestCopyWithoutTheRightToTags(t *testing.T) {
	const option = "X-Ms-Copy-Source-Tag-Option"
	for _, test := range []struct {
		name, count, code string
		status            int
		want              error
		requests          int
	}{
		{"no right, no tags", "", "AuthorizationPermissionMismatch", 403, nil, 3},
		{"no right, tags", "2", "AuthorizationPermissionMismatch", 403, storage.ErrPermission, 2},
		{"no tags in this account", "", "BlobTagsNotSupportedForAccountType", 409, nil, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
				if r.Header.Get(option) != "" {
					refuse(w, test.status, test.code)
					return
				}
				if test.count != "" {
					w.Header().Set("X-Ms-Tag-Count", test.count)
				}
				answerOK(w, r)
			})
			_, err := srv.store(t).Copy(t.Context(), "dst", "src", &storage.CopyOptions{})
			if !errors.Is(err, test.want) || test.want == nil && err != nil {
				t.Errorf("Copy: %v, want %v", err, test.want)
			}
			seen := srv.Seen()
			if len(seen) != test.requests || seen[0].Header.Get(option) != "COPY" {
				t.Fatalf("%d requests, want %d; the first: %v", len(seen), test.requests,
					seen[0].Header)
			}
			if last := seen[len(seen)-1].Header; test.want == nil &&
				last.Get("X-Ms-Source-If-Match") == "" {
				t.Errorf("the copy without tags is of any version: %v", last)
			}
		})
	}
}
