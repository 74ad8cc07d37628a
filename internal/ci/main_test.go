package main

import (
	"strings"
	"testing"
)

func TestUnknownStep(t *testing.T) {
	err := run(t.Context(), []string{"vet", "nonsense"})
	if err == nil || !strings.Contains(err.Error(),
		`unknown step "nonsense", known are fmt, vet, lint, tidy, api, benchmarks, servers, test, api-update, fuzz`) {
		t.Errorf("run = %v", err)
	}
}
