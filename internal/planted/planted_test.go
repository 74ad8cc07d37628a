// Package planted puts defects into the code, one at a time and never into the work tree, and
// requires that a test of its name catches each.
package planted

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/polystore/storage/internal/tally"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var plant = flag.Bool("plant", false, "build each defect and run its test (6 minutes)")

// A defect is a change of one place of a file, and the test that must fail then.
type defect struct {
	layer, what string
	file        string // from the root of the module
	old, new    string // old is there once
	pkg, test   string
}

var defects = []defect{
	{"retry loop", "the doubt of an earlier attempt is forgotten", "retry.go",
		"doubt = doubt || doubtful", "doubt = doubtful",
		".", "TestLostCopyOfAChangingSource"},
	{"retry loop", "one pause too short: Retry-After is not waited for", "retry.go",
		"max(ceiling, 0))+1)), after)", "max(ceiling, 0))+1)), 0)",
		".", "TestPause"},
	{"retry loop", "the budget is not spent", "retry.go",
		"return c.free || e.credit.spend()", "return true || e.credit.spend()",
		"./providers/memory", "TestConformance"},
	{"resume", "a part that the service has is sent again", "resumeupload.go",
		"return has[number] })", "return has[number] && false })",
		".", "TestResumeUpload"},
	{"resume", "a source that has changed is gone on with", "resumeupload.go",
		"if v.check() != nil {", "if v.check() != nil && false {",
		".", "TestResumeUploadAnew"},
	{"resume", "a completion that has happened is not looked for", "resumeupload.go",
		"if r.state.Complete {", "if r.state.Complete && false {",
		".", "TestResumeUploadCommitted"},
	{"resume", "a download goes on with another version", "resumedownload.go",
		"o.IfMatch, o.IfNoneMatch = s.Object.ETag, \"\"", "o.IfMatch, o.IfNoneMatch = \"\", \"\"",
		".", "TestResumeDownloadRangeAnew"},
	{"resume", "bytes are believed that are not in the file", "resumedownload.go",
		"case v.check() == nil:", "case err == nil:",
		".", "TestResumeDownloadAnew"},
	{"resume", "a reader goes on with another version", "fetch.go",
		"o.IfMatch = f.obj.ETag", "o.IfMatch = \"\"",
		"./providers/memory", "TestConformance"},
	{"settle", "a look finds our ID below others, and calls it refused", "claim.go",
		"return replaced", "return refused",
		".", "TestTruthModel"},
	{"settle", "the look at a refusal is not tried again", "truth.go",
		"how := call{once: f.InDoubt,", "how := call{once: true,",
		".", "TestDoubledWriteWhoseLookFails"},
	{"settle", "a copy in doubt is refused", "truth.go",
		`case t.claim.id == "" && isRefusal(f):`, `case t.claim.id == "?" && isRefusal(f):`,
		".", "TestLostCopyOfAChangingSource"},
	{"abort", "nothing is aborted", "upload.go",
		"\tif e.off.abort {", "\tif e.off.abort || true {",
		"./providers/memory", "TestConformance"},
	{"abort", "a Writer that is closed leaves its parts", "partwriter.go",
		"\tif p.upload != nil {\n\t\tp.upload.abort()\n", "\tif p.upload != nil {\n",
		"./providers/memory", "TestConformance"},
	{"abort", "one attempt, whatever the service says", "upload.go",
		`call{op: "AbortUpload", key: u.w.key, cleanup: true}`,
		`call{op: "AbortUpload", key: u.w.key, once: true}`,
		".", "TestCleanUpOutlastsStorms"},
	{"file rename order", "the bytes are not synced before the rename", "providers/file/commit.go",
		"return !stored, t.s.syncFile(t.f)", "return !stored, nil",
		"./providers/file", "TestPowerCutAtSyncs"},
	{"file rename order", "the directory is not synced after the rename",
		"providers/file/commit.go",
		"err := s.syncDirs(path); err != nil {", "err := error(nil); err != nil {",
		"./providers/file", "TestPowerCut"},
	{"file rename order", "the sidecar is written behind the rename", "providers/file/commit.go",
		"\tsidecar := \"\"\n\tif needsSidecar {\n" +
			"\t\tif sidecar, err = s.writeSidecar(key, t, a); err != nil {\n" +
			"\t\t\treturn nil, classify(err)\n\t\t}\n\t}\n" +
			"\tpath, err := s.rename(ctx, t, segs, at, func() { held.willChange(key) })\n",
		"\tsidecar := \"\"\n" +
			"\tpath, err := s.rename(ctx, t, segs, at, func() { held.willChange(key) })\n" +
			"\tif err == nil && needsSidecar {\n\t\tsidecar, err = s.writeSidecar(key, t, a)\n\t}\n",
		"./providers/file", "TestEachCallFails"},
	{"list merge", "prefixes stand behind all objects", "providers/gcs/list.go",
		"func(x, y *storage.Object) int { return strings.Compare(x.Key, y.Key) },",
		"func(x, y *storage.Object) int { return 0 },",
		"./providers/gcs", "TestConformance"},
	{"list merge", "prefixes and objects are merged in another order than the service's",
		"providers/azure/list.go",
		"return compareUTF16(x.Key, y.Key) })\n\treturn found", "return strings.Compare(x.Key, y.Key) })\n\treturn found",
		"./providers/azure", "TestServerOrder"},
	{"list merge", "a span repeats what the span behind it begins with", "listsplit.go",
		"page.Objects = upTo(page.Objects, s.until)", "_ = upTo",
		".", "TestSplitRandom"},
	{"common prefixes", "a common prefix ends in front of its delimiter", "driver/list.go",
		"return key[:len(prefix)+i+len(delimiter)], true", "return key[:len(prefix)+i], true",
		"./providers/memory", "TestConformance"},
	{"common prefixes", "StartAfter wins over the token", "driver/list.go",
		`if opts.PageToken == "" {`, `if opts.PageToken == "" || opts.StartAfter != "" {`,
		"./providers/memory", "TestConformance"},
	{"common prefixes", "a list that jumps behind a prefix jumps too far", "driver/list.go",
		"prefix[last] + 1}", "prefix[last] + 2}",
		"./driver", "TestPrefixEnd"},
	{"range check", "a range at the end is empty and no ErrRange", "driver/range.go",
		"case offset >= size:\n\t\treturn 0, 0, Errorf",
		"case offset > size:\n\t\treturn 0, 0, Errorf",
		"./driver", "TestResolveRange"},
	{"range check", "a range beyond the end is not cut", "driver/range.go",
		"case length == 0 || length > size-offset:", "case length == 0:",
		"./driver", "TestResolveRange"},
	{"range check", "a long suffix begins before the object", "driver/range.go",
		"offset = max(size+offset, 0)", "offset = size + offset",
		"./driver", "TestResolveRange"},
	{"credentials", "a redirect is followed", "providers/gcs/connect.go",
		"\t\tCheckRedirect: httpdriver.NoRedirect,\n", "",
		"./providers/gcs", "TestRedirects"},
	{"credentials", "a redirect of a request for credentials is followed",
		"driver/httpdriver/credentials.go",
		", CheckRedirect: NoRedirect}", "}",
		"./providers/azure", "TestCredentialsGoNowhereElse"},
	{"credentials", "the SDK's own client asks for credentials",
		"providers/s3/credentials_exchange.go",
		"return stack.Deserialize.Add(e, middleware.After)", "return nil",
		"./providers/s3", "TestCredentialsGoNowhereElse"},
	{"credentials", "any certificate will do", "driver/httpdriver/transport.go",
		"TLSClientConfig:       config,",
		"TLSClientConfig:       &tls.Config{InsecureSkipVerify: true},",
		"./providers/s3", "TestSelfSigned"},
	{"floods", "a document is read without an end", "driver/httpdriver/transport.go",
		"if a != nil && !a.Stream {", "if a != nil && !a.Stream && a.Write {",
		"./providers/gcs", "TestFloods"},
	{"floods", "a page has any number of entries", "providers/gcs/list.go",
		"if len(*f) == maxEntries {", "if len(*f) < 0 {",
		"./providers/gcs", "TestFloods"},
	{"floods", "brackets are indented", "providers/azure/answer.go",
		"case err != nil, c == '{', c == '[':", "case err != nil:",
		"./providers/azure", "TestFloods"},
	{"floods", "tokens go round in a circle", "idle.go",
		"if token == p.mark || p.n == maxIdle {", "if p.n == maxIdle {",
		".", "TestListWithoutAnEnd"},
	{"floods", "an object ends where a document does", "providers/gcs/get.go",
		"\ta.Stream = true\n", "",
		"./providers/gcs", "TestConformance"},
	{"keys", "dots lead to another bucket", "providers/gcs/key.go",
		"if !climbs(key) {", "if !climbs(key) || true {",
		"./providers/gcs", "TestHostileKeys"},
	{"keys", "dots lead above the bucket", "providers/s3/key.go",
		"if above > below {", "if above > below+1000 {",
		"./providers/s3", "TestHostileKeys"},
	{"keys", "a version adds a parameter", "providers/s3/request.go",
		"c == '~' || c == '/' && path", "c == '~' || c == '&' || c == '=' || c == '/' && path",
		"./providers/s3", "TestHostileKeys"},
	{"secrets", "an error says what a service repeats", "providers/s3/errors.go",
		"text = httpdriver.Conceal(req, text)", "_ = req",
		"./providers/s3", "TestSecretsUnderFaults"},
	{"secrets", "a refusal says what a service repeats", "providers/gcs/errors.go",
		"text := httpdriver.Conceal(a.asked, said.message)", "text := said.message",
		"./providers/gcs", "TestSecretsUnderFaults"},
	{"secrets", "mb says what a service repeats", "cmd/polystore/mb.go",
		"\terr = asked.conceal(err)\n", "\t_ = asked.conceal\n",
		"./cmd/polystore", "TestSecretsOfCommands"},
	{"secrets", "an error has the URL of its request", "driver/httpdriver/client.go",
		"return nil, driver.WithoutURL(err)",
		`return nil, driver.Errorf(nil, "%s: %w", req.URL, err)`,
		"./providers/azure", "TestSecretsUnderFaults"},
	{"small path", "an underscore is signed behind the digits", "providers/azure/sharedkey.go",
		"return '0' - 1", "return int(c)",
		"./providers/azure", "TestSignature"},
	{"small path", "a shared access signature is left out", "providers/azure/route.go",
		"RawQuery: join(t.query, query)", "RawQuery: query",
		"./providers/azure", "TestHotWire"},
	{"small path", "any success is one", "providers/azure/send.go",
		"!r.succeeded(resp)", "resp.StatusCode/100 != 2",
		"./providers/azure", "TestAnswersThatAreNone"},
	{"small path", "a challenged request is made again without its body",
		"providers/azure/send.go",
		"req.SetBody(r.body, octets)", "req.SetBody(nil, octets)",
		"./providers/azure", "TestTokenIsChallenged"},
	{"time", "a pause is begun that reaches the deadline", "retry.go",
		"time.Until(deadline) <= wait {", "time.Until(deadline) < wait {",
		"./internal/instants", "TestDeadline"},
	{"time", "a stall is cut a second late", "watch.go",
		"return w.d - time.Since(w.last)", "return w.d - time.Since(w.last) + time.Second",
		"./internal/instants", "TestStallOfBody"},
	{"time", "the service's clock is taken for that of the end of the exchange",
		"providers/s3/clock.go",
		"told.time.Sub(asked.Add(elapsed / 2))", "told.time.Sub(asked.Add(elapsed))",
		"./internal/instants", "TestClockSkew"},
	{"settle", "one answer that shows two versions is believed", "providers/s3/stat.go",
		"|| !s.profile.mixedHead {", "|| true {",
		"./providers/s3", "TestMixedHead"},
}

// The list does not rot: each defect still has its place, and each layer has three or more.
func TestPlaces(t *testing.T) {
	layers := make(map[string]int)
	for _, d := range defects {
		layers[d.layer]++
		text, err := os.ReadFile(filepath.Join("..", "..", d.file))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), d.old); n != 1 {
			t.Errorf("%s, %s: %q is in %s %d times", d.layer, d.what, d.old, d.file, n)
		}
	}
	for _, layer := range [...]string{
		"retry loop", "resume", "settle", "abort", "file rename order", "list merge", "range check",
	} {
		layers[layer] += 0
	}
	for layer, n := range layers {
		if n < 3 {
			t.Errorf("%s has %d defects, want 3 or more", layer, n)
		}
	}
}

// Each defect is caught by the test that is named for it.
func TestCaught(t *testing.T) {
	if !*plant {
		t.Skip("takes -plant, and 6 minutes")
	}
	tried, missed := 0, 0
	tally.Later(t, func() tally.Row {
		return tally.Row{
			What: "planted defects", On: "the code", Tried: tried, Lost: missed,
			Note: "each caught by the test of its name",
		}
	})
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range defects {
		t.Run(d.layer+"/"+d.what, func(t *testing.T) {
			tried++
			if !d.caught(t, root) {
				missed++
				t.Errorf("%s in %s does not notice", d.test, d.pkg)
			}
		})
	}
}

// caught runs the test of d on code with the defect.
func (d *defect) caught(t *testing.T, root string) bool {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(d.file))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	broken := filepath.Join(dir, filepath.Base(d.file))
	if err := os.WriteFile(broken, []byte(strings.Replace(string(text), d.old, d.new, 1)),
		0o600); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: broken}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", file, "-run", "^"+d.test+"$",
		"-count=1", "-failfast", "-timeout", "5m", d.pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), tally.Env+"=") // what it tries is not for the table
	out, err := cmd.CombinedOutput()
	// A panic of a goroutine ends a test without a line of the test's own.
	failed := bytes.Contains(out, []byte("--- FAIL: ")) || bytes.Contains(out, []byte("panic: "))
	if err != nil && !failed {
		t.Fatalf("%v, and no test failed:\n%s", err, out)
	}
	return err != nil
}
