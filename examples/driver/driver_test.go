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

// The proof that the driver keeps the contract, and refuses what it says that it cannot.
func TestConformance(t *testing.T) {
	table := new(driver.Table)
	conformance.Test(t, conformance.Options{
		Open: func(context.Context) (storage.Store, error) { return driver.New(table) },
	})
}
