package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReport(t *testing.T) {
	const p = `"Package":"github.com/polystore/storage/p"`
	events := strings.Join([]string{
		`{"Action":"start",` + p + `}`,
		`{"Action":"run",` + p + `,"Test":"TestGood"}`,
		`{"Action":"output",` + p + `,"Test":"TestGood","Output":"=== RUN   TestGood\n"}`,
		`{"Action":"output",` + p + `,"Test":"TestGood","Output":"    p_test.go:7: noise\n"}`,
		`{"Action":"pass",` + p + `,"Test":"TestGood"}`,
		`{"Action":"run",` + p + `,"Test":"TestServer"}`,
		`{"Action":"output",` + p +
			`,"Test":"TestServer","Output":"    p_test.go:9: not run: MinIO: set X=1\n"}`,
		`{"Action":"output",` + p +
			`,"Test":"TestServer","Output":"--- SKIP: TestServer (0.00s)\n"}`,
		`{"Action":"skip",` + p + `,"Test":"TestServer"}`,
		`{"Action":"run",` + p + `,"Test":"TestMute"}`,
		`{"Action":"skip",` + p + `,"Test":"TestMute"}`,
		`{"Action":"run",` + p + `,"Test":"TestBad"}`,
		`{"Action":"output",` + p + `,"Test":"TestBad","Output":"=== RUN   TestBad\n"}`,
		`{"Action":"output",` + p +
			`,"Test":"TestBad","Output":"    p_test.go:12: got 1, want 2\n"}`,
		`{"Action":"fail",` + p + `,"Test":"TestBad"}`,
		`{"Action":"run",` + p + `,"Test":"TestCutOff"}`,
		`{"Action":"output",` + p + `,"Test":"TestCutOff","Output":"panic: timed out\n"}`,
		`{"Action":"output",` + p + `,"Output":"FAIL\tgithub.com/polystore/storage/p\t1.5s\n"}`,
		`{"Action":"fail",` + p + `,"Elapsed":1.5}`,
		`{"Action":"start","Package":"github.com/polystore/storage"}`,
		`{"Action":"output","Package":"github.com/polystore/storage","Output":"?   \tgithub.com/polystore/storage\t[no test files]\n"}`,
		`{"Action":"skip","Package":"github.com/polystore/storage"}`,
		`{"ImportPath":"q [q.test]","Action":"build-output","Output":"q.go:1:1: syntax error\n"}`,
		`{"ImportPath":"q [q.test]","Action":"build-fail"}`,
		`{"Action":"start","Package":"q"}`,
		`{"Action":"output","Package":"q","Output":"FAIL\tq [build failed]\n"}`,
		`{"Action":"fail","Package":"q","FailedBuild":"q [q.test]"}`,
		`{"Action":"start","Package":"leaky"}`,
		`{"Action":"run","Package":"leaky","Test":"TestOne"}`,
		`{"Action":"pass","Package":"leaky","Test":"TestOne"}`,
		`{"Action":"output","Package":"leaky","Output":"PASS\n"}`,
		`{"Action":"output","Package":"leaky","Output":"goleak: Errors on successful test run\n"}`,
		`{"Action":"output","Package":"leaky","Output":"exit status 1\n"}`,
		`{"Action":"fail","Package":"leaky","Elapsed":12.25}`,
		`no event`,
	}, "\n")
	const want = `FAIL p.TestBad
         p_test.go:12: got 1, want 2
FAIL p.TestCutOff
     panic: timed out
FAIL     1.5 s p: 1 passed, 2 failed, 2 skipped
ok             .: no tests
q.go:1:1: syntax error
FAIL     0.0 s q: 0 passed, 1 failed, 0 skipped
goleak: Errors on successful test run
FAIL    12.2 s leaky: 1 passed, 1 failed, 0 skipped
no event

Was not run, and why:
- MinIO: set X=1
  1: p.TestServer
- lint: no network
- skipped without a reason
  1: p.TestMute

2 passed, 4 failed, 2 skipped
`
	var got strings.Builder
	r := newReport(&got)
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	r.finish([]string{"MinIO: set X=1", "lint: no network", ""})
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
