// Package conformance proves that a driver keeps the contract of package storage. Anyone can run
// it, against any driver and against any live bucket.
//
// # Against a driver
//
// A driver says in code what it can, as a [storage.Capable]:
//
//	func (s *Store) Capabilities() storage.Capabilities {
//		return storage.Capabilities{
//			IfAbsent: true, IfMatch: true, DeleteIfMatch: true, SuffixRange: true,
//			CoexistingKeys: true, ExactContentType: true, ListETag: true,
//			Checksums: []string{"CRC32C", "MD5"},
//		}
//	}
//
// Its test is one call, and the driver's own quirks beside it:
//
//	func TestConformance(t *testing.T) {
//		conformance.Test(t, conformance.Options{
//			Open: func(ctx context.Context) (storage.Store, error) {
//				return mydriver.New(ctx, "bucket", nil)
//			},
//		})
//	}
//
// Each check is a subtest named like read/range. The driver is tested as a [storage.Store],
// method by method, and through a [storage.Bucket], which is how programs see it.
//
// # What a failure says
//
// A failure begins with the rule that was broken, and with what was seen. Its last line says what
// to do where the service is to blame, and where the rule is explained:
//
//	rule 15: a suffix longer than the object is the whole object: Get of 10 bytes …
//		if the service cannot do this, set Capabilities.SuffixRange to false and answer
//		errors.ErrUnsupported; if it is a defect of the service, declare
//		conformance.Limit{Feature: "suffix range", Reason: …}. See docs/contract.md#rule-15
//
// # What a driver cannot
//
// The suite holds a driver to its Capabilities in both directions. A field that is true is a
// promise: the checks of the [Feature] must pass. One that is false is a promise, too: they must
// end in errors.ErrUnsupported, and "unsupported" is their result. What works although the Store
// says that it does not is broken, so neither a lost capability nor one that came back goes
// unseen. A feature with no field in Capabilities is in every service.
//
// A Store that is no Capable counts as having the methods that it has. It may answer
// errors.ErrUnsupported to a condition or an option that has a field in Capabilities.
//
// # Defects
//
// A service that does something, and not as the contract has it, has a defect. It is declared as
// a [Limit], with the reason, for a Feature or for one check:
//
//	Limits: []conformance.Limit{
//		{Feature: conformance.DeleteIfMatch, Reason: "the service ignores If-Match of a delete"},
//		{Check: "copy/storageclass", Reason: "the service keeps the class of the source"},
//	},
//
// A declaration is checked as well: a check that it covers must fail, or it is out of date.
//
// # What is not run
//
// A check that needs something absent or defective is left out by itself: parts of other objects
// need uploads in parts. A check that finds that it cannot test says so: versions need a bucket
// that keeps them, the order of parts a service that takes them at the same time. Checks that
// count requests need Options.Requests; checks that follow a URL need a server that serves it.
// All of these are "not run", with the reason, and never taken for a success.
//
// # Against a live bucket
//
// [Check] needs no testing.T. It returns a [Report], which prints itself as a table, feature by
// feature:
//
//	r, err := conformance.Check(ctx, conformance.Options{Open: open})
//	if err != nil { … }          // the bucket could not be opened
//	r.Table(os.Stdout)
//	if err := r.Err(); err != nil { … } // a promise is not kept
//
// [Inspect] is for a bucket of which nothing is known: it learns in a first round what the bucket
// refuses and does wrong, and judges in a second. `polystore check URL` prints its report.
//
// All keys lie below one random prefix, and everything that was written is deleted again, also
// what a failing check wrote. [Plan] says how many requests a run makes, before it. Options.Full
// asks for more keys, sizes and rounds.
package conformance
