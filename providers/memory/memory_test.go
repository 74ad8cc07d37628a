package memory_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/providers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	for name, opts := range map[string]*memory.Options{"plain": nil, "versions": {Versions: true}} {
		t.Run(name, func(t *testing.T) {
			limits := []conformance.Limit{{Feature: conformance.SignURL, Reason: "nobody serves the URLs"}}
			if opts == nil {
				limits = append(limits, conformance.Limit{Feature: conformance.Versions, Reason: "Options.Versions is not set"})
			}
			conformance.Test(t, conformance.Options{
				Open:         func(context.Context) (storage.Store, error) { return memory.New(opts) },
				Limits:       limits,
				StorageClass: "COLD",
				Full:         !testing.Short(),
			})
		})
	}
}
