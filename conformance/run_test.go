package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// fiveMethods are the limits of a Store that has only the five methods.
func fiveMethods() []Limit {
	var limits []Limit
	for _, f := range []Feature{Copy, CopyConditions, Multipart, MultipartConditions, MultipartChecksums, AbortUpload, ListUploads,
		ListUploadsPrefix, ListParts, CopyPart, DeleteBatch, SignURL, SignURLIfAbsent, Versions} {
		limits = append(limits, Limit{Feature: f, Reason: "the Store has the five methods only"})
	}
	return limits
}

// TestMinimal runs the suite on a Store that has only the five methods: everything else is refused or falls back.
func TestMinimal(t *testing.T) {
	Test(t, Options{
		Open: func(context.Context) (storage.Store, error) {
			s, err := memory.New(nil)
			return struct{ storage.Store }{s}, err
		},
		Limits:       fiveMethods(),
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
			if b.noBatch {
				o.Unsupported = []Feature{DeleteBatch}
			}
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

// TestLimits shows that a declaration is checked both ways.
func TestLimits(t *testing.T) {
	noCopy := func(b *bench) {
		b.copy = func(context.Context, string, string, *storage.CopyOptions) (*storage.CopyResult, error) {
			return nil, &storage.Error{Kind: errors.ErrUnsupported}
		}
	}
	ignores := func(b *bench) {
		b.del = func(ctx context.Context, key string, _ *storage.DeleteOptions) error {
			return b.inner.Delete(ctx, key, &storage.DeleteOptions{})
		}
	}
	sound := func(*bench) {}
	for _, tc := range []struct {
		name  string
		plant func(b *bench)
		only  string
		limit Limit
		want  Status // of the first result, or Broken for any
	}{
		{"declared and refused", noCopy, "copy/keeps", Limit{Feature: Copy}, Unsupported},
		{"declared and working", sound, "copy/keeps", Limit{Feature: Copy}, Broken},
		{"declared and broken", ignores, "delete/if-match", Limit{Feature: DeleteIfMatch}, Broken},
		{"refused and not declared", noCopy, "copy/keeps", Limit{Feature: SignURL}, Broken},
		{"a defect that shows", ignores, "delete/if-match", Limit{Feature: DeleteIfMatch, Defect: true}, Defect},
		{"a defect that does not show", sound, "delete/if-match", Limit{Feature: DeleteIfMatch, Defect: true}, Broken},
		{"a defect that is not declared", ignores, "delete/if-match", Limit{Feature: SignURL}, Broken},
		{"what needs a limited feature", sound, "version/copy", Limit{Feature: Copy}, NotRun},
	} {
		b := newBench(t, tc.only)
		tc.plant(b)
		o := b.options()
		o.Limits, o.Only = []Limit{tc.limit}, []string{tc.only}
		r, err := Check(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Results[len(r.Results)-1]; got.Status != tc.want || (tc.want == Broken) != (r.Err() != nil) {
			t.Errorf("%s: %v: %v; Err() = %v", tc.name, got.Status, got.Err, r.Err())
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
		{Open: open, Unsupported: []Feature{"no such feature"}},
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
		b.stat = func(ctx context.Context, _ string, _ *storage.StatOptions) (*storage.Object, error) {
			<-ctx.Done()
			return nil, &storage.Error{Err: ctx.Err()}
		}
		o := b.options()
		o.Only = []string{"read/stat-missing"}
		r, err := Check(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Results[0].Err; r.Results[0].Status != Broken || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a check that hangs: %v", err)
		}
	})
}

// TestSlowLink shows that a brief run on a link of 50 ms a request takes no more than two minutes: here it has 5 ms, and the tenth
// part of the time, beside what takes its time on any link.
func TestSlowLink(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a quarter of a minute")
	}
	b := newBench(t, "sign/")
	b.latency = 5 * time.Millisecond
	start := time.Now()
	r, err := Check(t.Context(), b.options())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	took := time.Since(start)
	t.Logf("%d requests of %v took %v", r.Requests, b.latency, took)
	if took > 45*time.Second { // 5 s on an idle machine; requests themselves are counted by TestPlan
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
	o.Limits = []Limit{{Feature: SignURL, Reason: "no server"}}
	r, err := Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var s bytes.Buffer
	if err := r.Table(&s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"reads", "conditions", "BROKEN condition/get-if-none-match", "rule 12: Get with IfNoneMatch", "unsupported sign/get", "no server",
		"not run request/get", "it counts requests", fmt.Sprintf("seed %d", r.Seed),
	} {
		if !strings.Contains(s.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &s)
		}
	}
}
