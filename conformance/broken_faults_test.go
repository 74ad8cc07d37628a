package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
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
	deletes, puts bool
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
	ops := make(map[string]bool)
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Fault == "500" && c.ran() {
			ops[c.Op] = true
			c.Left = true
		}
	}
	if !ops["Put"] || !ops["Stat"] {
		t.Errorf("500 met %v", ops)
	}
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "500 met no Put") {
		t.Errorf("a fault is left out: %v", err)
	}
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
