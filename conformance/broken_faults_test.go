package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/bubble"
	"github.com/polystore/storage/internal/httpstore"
	"github.com/polystore/storage/providers/memory"
)

// brokenHTTP are drivers of HTTP with one defect each, with a fault and a path that show it.
var brokenHTTP = []struct {
	name        string
	transport   func(http.RoundTripper) http.RoundTripper // below the driver
	store       func(*httpstore.Store) storage.Store      // above it
	path, fault string
}{
	{
		name: "sends a conditional delete again, blindly", path: "delete-if-match",
		fault: "answer lost",
		transport: func(base http.RoundTripper) http.RoundTripper {
			return tripper(func(req *http.Request) (*http.Response, error) {
				resp, err := base.RoundTrip(req)
				if err != nil && req.Method == http.MethodDelete && req.Context().Err() == nil {
					return base.RoundTrip(req)
				}
				return resp, err
			})
		},
	},
	{
		name: "believes a short body", path: "read-all", fault: "too few bytes",
		transport: edited(func(req *http.Request, r *http.Response) {
			r.Header.Set("X-Size", strconv.FormatInt(r.ContentLength, 10))
			r.Header.Del("X-Crc32c")
		}),
	},
	{
		name: "checks no sum", path: "read-all", fault: "one byte flipped",
		transport: edited(func(_ *http.Request, r *http.Response) { r.Header.Del("X-Crc32c") }),
	},
	{
		name: "takes 200 with an error for success", path: "put", fault: "200 with an error",
		transport: edited(func(req *http.Request, r *http.Response) {
			if r.StatusCode == 200 && req.Method == http.MethodPut {
				r.StatusCode = 201
				r.Header.Set("X-Store", "1")
				r.Header.Set("ETag", `"made-up"`)
			}
		}),
	},
	{
		name: "takes a proxy's page for a delete", path: "delete", fault: "a proxy's page",
		transport: edited(func(req *http.Request, r *http.Response) {
			if r.StatusCode == 200 && req.Method == http.MethodDelete {
				r.StatusCode = 204
				r.Header.Set("X-Store", "1")
			}
		}),
	},
	{
		name: "believes any Content-Range", path: "get-range", fault: "another Content-Range",
		transport: edited(func(req *http.Request, r *http.Response) {
			if asked, ok := strings.CutPrefix(req.Header.Get("Range"), "bytes="); ok {
				_, size, _ := strings.Cut(r.Header.Get("Content-Range"), "/")
				r.Header.Set("Content-Range", "bytes "+asked+"/"+size)
			}
		}),
	},
	{
		name: "reports a delete in doubt as done", path: "delete", fault: "request lost",
		store: func(s *httpstore.Store) storage.Store {
			return &doubtless{Store: s,
				deletes: true}
		},
	},
	{
		name: "hides the doubt of a write", path: "put", fault: "answer lost, ever",
		store: func(s *httpstore.Store) storage.Store { return &doubtless{Store: s, puts: true} },
	},
	{
		name: "doubts what was never sent", path: "put-if-absent", fault: "no connection, ever",
		store: func(s *httpstore.Store) storage.Store { return &doubtful{Store: s} },
	},
	{
		name: "takes a refusal for no object", path: "exists", fault: "clock skew",
		store: func(s *httpstore.Store) storage.Store { return &blind{Store: s} },
	},
	{
		name: "reports an abort in doubt as done", path: "clean-uploads", fault: "request lost",
		store: func(s *httpstore.Store) storage.Store {
			return &doubtless{Store: s, aborts: true}
		},
	},
	{
		name: "reports an abort in doubt as done, of a Writer", path: "writer-resumed-and-closed",
		fault: "request lost",
		store: func(s *httpstore.Store) storage.Store {
			return &doubtless{Store: s, aborts: true}
		},
	},
	{
		name: "hides the doubt of a completion", path: "upload-state", fault: "answer lost, ever",
		store: func(s *httpstore.Store) storage.Store {
			return &doubtless{Store: s, completes: true}
		},
	},
	{
		name: "hides the doubt of a completion, of a Writer", path: "writer-resumed",
		fault: "answer lost, ever",
		store: func(s *httpstore.Store) storage.Store {
			return &doubtless{Store: s, completes: true}
		},
	},
	{
		name: "believes any Content-Range of a download", path: "download-state",
		fault: "another Content-Range",
		transport: edited(func(req *http.Request, r *http.Response) {
			r.Header.Del("X-Crc32c") // it would show that the bytes are others
			if asked, ok := strings.CutPrefix(req.Header.Get("Range"), "bytes="); ok {
				_, size, _ := strings.Cut(r.Header.Get("Content-Range"), "/")
				r.Header.Set("Content-Range", "bytes "+asked+"/"+size)
			}
		}),
	},
	{
		name: "deletes a key of a batch that was refused", path: "delete-many", fault: "429, ever",
		store: func(s *httpstore.Store) storage.Store { return &halfBatch{Store: s} },
	},
	{
		name: "takes a batch that was not sent for done", path: "delete-prefix", fault: "no connection",
		store: func(s *httpstore.Store) storage.Store { return &fullBatch{Store: s} },
	},
	{
		name: "leaves the request when its context ends", path: "put", fault: "never served",
		store: func(s *httpstore.Store) storage.Store { return &invalid{Store: s} },
	},
}

type tripper func(*http.Request) (*http.Response, error)

func (t tripper) RoundTrip(req *http.Request) (*http.Response, error) { return t(req) }

// edited changes answers before the driver sees them.
func edited(edit func(*http.Request, *http.Response)) func(http.RoundTripper) http.RoundTripper {
	return func(base http.RoundTripper) http.RoundTripper {
		return tripper(func(req *http.Request) (*http.Response, error) {
			r, err := base.RoundTrip(req)
			if err == nil && r.StatusCode/100 == 2 {
				edit(req, r)
			}
			return r, err
		})
	}
}

// doubtless says nothing of doubts.
type doubtless struct {
	*httpstore.Store
	deletes, puts, aborts, completes bool
}

func (d *doubtless) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
) (*storage.Object, error) {
	made, err := d.Store.CompleteUpload(ctx, key, id, parts, o)
	var e *storage.Error
	if d.completes && errors.As(err, &e) {
		e.InDoubt = false
	}
	return made, err
}

func (d *doubtless) AbortUpload(ctx context.Context, key, id string) error {
	err := d.Store.AbortUpload(ctx, key, id)
	var e *storage.Error
	if d.aborts && errors.As(err, &e) && e.InDoubt {
		return nil
	}
	return err
}

// halfBatch deletes a key of a batch that was refused.
type halfBatch struct{ *httpstore.Store }

func (h *halfBatch) DeleteBatch(
	ctx context.Context, keys []string, o *storage.DeleteBatchOptions,
) ([]error, error) {
	errs, err := h.Store.DeleteBatch(ctx, keys, o)
	if err != nil {
		h.Store.Delete(ctx, keys[0], new(storage.DeleteOptions))
	}
	return errs, err
}

// fullBatch takes a batch that was not sent for one that was carried out.
type fullBatch struct{ *httpstore.Store }

func (f *fullBatch) DeleteBatch(
	ctx context.Context, keys []string, o *storage.DeleteBatchOptions,
) ([]error, error) {
	errs, err := f.Store.DeleteBatch(ctx, keys, o)
	if err != nil {
		return make([]error, len(keys)), nil
	}
	return errs, nil
}

func (d *doubtless) Delete(ctx context.Context, key string, o *storage.DeleteOptions) error {
	err := d.Store.Delete(ctx, key, o)
	var e *storage.Error
	if d.deletes && errors.As(err, &e) && e.InDoubt {
		return nil
	}
	return err
}

func (d *doubtless) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
) (*storage.Object, error) {
	made, err := d.Store.Put(ctx, key, body, size, o)
	var e *storage.Error
	if d.puts && errors.As(err, &e) {
		e.InDoubt = false
	}
	return made, err
}

// doubtful doubts everything.
type doubtful struct{ *httpstore.Store }

func (d *doubtful) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
) (*storage.Object, error) {
	made, err := d.Store.Put(ctx, key, body, size, o)
	var e *storage.Error
	if errors.As(err, &e) {
		e.InDoubt = true
	}
	return made, err
}

// blind sees nothing where it may not look.
type blind struct{ *httpstore.Store }

func (b *blind) Stat(
	ctx context.Context, key string, o *storage.StatOptions,
) (*storage.Object, error) {
	made, err := b.Store.Stat(ctx, key, o)
	if errors.Is(err, storage.ErrPermission) {
		err = &storage.Error{Kind: storage.ErrNotExist}
	}
	return made, err
}

// invalid takes the end of a context for an invalid argument.
type invalid struct{ *httpstore.Store }

func (b *invalid) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
) (*storage.Object, error) {
	made, err := b.Store.Put(ctx, key, body, size, o)
	if err != nil && ctx.Err() != nil {
		err = &storage.Error{Kind: storage.ErrInvalid, InDoubt: true}
	}
	return made, err
}

// faultServer starts a service, and returns options for it.
func faultServer(t *testing.T) FaultOptions {
	t.Helper()
	inner, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(httpstore.NewHandler(inner))
	t.Cleanup(server.Close)
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return FaultOptions{
		Open: func(_ context.Context, client *http.Client) (storage.Store, error) {
			return httpstore.New(server.URL, client), nil
		},
		Transport: transport,
	}
}

// Each defect is caught, by the fault that shows it, and the driver without one passes.
func TestBrokenFaults(t *testing.T) {
	for _, test := range brokenHTTP {
		t.Run(test.name, func(t *testing.T) {
			o := faultServer(t)
			good := o.Open
			o.Only = []string{test.path}
			if r, err := CheckFaults(t.Context(), o); err != nil || r.Err() != nil {
				t.Fatalf("without the defect: %v, %v", err, r.Err())
			}
			o.Open = func(ctx context.Context, client *http.Client) (storage.Store, error) {
				if test.transport != nil {
					client = &http.Client{Transport: test.transport(client.Transport)}
				}
				s, err := good(ctx, client)
				if err != nil || test.store == nil {
					return s, err
				}
				return test.store(s.(*httpstore.Store)), nil
			}
			r, err := CheckFaults(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range r.Cells {
				if c.Fault == test.fault && c.Err != nil {
					return
				}
			}
			t.Errorf("%s of %s shows nothing: %v", test.fault, test.path, r.Err())
		})
	}
}

// The options choose paths and leave out cells, and the report counts both.
func TestFaultOptions(t *testing.T) {
	o := faultServer(t)
	o.Only = []string{"st*"}
	o.Exclude = []FaultExclusion{{Fault: "50*", Op: "Stat", Reason: "a reason"}}
	r, err := CheckFaults(t.Context(), o)
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	out := r.count(func(c *FaultCell) bool { return c.Excluded == "a reason" })
	if r.Paths != 1 || r.Pairs != 1 || len(r.Cells) != r.Faults || out < 5 ||
		r.Ran()+out > r.Faults {
		t.Errorf("%s; %d for a reason", r.summary(), out)
	}
	var table bytes.Buffer
	if err := r.Table(&table); err != nil ||
		!strings.Contains(table.String(), "excluded: a reason") {
		t.Errorf("the table: %v\n%s", err, table.String())
	}
	r.Cells = r.Cells[1:]
	if r.Err() == nil {
		t.Error("a cell is missing, and the report says nothing")
	}
	if _, err := CheckFaults(t.Context(), FaultOptions{}); err == nil {
		t.Error("no Open, and no error")
	}
}

// A part of the matrix has every fault with every operation, and every operation of every path.
func TestFaultCover(t *testing.T) {
	o := faultServer(t)
	o.Only = []string{"put*", "stat"}
	o.Cover = true
	r, err := CheckFaults(t.Context(), o)
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	if left := r.count(func(c *FaultCell) bool { return c.Left }); left < r.Ran() {
		t.Errorf("%s: more than half was run", r.summary())
	}
	// Every pair of a path and an operation has met a fault, and each fault each operation.
	pairs, ops := make(map[[2]string]bool), make(map[[2]string]bool)
	for i := range r.Cells {
		c := &r.Cells[i]
		pairs[[2]string{c.Path, c.Op}] = pairs[[2]string{c.Path, c.Op}] || c.Met > 0
		if c.Excluded == "" {
			ops[[2]string{c.Fault, c.Op}] = ops[[2]string{c.Fault, c.Op}] || c.Met > 0
		}
	}
	for _, all := range []map[[2]string]bool{pairs, ops} {
		for what, met := range all {
			if !met {
				t.Errorf("%v did not meet", what)
			}
		}
	}
	// A cell that was run, and whose fault nothing met, counts as little as one that was left out.
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Fault == "500" && c.Op == "Put" {
			c.Met = 0
		}
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "500 met no Put") {
		t.Errorf("a fault is met nowhere: %v", err)
	}
}

// A path whose requests do not meet the fault is found, with all cells and with a part of them.
func TestFaultsThatAreNotMet(t *testing.T) {
	for _, cover := range []bool{false, true} {
		o := faultServer(t)
		o.StallTimeout, o.Concurrency, o.Cover = time.Second, 32, cover
		s, err := o.Open(t.Context(), &http.Client{Transport: o.Transport})
		if err != nil {
			t.Fatal(err)
		}
		paths := []faultPath{{
			name: "shy", before: putOld, after: unchanged,
			call: func(ctx context.Context, c *cell) error {
				if c.row != nil {
					return nil // a call that is spared where a fault waits for it
				}
				_, err := c.b.Stat(ctx, c.key, nil)
				return err
			},
		}}
		r, err := checkFaults(t.Context(), &o, s, paths)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(r.Err())
		for _, want := range []string{
			"500: Stat of shy: no request met the fault", "500 met no Stat",
			"Stat met no fault in shy",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("with Cover %v: the report does not say %q:\n%s", cover, want, text)
			}
		}
		if r.Met() != 0 || r.Ran() == 0 {
			t.Errorf("with Cover %v: %s", cover, r.summary())
		}
	}
}

// An operation whose only request meets the fault of the path has none left for another fault.
func TestFaultsOfTakenRequests(t *testing.T) {
	o := faultServer(t)
	o.Only = []string{"put-if-absent-*"}
	o.Cover = true
	r, err := CheckFaults(t.Context(), o)
	if err != nil || r.Err() != nil {
		t.Fatal(err, r.Err())
	}
	want := map[string][]string{
		"put-if-absent-lost": {"Stat"}, "put-if-absent-unseen": {"Put", "Stat"},
	}
	if got := r.Operations(); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the operations are %v, want %v", got, want)
	}
}

// busyUploads answers the first look at the uploads of a key with 503.
type busyUploads struct {
	*httpstore.Store
	looks sync.Map // by prefix
}

func (b *busyUploads) ListUploadsPage(
	ctx context.Context, o *storage.ListOptions,
) (*storage.UploadPage, error) {
	if _, looked := b.looks.LoadOrStore(o.Prefix, true); !looked {
		return nil, &storage.Error{Kind: storage.ErrUnavailable}
	}
	return b.Store.ListUploadsPage(ctx, o)
}

// A service that is too busy to say which uploads there are is asked again: no cell is broken.
func TestFaultsOfBusyService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		o := FaultOptions{
			Transport: bubble.Serve(t, httpstore.NewHandler(inner)),
			Only:      []string{"multipart-if-absent"},
			Open: func(_ context.Context, client *http.Client) (storage.Store, error) {
				return &busyUploads{Store: httpstore.New("http://service", client)}, nil
			},
		}
		r, err := CheckFaults(t.Context(), o)
		if err != nil || r.Err() != nil {
			t.Fatal(err, r.Err())
		}
	})
}

// A service that takes longer than the stall limit gets a longer one. That is no excuse for a
// driver that reports what is not so.
func TestFaultsOfSlowService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		fast := bubble.Serve(t, httpstore.NewHandler(inner))
		o := FaultOptions{
			Open: func(_ context.Context, client *http.Client) (storage.Store, error) {
				return httpstore.New("http://service", client), nil
			},
		}
		o.Transport = tripper(func(req *http.Request) (*http.Response, error) {
			select {
			case <-time.After(60 * time.Millisecond):
				return fast.RoundTrip(req)
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
		})
		o.StallTimeout = 40 * time.Millisecond
		o.Only = []string{"delete"}
		r, err := CheckFaults(t.Context(), o)
		if err != nil || r.Err() != nil {
			t.Fatal(err, r.Err())
		}
		if n := r.count(func(c *FaultCell) bool { return c.Repeats > 0 }); n < r.Ran()/2 {
			t.Errorf("%s; repeats in %d cells", r.summary(), n)
		}
		good := o.Open
		o.Open = func(ctx context.Context, client *http.Client) (storage.Store, error) {
			s, err := good(ctx, client)
			return &doubtless{Store: s.(*httpstore.Store), deletes: true}, err
		}
		if r, err = CheckFaults(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Cells {
			if c.Fault == "request lost" && (c.Err == nil || c.Repeats > 0) {
				t.Errorf("a delete in doubt that is reported as done: %v after %d repeats", c.Err,
					c.Repeats)
			}
		}
	})
}
