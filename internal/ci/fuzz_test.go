package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFuzzTargets(t *testing.T) {
	const events = `{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"FuzzKey\n"}
{"Action":"output","Package":"p","Output":"FuzzToken\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p","Elapsed":0.1}
{"Action":"output","Package":"q","Output":"?   \tq\t[no test files]\n"}
{"Action":"output","Package":"r/s","Output":"FuzzKey\n"}
`
	got, err := fuzzTargets(strings.NewReader(events))
	if err != nil {
		t.Fatal(err)
	}
	want := []target{{"p", "FuzzKey"}, {"p", "FuzzToken"}, {"r/s", "FuzzKey"}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(target{})); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if _, err := fuzzTargets(strings.NewReader("no event")); err == nil {
		t.Error("what is no event is no error")
	}
}

func TestFuzzTime(t *testing.T) {
	for _, s := range []string{"60", "-1s", "0", "long"} {
		t.Setenv(fuzzTimeEnv, s)
		if err := fuzz(t.Context()); err == nil || !strings.Contains(err.Error(), fuzzTimeEnv) {
			t.Errorf("%s=%s: %v", fuzzTimeEnv, s, err)
		}
	}
}
