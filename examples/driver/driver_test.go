package driver_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/examples/driver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The proof that the driver keeps the contract. What it does not do is declared, and the suite sees to it that it really
// says so.
func TestConformance(t *testing.T) {
	const none = "the table has nothing like it"
	table := new(driver.Table)
	conformance.Test(t, conformance.Options{
		Open: func(context.Context) (storage.Store, error) { return driver.New(table) },
		Limits: []conformance.Limit{
			{Feature: conformance.StorageClass, Reason: none},
			{Feature: conformance.Tags, Reason: none},
			{Feature: conformance.Versions, Reason: none},
			{Feature: conformance.DeleteBatch, Reason: none},
			{Feature: conformance.Copy, Reason: none},
			{Feature: conformance.CopyConditions, Reason: none},
			{Feature: conformance.CopyPart, Reason: none},
			{Feature: conformance.Multipart, Reason: none},
			{Feature: conformance.MultipartConditions, Reason: none},
			{Feature: conformance.MultipartChecksums, Reason: none},
			{Feature: conformance.AbortUpload, Reason: none},
			{Feature: conformance.ListUploads, Reason: none},
			{Feature: conformance.ListUploadsPrefix, Reason: none},
			{Feature: conformance.ListParts, Reason: none},
			{Feature: conformance.SignURL, Reason: none},
			{Feature: conformance.SignURLIfAbsent, Reason: none},
		},
	})
}
