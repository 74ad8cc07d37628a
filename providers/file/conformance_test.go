package file

import (
	"context"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
)

func TestConformance(t *testing.T) {
	for _, tt := range []struct {
		name    string
		noXattr bool
	}{{"xattr", false}, {"sidecar", true}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			conformance.Test(t, conformance.Options{
				Open: func(context.Context) (storage.Store, error) {
					s, err := New(dir, nil)
					if err != nil {
						return nil, err
					}
					s.noXattr = tt.noXattr
					return s, nil
				},
				Limits: []conformance.Limit{
					{Feature: conformance.SignURL, Reason: "nobody serves the directory"},
					{Feature: conformance.SignURLIfAbsent, Reason: "nobody serves the directory"},
					{Feature: conformance.StorageClass, Reason: "a directory has one kind of storage"},
					{Feature: conformance.Versions, Reason: "an overwrite leaves nothing of the old object"},
				},
			})
			if left := files(t, dir); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}
