// Package conformance proves that a driver keeps the contract of package storage. Anyone can run it, against any driver
// and against any live bucket.
//
// # Against a driver
//
// A driver's test is one call, and the driver's own quirks beside it:
//
//	func TestConformance(t *testing.T) {
//		conformance.Test(t, conformance.Options{
//			Open: func(ctx context.Context) (storage.Store, error) { return mydriver.New(ctx, "bucket", nil) },
//			Limits: []conformance.Limit{
//				{Feature: conformance.SignURL, Reason: "there is no server"},
//			},
//		})
//	}
//
// Each check is a subtest named like get/range. A failure begins with the sentence of the rule that was broken:
//
//	rule 15: a suffix longer than the object is the whole object: Get("…", {Offset: -100}) = 0 bytes of 10
//
// The driver is tested as a [storage.Store], method by method, and through a [storage.Bucket], which is how programs see it.
//
// # Against a live bucket
//
// [Check] needs no testing.T. It returns a [Report], which prints itself as a table, feature by feature:
//
//	r, err := conformance.Check(ctx, conformance.Options{Open: open})
//	if err != nil { … }          // the bucket could not be opened
//	r.Table(os.Stdout)
//	if err := r.Err(); err != nil { … } // a promise is not kept
//
// All keys lie below one random prefix, and everything that was written is deleted again, also what a failing check wrote.
// [Plan] says how many requests a run makes, before it. Full asks for more keys, sizes and rounds.
//
// # Limits
//
// What a driver or a service cannot do is declared, with the reason, as a [Limit], and a declaration is checked like a promise.
// A feature that is declared must answer errors.ErrUnsupported; one that is not declared must work; so neither a lost
// capability nor one that came back goes unseen. A service that neither has a feature nor says so has a defect: a Limit with
// Defect set. Then a check of that feature must fail, or the declaration is out of date.
//
// # What is not run
//
// Checks that count requests need Options.Requests; checks that follow a URL need a server that serves it. What was left out
// is in the report by name, with the reason, and is never taken for a success.
package conformance
