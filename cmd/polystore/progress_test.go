package main

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// One line a second, and one at the end, however fast the transfer reports.
func TestProgressJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		a := &app{stderr: &screen{out: &out}}
		shown := a.show(progressJSON, true, location{}, location{})
		p := shown.meter.add(1000)
		time.Sleep(50 * time.Millisecond)
		for i := range int64(25) {
			time.Sleep(100 * time.Millisecond)
			p.report()(storage.Progress{Done: 40 * (i + 1), Total: 1000})
			if i == 14 {
				shown.meter.listed()
			}
		}
		p.end(nil)
		shown.stop()
		want := []map[string]any{
			{
				"type": "progress", "seconds": 1., "bytes": 360., "totalBytes": 1000.,
				"objects": 0., "failedObjects": 0., "totalObjects": 1.,
				"listing": true, "bytesPerSecond": 360., "final": false,
			},
			{
				"type": "progress", "seconds": 2., "bytes": 760., "totalBytes": 1000.,
				"objects": 0., "failedObjects": 0., "totalObjects": 1.,
				"listing": false, "bytesPerSecond": 380., "secondsLeft": .632, "final": false,
			},
			{
				"type": "progress", "seconds": 2.55, "bytes": 1000., "totalBytes": 1000.,
				"objects": 1., "failedObjects": 0., "totalObjects": 1.,
				"listing": false, "bytesPerSecond": 392., "final": true,
			},
		}
		var got []map[string]any
		for line := range strings.Lines(out.String()) {
			var v map[string]any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			got = append(got, v)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	})
}

// Without a terminal nothing is shown, unless it is asked for.
func TestDisplay(t *testing.T) {
	a := &app{
		stdin: strings.NewReader(""), stdout: new(strings.Builder),
		stderr: &screen{out: new(strings.Builder)},
	}
	for mode, want := range map[string]display{
		progressAuto: displayNone, progressNever: displayNone,
		progressAlways: displayLines, progressJSON: displayJSON,
	} {
		if got := a.display(mode, location{}, location{}); got != want {
			t.Errorf("%s: display %v, want %v", mode, got, want)
		}
	}
	if shown := a.show(progressAuto, false, location{}, location{}); shown.meter != nil {
		t.Error("nobody looks, and yet it is counted")
	}
}
