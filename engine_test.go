package storage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/providers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// check runs the checks of the suite whose names fit the patterns on memory, with an engine that
// goes without a part; with an empty one it is whole.
func check(
	t *testing.T, without string, timeout time.Duration, patterns ...string,
) *conformance.Report {
	t.Helper()
	r, err := conformance.Check(t.Context(), conformance.Options{
		Open: func(context.Context) (storage.Store, error) {
			s, err := memory.New(nil)
			if err != nil || without == "" {
				return s, err
			}
			return storage.Without(s, without), nil
		},
		Only:        patterns,
		Timeout:     timeout,
		Concurrency: 64,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEngine runs every check of the engine's own rules with the engine as it is.
func TestEngine(t *testing.T) {
	r := check(t, "", time.Minute, "engine/*")
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	if n := r.Count(conformance.Kept); n != len(r.Results) || n < 50 {
		t.Errorf("%d of %d checks kept, want 50 or more", n, len(r.Results))
	}
}

// TestEngineOff shows that each part of the engine is needed: without it, checks fail and name
// their rule.
func TestEngineOff(t *testing.T) {
	for part, names := range map[string][]string{
		"settle": {
			"engine/lost-answer-put", "engine/lost-answer-stream", "engine/lost-answer-writer",
			"engine/lost-answer-file",
			"engine/lost-answer-copy", "engine/lost-answer-multipart",
			"engine/lost-answer-multipart-writer", "engine/lost-answer-multipart-file",
			"engine/unknown-outcome", "engine/found-out", "engine/replaced-by-successor",
			"engine/many-successors",
			"engine/write-id-of-a-copy", "engine/update-in-doubt",
		},
		"pin": {"engine/resume", "engine/changed"},
		"resume": {"engine/resume", "engine/resume-often", "engine/short-body",
			"engine/corrupt-resumed", "engine/stalled-body"},
		"length": {"engine/short-body"},
		"verify": {"engine/corrupt-byte", "engine/corrupt-resumed"},
		"stall": {"engine/stalled-request", "engine/stalled-sending", "engine/stalled-body",
			"engine/stalled-for-good"},
		"retry": {
			"engine/retried", "engine/part-again", "engine/attempts", "engine/budget",
			"engine/retry-after", "engine/list-again",
			"engine/lost-answer-put", "engine/upload-gone", "engine/abort-storm",
		},
		"abort": {"engine/refused-upload", "engine/ending-source", "engine/shrinking-source",
			"engine/cancelled-upload", "engine/close-aborts", "engine/abort-storm"},
		"hold":   {"engine/held"},
		"aside":  {"engine/blocked-source"},
		"again":  {"engine/upload-ended", "engine/late-part"},
		"repeat": {"engine/hedged-part"},
	} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			r := check(t, part, 2*time.Second, names...)
			if len(r.Results) != len(names) {
				t.Errorf("%d of the %d checks were run", len(r.Results), len(names))
			}
			for _, res := range r.Results {
				switch {
				case res.Status != conformance.Broken:
					t.Errorf("%s without %s: %v, want it broken", res.Check, part, res.Status)
				case !strings.HasPrefix(res.Err.Error(), res.Rule) ||
					!strings.HasPrefix(res.Rule, "rule "):
					t.Errorf("%s without %s does not begin with its rule: %v", res.Check, part,
						res.Err)
				default:
					t.Logf("%s: %v", res.Check, res.Err)
				}
			}
		})
	}
}
