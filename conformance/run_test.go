package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/calmclock"
	"github.com/polystore/storage/providers/memory"
)

// TestMinimal runs the suite on a Store that has only the five methods: everything else is refused
// or falls back.
func TestMinimal(t *testing.T) {
	Test(t, Options{
		Open: func(context.Context) (storage.Store, error) {
			s, err := memory.New(nil)
			return struct{ storage.Store }{s}, err
		},
		StorageClass: "COLD",
	})
}

// TestCheckCleansUp shows that a run leaves nothing, also where checks fail and lists do not work.
func TestCheckCleansUp(t *testing.T) {
	for _, tc := range []struct {
		name  string
		plant func(b *bench)
	}{
		{"sound", func(*bench) {}},
		{"wrong lists", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) { page.Objects = nil })
		}},
		{"no batches", func(b *bench) { b.noBatch = true }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t, "sign/")
			tc.plant(b)
			o := b.options()
			r, err := Check(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if sound := r.Err() == nil; sound != (tc.name != "wrong lists") {
				t.Errorf("Err() = %v", r.Err())
			}
			if r.Leftovers != nil {
				t.Errorf("left behind: %v", r.Leftovers)
			}
			page, err := b.wire.ListPage(t.Context(), &storage.ListOptions{})
			if err != nil || len(page.Objects) > 0 {
				t.Errorf("the bucket holds %d objects, %v", len(page.Objects), err)
			}
			uploads, err := b.wire.ListUploadsPage(t.Context(), &storage.ListOptions{})
			if err != nil || len(uploads.Uploads) > 0 {
				t.Errorf("the bucket holds %d uploads, %v", len(uploads.Uploads), err)
			}
		})
	}
}

// TestLimits shows that Capabilities and declarations are checked both ways.
func TestLimits(t *testing.T) {
	unsupported := &storage.Error{Kind: errors.ErrUnsupported}
	noCopy := func(b *bench) {
		b.copy = func(
			context.Context, string, string, *storage.CopyOptions,
		) (*storage.CopyResult, error) {
			return nil, unsupported
		}
	}
	saysNoCopy := func(b *bench) { b.says = func(c *storage.Capabilities) { c.Copy = false } }
	honest := func(b *bench) { noCopy(b); saysNoCopy(b) }
	ignores := func(b *bench) {
		b.del = func(ctx context.Context, key string, _ *storage.DeleteOptions) error {
			return b.inner.Delete(ctx, key, &storage.DeleteOptions{})
		}
	}
	sound := func(*bench) {}
	feature := func(f Feature) []Limit { return []Limit{{Feature: f, Reason: "declared"}} }
	check := func(name string) []Limit { return []Limit{{Check: name, Reason: "declared"}} }
	for _, tc := range []struct {
		name   string
		plant  func(b *bench)
		only   string
		limits []Limit
		want   Status // of the last result
	}{
		{"told and refused", honest, "copy/keeps", nil, Unsupported},
		{"told and working", saysNoCopy, "copy/keeps", nil, Broken},
		{"told and ignored", func(b *bench) {
			ignores(b)
			b.says = func(c *storage.Capabilities) { c.DeleteIfMatch = false }
		}, "delete/if-match", nil, Broken},
		{"refused and not told", noCopy, "copy/keeps", nil, Broken},
		{"refused, not told, another defect declared", noCopy, "copy/keeps",
			feature(SignURL), Broken},
		{"a defect that shows", ignores, "delete/if-match", feature(DeleteIfMatch), Defect},
		{"a defect that does not show", sound, "delete/if-match", feature(DeleteIfMatch), Broken},
		{"a defect that is not declared", ignores, "delete/if-match", feature(SignURL), Broken},
		{"a defect of one check", ignores, "delete/if-match", check("delete/if-match"), Defect},
		{"a defect of one check, not shown", sound, "delete/if-match",
			check("delete/if-match"), Broken},
		{"a defect of another check", ignores, "delete/if-match", check("delete/missing"), Broken},
		{"a defect declared of what is refused", honest, "copy/keeps", feature(Copy), Broken},
		{"what needs a defective feature", sound, "version/copy", feature(Copy), NotRun},
		{"what needs an absent feature", honest, "version/copy", nil, NotRun},
		{"a part of an absent feature", honest, "copy/if-absent", nil, NotRun},
		{"what does not need the defective check", sound, "version/copy",
			check("copy/keeps"), Kept},
		{"what cannot be tested", func(b *bench) {
			b.limits = func(o *storage.PutOptions) storage.PartLimits {
				l := b.inner.PartLimits(o)
				l.Parallel = false
				return l
			}
		}, "multipart/any-order", nil, NotRun},
		{"a service that reports no checksum", func(b *bench) {
			b.seen(func(o *storage.Object) { o.Checksums = storage.Checksums{} })
		}, "engine/corrupt-byte", nil, Unsupported},
		{"a bucket without versions", func(b *bench) {
			b.seen(func(o *storage.Object) { o.VersionID = "" })
		}, "version/get", nil, NotRun},
	} {
		b := newBench(t, tc.only)
		tc.plant(b)
		o := b.options()
		o.Limits, o.Only = tc.limits, []string{tc.only}
		r, err := Check(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		got := r.Results[len(r.Results)-1]
		if got.Status != tc.want || (tc.want == Broken) != (r.Err() != nil) {
			t.Errorf("%s: %v: %v; Err() = %v", tc.name, got.Status, got.Err, r.Err())
		}
		if got.Status != Kept && got.Status != Broken && got.Reason == "" {
			t.Errorf("%s: %v without a reason", tc.name, got.Status)
		}
	}
}

// TestUntold shows what a Store may refuse that is no storage.Capable.
func TestUntold(t *testing.T) {
	refuses := func(b *bench) {
		b.put = func(
			ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
		) (*storage.Object, error) {
			if o.IfMatch != "" || o.ContentLanguage != "" {
				return nil, &storage.Error{Kind: errors.ErrUnsupported}
			}
			return b.inner.Put(ctx, key, body, size, o)
		}
	}
	for _, tc := range []struct {
		only string
		want Status
	}{
		{"condition/if-match", Unsupported},
		{"field/put-contentlanguage", Broken}, // every service has it
		{"field/put-contenttype", Kept},
		{"copy/keeps", Unsupported}, // there is no method
		{"copy/if-absent", NotRun},
	} {
		b := newBench(t, tc.only)
		refuses(b)
		o := b.options()
		o.Open = func(context.Context) (storage.Store, error) {
			return struct{ storage.Store }{b.patch}, nil
		}
		o.Only = []string{tc.only}
		r, err := Check(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Results[0]; got.Status != tc.want {
			t.Errorf("%s: %v, want %v: %v", tc.only, got.Status, tc.want, got.Err)
		}
	}
}

// TestFailure shows what a failure tells: what was seen, how the service is declared, where to
// read.
func TestFailure(t *testing.T) {
	seen := []error{errors.New("seen")}
	for _, tc := range []struct {
		f    Failure
		want []string
	}{
		{Failure{"rule 15: a suffix", SuffixRange, "read/suffix", seen, false}, []string{
			"rule 15: a suffix: seen", "Capabilities.SuffixRange to false",
			`Limit{Feature: "suffix range"`,
			"docs/contract.md#rule-15",
		}},
		{Failure{"rule 14: a sum", ChecksumMD5, "checksum/md5", seen, false}, []string{
			`leave "MD5" out of Capabilities.Checksums`,
		}},
		{Failure{"rule 2: a write", Writes, "write/read-back", seen, false}, []string{
			"if it is a defect of the service", `Limit{Check: "write/read-back"`,
			"docs/contract.md#rule-2",
		}},
		{Failure{"SignURL: a PUT", SignURL, "sign/put", seen, false},
			[]string{"docs/contract.md#signurl"}},
		{Failure{"rule 15: a suffix", SuffixRange, "read/suffix", seen, true}, []string{
			"set Capabilities.SuffixRange to true, or refuse it", "docs/contract.md#rule-15",
		}},
		{Failure{"rule 14: a sum", ChecksumMD5, "checksum/md5", seen, true}, []string{
			`add "MD5" to Capabilities.Checksums`,
		}},
	} {
		text := tc.f.Error()
		for _, want := range tc.want {
			if !strings.Contains(text, want) {
				t.Errorf("%q lacks %q", text, want)
			}
		}
		lines := strings.Split(text, "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[0], tc.f.Rule) {
			t.Errorf("%q is not two lines, the rule first", text)
		}
	}
}

// TestOptions shows that nonsense is refused before anything is done.
func TestOptions(t *testing.T) {
	opens := 0
	open := func(context.Context) (storage.Store, error) {
		opens++
		return nil, storage.ErrNoBucket
	}
	for _, o := range []Options{
		{},
		{Open: open, Only: []string{"no/such"}},
		{Open: open, Only: []string{"["}},
		{Open: open, Limits: []Limit{{Feature: "no such feature"}}},
		{Open: open, Limits: []Limit{{Check: "no/such-check"}}},
		{Open: open, Limits: []Limit{{Feature: Copy, Check: "copy/keeps"}}},
		{Open: open, Limits: []Limit{{Reason: "of nothing"}}},
	} {
		if _, err := Check(t.Context(), o); err == nil {
			t.Errorf("Check(%+v) succeeded", o)
		}
	}
	if opens > 0 {
		t.Errorf("the bucket was opened %d times", opens)
	}
	if _, err := Check(t.Context(), Options{Open: open}); !errors.Is(err, storage.ErrNoBucket) {
		t.Errorf("Check of a bucket that does not open = %v", err)
	}
}

// TestDeadline shows that a check that hangs is a failure and not the end of the run.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "")
		b.stat = func(
			ctx context.Context, _ string, _ *storage.StatOptions,
		) (*storage.Object, error) {
			<-ctx.Done()
			return nil, &storage.Error{Err: ctx.Err()}
		}
		o := b.options()
		o.Only = []string{"read/stat-missing"}
		r, err := Check(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Results[0].Err; r.Results[0].Status != Broken ||
			!errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a check that hangs: %v", err)
		}
	})
}

// TestSlowLink shows that a brief run on a link of 50 ms a request takes no more than two minutes:
// here it has 5 ms, and the tenth part of the time, beside what takes its time on any link.
func TestSlowLink(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a quarter of a minute")
	}
	b := newBench(t, "sign/")
	b.latency = 5 * time.Millisecond
	clock := calmclock.Start()
	defer clock.Close()
	r, err := Check(t.Context(), b.options())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	took := clock.Now()
	t.Logf("%d requests of %v took %v", r.Requests, b.latency, took)
	// 5 s on an idle machine. TestPlan counts the requests themselves.
	if took > 45*time.Second {
		t.Errorf("a brief run took %v", took)
	}
}

// TestReport shows a report.
func TestReport(t *testing.T) {
	b := newBench(t, "")
	b.getWith(func(o *storage.GetOptions) { o.IfNoneMatch = "" })
	o := b.options()
	o.Requests = nil
	o.Only = []string{"read/*", "condition/get-*", "request/*", "sign/get"}
	r, err := Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var s bytes.Buffer
	if err := r.Table(&s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"reads", "conditions", "BROKEN condition/get-if-none-match",
		"rule 12: Get with IfNoneMatch",
		"unsupported sign/get", "Capabilities.SignURL is false",
		"not run request/get", "it counts requests", fmt.Sprintf("seed %d", r.Seed),
	} {
		if !strings.Contains(s.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &s)
		}
	}
}

// TestForgottenCapabilities tells a driver without a Capabilities method what it may lack, and says
// nothing of it to one that has some.
func TestForgottenCapabilities(t *testing.T) {
	for _, forgotten := range []bool{true, false} {
		b := newBench(t, "")
		b.says = func(c *storage.Capabilities) { *c = storage.Capabilities{SignURL: !forgotten} }
		o := b.options()
		o.Only = []string{"condition/if-absent"}
		r, err := Check(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		err = r.Err()
		if err == nil || strings.Contains(err.Error(), zeroCapabilities) != forgotten {
			t.Errorf("forgotten: %v: %v", forgotten, err)
		}
	}
}

// TestKeysWithoutRequests runs key/check without Options.Requests: it catches what can be seen.
func TestKeysWithoutRequests(t *testing.T) {
	for _, tt := range []struct {
		key  string // that CheckKey refuses and Put takes
		want Status
	}{{"", Kept}, {"b c/d+e", Broken}} {
		b := newBench(t, "")
		b.checkKey = func(key string) error {
			if tt.key != "" && strings.HasSuffix(key, tt.key) {
				return &storage.Error{Kind: storage.ErrInvalidKey}
			}
			return b.inner.CheckKey(key)
		}
		o := b.options()
		o.Requests, o.Only = nil, []string{"key/check"}
		r, err := Check(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := find(r, "key/check"); got.Status != tt.want {
			t.Errorf("a CheckKey that refuses %q: %v, %v%s", tt.key, got.Status, got.Err,
				got.Reason)
		}
	}
}

// TestErrorTypeNamesTheCall shows which call it was that returned a bare error.
func TestErrorTypeNamesTheCall(t *testing.T) {
	b := newBench(t, "")
	b.list = func(ctx context.Context, _ *storage.ListOptions) (*storage.Page, error) {
		return nil, ctx.Err()
	}
	o := b.options()
	o.Only = []string{"error/type"}
	r, err := Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	const want = "ListPage under a context that has ended returned a *errors.errorString"
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q in it", err, want)
	}
}
