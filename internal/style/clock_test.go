package style

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Why a wait stands outside of a bubble of testing/synctest.
const (
	inBubbles = "it is called in bubbles alone"
	processes = "processes are killed, which have the clock of the system"
	kernel    = "what it waits for is the system's"
	servers   = "the servers are real"
	guard     = "it ends what would hang, and no test waits for it"
)

// realClock are the functions of tests that wait by a clock outside of a bubble.
var realClock = map[string]string{
	"aside_test.go: TestBlockedPipe":                              kernel,
	"attempt_test.go: TestAttemptEnds":                            inBubbles,
	"cmd/polystore/killed_test.go: TestKilledUpload":              processes,
	"cmd/polystore/signal_test.go: limited":                       guard,
	"conformance/fault/transport_test.go: do":                     "a proxy's connections are the system's, and some answer nothing",
	"conformance/fault/transport_test.go: TestHTTPFaults":         "a proxy's connections are the system's",
	"conformance/patch_test.go: patch.called":                     "the signed URLs of its suite lead to a real server",
	"deletemany_test.go: deleting.request":                        inBubbles,
	"downloadfile_unix_test.go: TestDownloadFileIntoUnreadPipe":   kernel,
	"driver/httpdriver/moving_test.go: wait":                      kernel,
	"driver/httpdriver/waiters_test.go: slowAnswer.Read":          inBubbles,
	"gocdk/defects_read_test.go: TestD10CloseDuringReads":         guard,
	"hedge_test.go: tail.answer":                                  inBubbles,
	"hold_test.go: answering.Stat":                                inBubbles,
	"internal/histories/broken_test.go: broken.Put":               "it makes room for a race with other goroutines, which go on by themselves",
	"internal/instants/retry_test.go: TestBudget":                 inBubbles,
	"internal/instants/retry_test.go: TestDeadline":               inBubbles,
	"internal/instants/skew_test.go: TestClockSkew":               inBubbles,
	"internal/instants/stall_test.go: TestStallOfBody":            inBubbles,
	"internal/instants/stall_test.go: TestStallOfRequest":         inBubbles,
	"internal/instants/token_test.go: TestTokenRefresh":           inBubbles,
	"internal/planted/planted_test.go: defect.caught":             guard,
	"internal/readme/program_test.go: command":                    guard,
	"internal/resume/resume_test.go: run.kill":                    processes,
	"internal/testenv/defects/race_test.go: besideWriters":        servers,
	"internal/testenv/kill_linux_test.go: TestKilledProcess":      processes,
	"internal/torture/soak_test.go: atRest":                       servers,
	"internal/torture/soak_test.go: soak":                         servers,
	"link_test.go: wait":                                          inBubbles,
	"listsplit_test.go: keyStore.ListPage":                        inBubbles,
	"providers/file/crash_test.go: killOnce":                      processes,
	"providers/file/eachcall_linux_test.go: eachCase.try":         guard,
	"providers/file/killhistory_linux_test.go: TestKillHistories": guard,
	"providers/file/killhistory_linux_test.go: killTogether":      processes,
	"providers/file/large_linux_test.go: whileOthersWrite":        "a directory changes under a list, by the clock of its files",
	"providers/s3/answer_test.go: TestEndlessAnswer":              guard,
	"stall_test.go: trickle.Read":                                 inBubbles,
	"stall_test.go: polling.Stat":                                 inBubbles,
	"sumsahead_test.go: summing.PutPart":                          inBubbles,
}

// waits are what waits by a clock, or makes something that does.
var waits = []string{
	"time.Sleep", "time.After", "time.AfterFunc", "time.NewTimer", "time.NewTicker", "time.Tick",
	"context.WithTimeout", "context.WithDeadline", "context.WithTimeoutCause",
	"context.WithDeadlineCause",
}

// Tests of time go by the clock of testing/synctest: to the instant, and at once. What cannot has a
// reason in realClock.
func TestRealClock(t *testing.T) {
	root := filepath.Join("..", "..")
	found := make(map[string]bool)
	err := eachFile(root, func(name string) error {
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		short, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		for _, f := range outside(t, name, text) {
			found[filepath.ToSlash(short)+": "+f] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range slices.Sorted(maps.Keys(found)) {
		if realClock[where] == "" {
			t.Errorf("%q waits by the clock of the system: put it into a bubble of "+
				"testing/synctest, or say here why it cannot be", where)
		}
	}
	for where := range realClock {
		if !found[where] {
			t.Errorf("%q does not wait by the clock of the system any more", where)
		}
	}
}

// outside are the functions of a file that wait by a clock, but for what stands in a bubble.
func outside(t *testing.T, name string, text []byte) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, d := range file.Decls {
		where := "a variable"
		if f, ok := d.(*ast.FuncDecl); ok {
			where = f.Name.Name
			if f.Recv != nil {
				where = receiver(f.Recv.List[0].Type) + "." + where
			}
		}
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				return selector(n.Fun) != "synctest.Test"
			case *ast.SelectorExpr:
				if slices.Contains(waits, selector(n)) && !slices.Contains(all, where) {
					all = append(all, where)
				}
			}
			return true
		})
	}
	return all
}

// selector is the name of e, with that of its package.
func selector(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return x.Name + "." + s.Sel.Name
		}
	}
	return ""
}

// receiver is the name of the type that a method is of.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return "?"
}

func TestOutside(t *testing.T) {
	const text = `package p
var pause = time.After
func inside(t *testing.T) { synctest.Test(t, func(t *testing.T) { time.Sleep(1) }) }
func beside(t *testing.T) { time.Sleep(1); synctest.Test(t, nil) }
func (s *server) wait() { func() { <-time.NewTimer(1).C }() }
func (s server) bound() { ctx, _ := context.WithTimeout(context.Background(), 1) }
func looks() { time.Since(time.Now()) }
`
	want := []string{"a variable", "beside", "server.wait", "server.bound"}
	if got := outside(t, "p.go", []byte(text)); !slices.Equal(got, want) {
		t.Errorf("outside of bubbles: %q, want %q", got, want)
	}
}
