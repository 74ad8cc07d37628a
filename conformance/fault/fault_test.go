package fault_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newStore(t *testing.T) (*fault.Store, *memory.Store) {
	t.Helper()
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return fault.New(m), m
}

func put(ctx context.Context, s storage.Store, key, data string) error {
	_, err := s.Put(ctx, key, strings.NewReader(data), int64(len(data)), &storage.PutOptions{})
	return err
}

func get(ctx context.Context, s storage.Store, key string) (string, error) {
	r, err := s.Get(ctx, key, &storage.GetOptions{})
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	return string(data), err
}

// TestAnswers holds each fault of a request against what it says of itself: the kind, the doubt,
// and whether the Store was asked.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		fault   fault.Fault
		kind    error
		cause   error
		inDoubt bool
		carried bool
	}{
		"none":     {fault.None(), nil, nil, false, true},
		"unsent":   {fault.Unsent(), storage.ErrUnavailable, fault.ErrUnsent, false, false},
		"throttle": {fault.Throttle(time.Second), storage.ErrThrottled, nil, false, false},
		"refuse": {fault.Refuse(&storage.Error{Kind: storage.ErrPermission}),
			storage.ErrPermission, nil, false, false},
		"doubt":   {fault.Doubt(), storage.ErrUnavailable, fault.ErrLost, true, false},
		"lost":    {fault.Lost(), storage.ErrUnavailable, fault.ErrLost, true, true},
		"delay":   {fault.Delay(time.Hour), nil, nil, false, true},
		"hang":    {fault.Hang(), nil, context.DeadlineExceeded, false, false},
		"sending": {fault.HangSending(3), nil, context.DeadlineExceeded, false, false},
		"waiting": {fault.HangWaiting(), nil, context.DeadlineExceeded, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, m := newStore(t)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
				defer cancel()
				s.Next("Put", c.fault)
				err := put(ctx, s, "k", "data")
				if c.kind == nil && c.cause == nil {
					if err != nil {
						t.Fatal(err)
					}
				} else {
					var e *storage.Error
					if !errors.As(err, &e) || e.Kind != c.kind || e.InDoubt != c.inDoubt {
						t.Fatalf("Put: %v (%+v), want kind %v, InDoubt %v", err, e, c.kind,
							c.inDoubt)
					}
					if c.cause != nil && !errors.Is(err, c.cause) {
						t.Errorf("Put: %v, want the cause %v", err, c.cause)
					}
				}
				if _, err := get(t.Context(), m, "k"); (err == nil) != c.carried {
					t.Errorf("the Store behind has the object: %v, want %v", err == nil, c.carried)
				}
				if err := put(t.Context(), s, "k", "again"); err != nil {
					t.Errorf("the next Put: %v", err)
				}
			})
		})
	}
}

// A client that gives up while a request is delivered for the second time does not know what became
// of the first, whatever a Store says of a context that had ended when it was called.
func TestTwiceCutShort(t *testing.T) {
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := fault.New(afterPut{m, cancel})
	s.Next("Put", fault.Twice())
	err = put(ctx, s, "k", "data")
	var e *storage.Error
	if !errors.As(err, &e) || !e.InDoubt || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled in doubt", err)
	}
	if data, err := get(t.Context(), m, "k"); data != "data" {
		t.Errorf("the first delivery left %q, %v", data, err)
	}
}

// So it is where the body says that, whose context is one above that of the call.
func TestTwiceCutByBody(t *testing.T) {
	for name, body := range map[string]io.ReadSeeker{
		"seek": &once{Reader: strings.NewReader("data"), seek: context.DeadlineExceeded},
		"read": &once{Reader: strings.NewReader("data"), read: context.DeadlineExceeded},
	} {
		s, m := newStore(t)
		s.Next("Put", fault.Twice())
		_, err := s.Put(t.Context(), "k", body, 4, &storage.PutOptions{})
		var e *storage.Error
		if !errors.As(err, &e) || !e.InDoubt || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want context.DeadlineExceeded in doubt", name, err)
		}
		if data, err := get(t.Context(), m, "k"); data != "data" {
			t.Errorf("%s: the first delivery left %q, %v", name, data, err)
		}
	}
}

// once is a body that ends with an error when it is sought, or read after that.
type once struct {
	*strings.Reader
	seek, read error
	sought     bool
}

func (o *once) Seek(offset int64, whence int) (int64, error) {
	if o.seek != nil {
		return 0, o.seek
	}
	o.sought = true
	return o.Reader.Seek(offset, whence)
}

func (o *once) Read(p []byte) (int, error) {
	if o.sought {
		return 0, o.read
	}
	return o.Reader.Read(p)
}

// afterPut is a Store that does something after each Put.
type afterPut struct {
	*memory.Store
	then func()
}

func (s afterPut) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	defer s.then()
	return s.Store.Put(ctx, key, body, size, opts)
}

func TestBodies(t *testing.T) {
	for name, c := range map[string]struct {
		fault fault.Fault
		want  string
		err   error
	}{
		"cut":         {fault.Cut(3), "dat", storage.ErrUnavailable},
		"cut at once": {fault.Cut(0), "", fault.ErrCut},
		"cut late":    {fault.Cut(4), "data", fault.ErrCut},
		"short":       {fault.Short(3), "dat", nil},
		"stall":       {fault.Stall(3), "dat", context.DeadlineExceeded},
		"flip":        {fault.Flip(1), "d\x9eta", nil},
		"flip behind": {fault.Flip(4), "data", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, m := newStore(t)
				if err := put(t.Context(), m, "k", "data"); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				s.Next("Get", c.fault)
				got, err := get(ctx, s, "k")
				if got != c.want || !errors.Is(err, c.err) {
					t.Errorf("Get = %q, %v, want %q, %v", got, err, c.want, c.err)
				}
				if got, err := get(t.Context(), s, "k"); got != "data" || err != nil {
					t.Errorf("the next Get = %q, %v", got, err)
				}
			})
		})
	}
}

func TestStallEndsWithClose(t *testing.T) {
	s, m := newStore(t)
	if err := put(t.Context(), m, "k", "data"); err != nil {
		t.Fatal(err)
	}
	s.Next("Get", fault.Stall(0))
	r, err := s.Get(t.Context(), "k", &storage.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := r.Body.Read(make([]byte, 1))
		done <- err
	}()
	for range 2 {
		if err := r.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; !errors.Is(err, storage.ErrClosed) {
		t.Errorf("Read = %v, want %v", err, storage.ErrClosed)
	}
}

func TestScript(t *testing.T) {
	for name, c := range map[string]struct {
		rules []fault.Rule
		want  string // one letter for each Put of a, b, a, b, a, b: x where it fails
	}{
		"none":           {nil, "......"},
		"once":           {[]fault.Rule{{Op: "Put"}}, "x....."},
		"any method":     {[]fault.Rule{{}}, "x....."},
		"another method": {[]fault.Rule{{Op: "Get", Times: fault.Always}}, "......"},
		"twice":          {[]fault.Rule{{Op: "Put", Times: 2}}, "xx...."},
		"always":         {[]fault.Rule{{Op: "Put", Times: fault.Always}}, "xxxxxx"},
		"third":          {[]fault.Rule{{Op: "Put", Skip: 2}}, "..x..."},
		"a key":          {[]fault.Rule{{Op: "Put", Key: "b", Times: fault.Always}}, ".x.x.x"},
		"second of key":  {[]fault.Rule{{Op: "Put", Key: "b", Skip: 1}}, "...x.."},
		"two rules": {[]fault.Rule{{Op: "Put", Skip: 1}, {Op: "Put", Skip: 3, Times: 2}},
			".x.xx."},
		"overlap":      {[]fault.Rule{{Op: "Put", Times: 2}, {Op: "Put", Times: 2}}, "xx...."},
		"from then on": {[]fault.Rule{{Op: "Put", Skip: 4, Times: fault.Always}}, "....xx"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newStore(t)
			for _, r := range c.rules {
				r.Fault = fault.Unsent()
				s.Add(r)
			}
			got := ""
			for range 3 {
				for _, key := range []string{"a", "b"} {
					if put(t.Context(), s, key, key) != nil {
						got += "x"
					} else {
						got += "."
					}
				}
			}
			if got != c.want {
				t.Errorf("puts %s, want %s", got, c.want)
			}
			s.Reset()
			if err := put(t.Context(), s, "a", "a"); err != nil || s.Count() != 1 {
				t.Errorf("after Reset: %v, %d calls", err, s.Count())
			}
		})
	}
}

// TestHooks shows when what else happens happens, and that it is neither counted nor faulty.
func TestHooks(t *testing.T) {
	s, _ := newStore(t)
	seen := ""
	hook := func(name string) fault.Hook {
		return func(ctx context.Context, inner storage.FullStore, c fault.Call) error {
			_, err := get(ctx, inner, c.Key)
			seen += name + " " + map[bool]string{true: "there", false: "missing"}[err == nil] + ";"
			return nil
		}
	}
	s.Next("Put", fault.Lost().Before(hook("before")).After(hook("after")))
	if err := put(t.Context(), s, "k", "data"); !errors.Is(err, fault.ErrLost) {
		t.Error(err)
	}
	if want := "before missing;after there;"; seen != want {
		t.Errorf("seen %q, want %q", seen, want)
	}
	stop := errors.New("stop")
	s.Next("Put", fault.None().Before(func(context.Context, storage.FullStore, fault.Call) error {
		return stop
	}))
	if err := put(t.Context(), s, "k", "data"); !errors.Is(err, stop) {
		t.Errorf("Put = %v, want the hook's error", err)
	}
	if n := s.Count("Get"); n != 0 {
		t.Errorf("%d Gets are counted, want none", n)
	}
}

// TestEveryMethod calls everything once through a Store without a script, then once with every call
// refused.
func TestEveryMethod(t *testing.T) {
	s, m := newStore(t)
	ctx := t.Context()
	if s.Unwrap() != storage.Store(m) {
		t.Error("Unwrap is not the Store behind")
	}
	var id string
	var part *storage.Part
	calls := []struct {
		op string
		do func() error
	}{
		{"Put", func() error { return put(ctx, s, "k", "data") }},
		{"Get", func() error { _, err := get(ctx, s, "k"); return err }},
		{"Stat", func() error { _, err := s.Stat(ctx, "k", &storage.StatOptions{}); return err }},
		{"ListPage", func() error {
			_, err := s.ListPage(ctx,
				&storage.ListOptions{Prefix: "k"})
			return err
		}},
		{"Copy", func() error {
			_, err := s.Copy(ctx, "k", "k",
				&storage.CopyOptions{})
			return err
		}},
		{"CreateUpload", func() (err error) {
			id, err = s.CreateUpload(ctx, "k",
				&storage.PutOptions{})
			return err
		}},
		{"CopyPart", func() error {
			_, err := s.CopyPart(ctx, "k", id, 2, "k", &storage.CopyPartOptions{SourceLength: 1})
			return err
		}},
		{"PutPart", func() (err error) {
			part, err = s.PutPart(ctx, "k", id, 1, bytes.NewReader([]byte("x")), 1,
				&storage.PartOptions{})
			return err
		}},
		{"ListPartsPage", func() error {
			_, err := s.ListPartsPage(ctx, "k", id,
				&storage.ListPartsOptions{})
			return err
		}},
		{"ListUploadsPage", func() error {
			_, err := s.ListUploadsPage(ctx,
				&storage.ListOptions{Prefix: "k"})
			return err
		}},
		{"CompleteUpload", func() error {
			_, err := s.CompleteUpload(ctx, "k", id, []*storage.Part{part}, &storage.PutOptions{})
			return err
		}},
		{"AbortUpload", func() error { return s.AbortUpload(ctx, "k", id) }},
		{"Delete", func() error { return s.Delete(ctx, "k", &storage.DeleteOptions{}) }},
		{"DeleteBatch", func() error {
			_, err := s.DeleteBatch(ctx, []string{"k"}, &storage.DeleteBatchOptions{})
			return err
		}},
	}
	var want, got []string
	for _, c := range calls {
		want = append(want, c.op)
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", c.op, err)
		}
	}
	for _, c := range s.Calls() {
		got = append(got, c.Op)
		if wantKey := "k"; c.Key != wantKey && c.Op != "DeleteBatch" {
			t.Errorf("%s has key %q, want %q", c.Op, c.Key, wantKey)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("calls (-want +got):\n%s", d)
	}
	if _, err := s.SignURL(ctx, "k", &storage.SignOptions{}); !errors.Is(err,
		errors.ErrUnsupported) {
		t.Errorf("SignURL = %v, want what memory says", err)
	}
	if got, want := s.PartLimits(&storage.PutOptions{}),
		m.PartLimits(&storage.PutOptions{}); got != want || s.MaxBatch() != m.MaxBatch() {
		t.Errorf("limits %+v, %d, want the Store's", got, s.MaxBatch())
	}

	s.Add(fault.Rule{Times: fault.Always, Fault: fault.Unsent()})
	for _, c := range calls {
		if err := c.do(); !errors.Is(err, fault.ErrUnsent) {
			t.Errorf("%s = %v, want %v", c.op, err, fault.ErrUnsent)
		}
	}
	if _, err := s.SignURL(ctx, "k", &storage.SignOptions{}); !errors.Is(err, fault.ErrUnsent) {
		t.Errorf("SignURL = %v, want %v", err, fault.ErrUnsent)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// A call that is delivered late leaves with the end of its context, in doubt, and happens then.
func TestLateCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		s := fault.New(inner)
		s.Next("Put", fault.Late())
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err = s.Put(ctx, "k", strings.NewReader("late"), 4, &storage.PutOptions{})
		var e *storage.Error
		if !errors.As(err, &e) || !e.InDoubt || !errors.Is(err, context.DeadlineExceeded) ||
			time.Since(start) != time.Hour {
			t.Errorf("Put: %v after %v, want one in doubt at the end of its context", err,
				time.Since(start))
		}
		s.Wait()
		o, err := inner.Stat(t.Context(), "k", &storage.StatOptions{})
		if err != nil || o.Size != 4 {
			t.Errorf("Stat: %v, %v", o, err)
		}
	})
}

// A call that is delivered late by some time arrives behind what was called in that time.
func TestLateByCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		s := fault.New(inner)
		s.Next("Put", fault.LateBy(time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		put := func(ctx context.Context, data string) error {
			_, err := s.Put(ctx, "k", strings.NewReader(data), int64(len(data)),
				&storage.PutOptions{})
			return err
		}
		if err := put(ctx, "late"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Put: %v, want one whose context has ended", err)
		}
		if err := put(t.Context(), "sooner"); err != nil {
			t.Error(err)
		}
		start := time.Now()
		s.Wait()
		if d := time.Since(start); d != time.Second {
			t.Errorf("it came after %v, want a second", d)
		}
		o, err := inner.Stat(t.Context(), "k", &storage.StatOptions{})
		if err != nil || o.Size != int64(len("late")) {
			t.Errorf("Stat: %v, %v", o, err)
		}
	})
}
