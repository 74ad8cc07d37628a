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
	suite     = "the suite runs against real services, which have the clock of the system"
	kit       = "a fault that takes time takes that of whoever uses it, which may be a bubble's"
)

// realClock are the functions of tests that wait by a clock outside of a bubble.
var realClock = map[string]string{
	"aside_test.go: TestBlockedPipe":                              kernel,
	"attempt_test.go: TestAttemptEnds":                            inBubbles,
	"benchmarks/proxy/proxy_test.go: smallPieces":                 kernel,
	"close_test.go: closedUnder":                                  inBubbles,
	"cmd/polystore/killed_test.go: TestKilledUpload":              processes,
	"cmd/polystore/pipe_test.go: TestPipeWaits":                   kernel,
	"cmd/polystore/pipe_test.go: letGo":                           kernel,
	"cmd/polystore/signal_test.go: limited":                       guard,
	"conformance/again.go: sent":                                  suite,
	"conformance/broken_upload_test.go: countsPartsTwice":         guard,
	"conformance/context.go: a variable":                          suite,
	"conformance/copy.go: a variable":                             suite,
	"conformance/counter.go: gate.pass":                           suite,
	"conformance/engine_cleanup.go: blockedSource":                suite,
	"conformance/engine_hedged_part.go: warmParts.PutPart":        suite,
	"conformance/engine_retry.go: retryAfter":                     suite,
	"conformance/engine_rig.go: rig.idle":                         suite,
	"conformance/fault/body.go: stream.Read":                      kit,
	"conformance/fault/late.go: lateness.deliver":                 kit,
	"conformance/fault/store.go: do":                              kit,
	"conformance/fault/transport.go: exchange.run":                kit,
	"conformance/fault/transport_test.go: httpFault.try":          "a proxy's connections are the system's",
	"conformance/fault/transport_test.go: do":                     guard,
	"conformance/fault/transport_test.go: overdue.passes":         "a proxy's connections are the system's, and some answer nothing",
	"conformance/faults.go: matrix.tidy":                          suite,
	"conformance/faults_cell.go: cell.run":                        guard,
	"conformance/patch_test.go: patch.called":                     "the signed URLs of its suite lead to a real server",
	"conformance/run.go: env.check":                               guard,
	"conformance/run.go: run.one":                                 guard,
	"conformance/sign.go: a variable":                             suite,
	"deletemany_test.go: deleting.request":                        inBubbles,
	"downloadfile_unix_test.go: TestCloseUnderUnreadPipe":         guard,
	"downloadfile_unix_test.go: TestDownloadFileIntoUnreadPipe":   kernel,
	"driver/httpdriver/moving_test.go: wait":                      kernel,
	"driver/httpdriver/waiters_test.go: slowAnswer.Read":          inBubbles,
	"gocdk/defects_read_test.go: TestD10CloseDuringReads":         guard,
	"hedge_test.go: tail.answer":                                  inBubbles,
	"hold_test.go: answering.Stat":                                inBubbles,
	"internal/calmclock/clock.go: Start":                          "it is how long the machine stood still",
	"internal/histories/broken_test.go: broken.Put":               "it makes room for a race with other goroutines, which go on by themselves",
	"internal/histories/client.go: client.do":                     "its callers give up calls of real processes after a time",
	"internal/hostile/endless.go: Call.flood":                     guard,
	"internal/hostile/endless.go: growth":                         "it looks at the heap of the process again and again",
	"internal/hostile/secret.go: Provider.secret":                 guard,
	"internal/instants/retry_test.go: TestBudget":                 inBubbles,
	"internal/instants/retry_test.go: TestDeadline":               inBubbles,
	"internal/instants/skew_test.go: TestClockSkew":               inBubbles,
	"internal/instants/stall_test.go: TestStallOfBody":            inBubbles,
	"internal/instants/stall_test.go: TestStallOfRequest":         inBubbles,
	"internal/instants/token_test.go: TestTokenRefresh":           inBubbles,
	"internal/planted/planted_test.go: defect.caught":             guard,
	"internal/readme/program_test.go: command":                    guard,
	"internal/resume/resume_test.go: run.kill":                    processes,
	"internal/resume/resume_test.go: run.killEarly":               processes,
	"internal/bigstream/server/main.go: server.far":               "it is a service far away, for processes of its own",
	"internal/bigstream/server/main.go: server.move":              "it is a service far away, for processes of its own",
	"internal/stub/slow.go: Slow":                                 "it is a slow server, and who uses it may be in a bubble",
	"internal/testenv/ceph.go: cephLaunch.ask":                    servers,
	"internal/testenv/ceph.go: cephLaunch.run":                    servers,
	"internal/testenv/defects/race_test.go: besideWriters":        servers,
	"internal/testenv/kill_linux_test.go: TestKilledProcess":      processes,
	"internal/testenv/kind.go: Server.ping":                       servers,
	"internal/testenv/kind.go: Server.waitReady":                  servers,
	"internal/testenv/moto.go: installOnce":                       servers,
	"internal/testenv/server.go: Server.createPatiently":          servers,
	"internal/testenv/testenv.go: shared.get":                     servers,
	"internal/torture/soak_test.go: atRest":                       servers,
	"internal/torture/soak_test.go: soak":                         servers,
	"link_test.go: named.CreateUpload":                            inBubbles,
	"link_test.go: wait":                                          inBubbles,
	"listsplit_test.go: keyStore.ListPage":                        inBubbles,
	"pace_test.go: putFor":                                        inBubbles,
	"providers/file/crash_test.go: killOnce":                      processes,
	"providers/file/eachcall_linux_test.go: eachCase.try":         guard,
	"providers/file/killhistory_linux_test.go: TestKillHistories": guard,
	"providers/file/killhistory_linux_test.go: killTogether":      processes,
	"providers/file/large_linux_test.go: whileOthersWrite":        "a directory changes under a list, by the clock of its files",
	"providers/s3/answer_test.go: TestEndlessAnswer":              guard,
	"readerat_test.go: TestReaderAtEnds":                          inBubbles,
	"stall_test.go: polling.Stat":                                 inBubbles,
	"stall_test.go: trickle.Read":                                 inBubbles,
	"crawl_test.go: blocking.WriteAt":                             inBubbles,
	"crowd_test.go: TestOthersBeside":                             inBubbles,
	"together_test.go: user.call":                                 inBubbles,
	"together_test.go: user.copy":                                 inBubbles,
	"together_test.go: user.mood":                                 inBubbles,
	"together_test.go: user.stop":                                 inBubbles,
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
		short, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if !ofTests(filepath.ToSlash(short)) {
			return nil
		}
		text, err := os.ReadFile(name)
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

// ofTests reports whether the file is of tests, or of what is there for tests alone: the suite and
// the packages of this module's own.
func ofTests(name string) bool {
	return strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".go") &&
		(strings.HasPrefix(name, "internal/") || strings.HasPrefix(name, "conformance/"))
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
