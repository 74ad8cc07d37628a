// Package conformance checks that a driver keeps the contract of package storage. It runs against
// any driver and any live bucket.
//
// # Against a driver
//
// A driver declares its features in code, as a [storage.Capable]:
//
//	func (s *Store) Capabilities() storage.Capabilities {
//		return storage.Capabilities{
//			IfAbsent: true, IfMatch: true, DeleteIfMatch: true, SuffixRange: true,
//			CoexistingKeys: true, ExactContentType: true, ListETag: true,
//			Checksums: []string{"CRC32C", "MD5"},
//		}
//	}
//
// Its test is one call. Tests of its own peculiarities go beside it:
//
//	func TestConformance(t *testing.T) {
//		conformance.Test(t, conformance.Options{
//			Open: func(ctx context.Context) (storage.Store, error) {
//				return mydriver.New(ctx, "bucket", nil)
//			},
//		})
//	}
//
// Each check is a subtest with a name such as read/range. The driver is tested as a
// [storage.Store], method by method, and through a [storage.Bucket], as programs use it.
//
// # What a failure says
//
// A failure begins with the broken rule and what the check saw. Its last line says what to do if
// the service is to blame, and where the rule is explained:
//
//	rule 15: a suffix longer than the object is the whole object: Get of 10 bytes …
//		if the service cannot do this, set Capabilities.SuffixRange to false and answer
//		errors.ErrUnsupported; if it is a defect of the service, declare
//		conformance.Limit{Feature: "suffix range", Reason: …}. See docs/contract.md#rule-15
//
// # Absent features
//
// The suite holds a driver to its Capabilities in both directions. If a field is true, the checks
// of its [Feature] must pass. If a field is false, they must end in errors.ErrUnsupported, and
// their result is "unsupported". A feature that works although the Store declares it absent is
// reported as broken. The suite therefore notices a feature that was lost and one that came back.
// Every service has the features without a field in Capabilities.
//
// A Store that is not Capable is taken to have the features of its methods. It may return
// errors.ErrUnsupported for a condition or an option that has a field in Capabilities.
//
// # Defects
//
// A service has a defect if it offers a feature, but not as the contract requires. A defect is
// declared as a [Limit], with the reason, for a Feature or for one check:
//
//	Limits: []conformance.Limit{
//		{Feature: conformance.DeleteIfMatch, Reason: "the service ignores If-Match of a delete"},
//		{Check: "copy/storageclass", Reason: "the service keeps the class of the source"},
//	},
//
// The declaration is checked, too. At least one check that it covers must fail, otherwise the
// declaration is out of date.
//
// # What is not run
//
// The suite leaves out a check that needs an absent or defective feature. Copying parts, for
// example, needs multipart uploads. A check also says if it finds that it cannot test anything.
// Versions need a bucket that keeps them, and the order of parts needs a service that accepts parts
// at the same time. Checks that count requests need Options.Requests. Checks that follow a URL need
// a server that serves it. All of these are reported as "not run", with the reason, and do not
// count as a success.
//
// # Against a live bucket
//
// [Check] needs no testing.T. It returns a [Report], which can be printed as a table with one line
// for each feature:
//
//	r, err := conformance.Check(ctx, conformance.Options{Open: open})
//	if err != nil { … }          // the bucket could not be opened
//	r.Table(os.Stdout)
//	if err := r.Err(); err != nil { … } // a promise is not kept
//
// [Inspect] is for an unknown bucket. Its first round finds out what the bucket refuses and does
// wrong, and its second round judges. `polystore check URL` prints its report.
//
// All keys lie below one random prefix. The suite deletes everything that it wrote, also after a
// failed check. In a bucket that keeps versions the old ones stay: a lifecycle rule removes them.
// [Plan] returns the number of requests before a run. Options.Full asks for more keys, sizes and
// rounds.
package conformance
