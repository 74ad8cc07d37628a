package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// stallTimeout is short enough for a check and longer than the slowest link answers.
const stallTimeout = time.Second

// stalling makes a rig that soon takes a request for stalled.
func stalling(run func(ctx context.Context, r *rig) error) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		return run(ctx, e.rig(func(o *storage.Options) { o.StallTimeout = stallTimeout }))
	}
}

var stallChecks = []check{
	{
		name: "engine/stalled-request", feature: Engine,
		rule: "rule 17: a request in which no byte moves is cut after StallTimeout and " +
			"tried again",
		covers: []string{"Options.StallTimeout"},
		run:    stalling(stalledRequests),
	},
	{
		name: "engine/stalled-sending", feature: Engine,
		rule: "rule 17: a request that stalls while its body is sent is cut and sent again from " +
			"its beginning",
		run: stalling(func(ctx context.Context, r *rig) error {
			data := pattern(10_000, 1)
			r.script("Put", fault.HangSending(1000))
			o, err := r.b.Put(ctx, "k", bytes.NewReader(data), nil)
			r.wrote(ctx, "Put that stalls after 1000 bytes", "k", o, err, data)
			if calls := r.faults.Calls("Put"); len(calls) <
				2 { // more where a busy disk stalls, too
				r.errorf("Put that stalls after 1000 bytes: requests %v, want a second one", calls)
			}
			return nil
		}),
	},
	{
		name: "engine/stalled-body", feature: Engine,
		rule: "rule 17: a body that stalls is cut and taken up where it stopped",
		run: stalling(func(ctx context.Context, r *rig) error {
			data := pattern(readSize, 1)
			if _, err := r.put(ctx, r.key("k"), data, nil); err != nil {
				return err
			}
			r.script("Get", fault.Stall(1000))
			got, err := r.b.ReadAll(ctx, "k", single)
			if r.got("ReadAll of a body that stalls after 1000 bytes", err, nil) {
				r.same("ReadAll", got, data)
			}
			if calls := r.faults.Calls("Get"); len(calls) < 2 ||
				calls[1].Options.(storage.GetOptions).Offset != 1000 {
				r.errorf("ReadAll of a body that stalls after 1000 bytes: requests %v, want a "+
					"second one from there", calls)
			}
			r.script("Get", fault.Stall(0))
			if _, err := r.b.Download(ctx, "k", discardAt{}, nil); err != nil {
				r.errorf("Download of a body that stalls at once: %w", err)
			}
			return nil
		}),
	},
	{
		name: "engine/stalled-for-good", feature: Engine,
		rule: "rule 17: what stalls at every attempt is ErrUnavailable, and in doubt only where " +
			"it may have been carried out",
		run: stalling(func(ctx context.Context, r *rig) error {
			r.always("Put", fault.Hang())
			_, err := r.b.Put(ctx, "k", bytes.NewReader([]byte("k")), nil)
			r.got("Put that always stalls", err, storage.ErrUnavailable)
			r.called("Put that always stalls", "Put", 4)
			r.missing(ctx, r.key("k"))
			return nil
		}),
	},
	{
		name: "engine/slow-consumer", feature: Engine,
		rule: "rule 17: a reader that takes its time is no stall",
		run: stalling(func(ctx context.Context, r *rig) error {
			data := pattern(readSize, 1)
			if _, err := r.put(ctx, r.key("k"), data, nil); err != nil {
				return err
			}
			rd, err := r.b.Get(ctx, "k", nil)
			if err != nil {
				return err
			}
			defer rd.Close()
			head := make([]byte, 1000)
			_, err = io.ReadFull(rd, head)
			r.got("Read", err, nil)
			r.idle(ctx, 2*stallTimeout)
			tail, err := io.ReadAll(rd)
			if r.got("Read after a pause of twice the StallTimeout", err, nil) {
				r.same("Read", append(head, tail...), data)
			}
			r.called("a reader that pauses", "Get", 1)
			return nil
		}),
	},
	{
		name: "engine/slow-completion", feature: Engine, needs: []Feature{Multipart, Copy},
		rule: "rule 17: CompleteUpload and Copy, in which the service moves the bytes, may take " +
			"longer than StallTimeout: by their size, or 20 times as long where it is not known",
		run: stalling(func(ctx context.Context, r *rig) error {
			data := r.large(1)
			r.script("CompleteUpload", fault.Hang())
			start := r.calm.Now()
			o, err := r.b.Put(ctx, "k", bytes.NewReader(data), nil)
			r.wrote(ctx, "Put whose CompleteUpload hangs once", "k", o, err, data)
			if took := r.calm.Now() - start; took > 15*stallTimeout {
				r.errorf("Put of %d bytes whose CompleteUpload hangs once took %v", len(data), took)
			}
			r.script("Copy", fault.Delay(2*stallTimeout))
			o, err = r.b.Copy(ctx, "copy", "k", nil)
			r.wrote(ctx, "a slow Copy", "copy", o, err, data)
			r.called("a slow Copy", "Copy", 1)
			return nil
		}),
	},
}

// stalledRequests lets one request of each kind hang that is waited for before it has an answer.
func stalledRequests(ctx context.Context, r *rig) error {
	if _, err := r.put(ctx, r.key("k"), []byte("k"), nil); err != nil {
		return err
	}
	for _, c := range []struct {
		op string
		do func(name string) error
	}{
		{"Get", func(string) error { _, err := r.b.ReadAll(ctx, "k", nil); return err }},
		{"Stat", func(string) error { _, err := r.b.Stat(ctx, "k", nil); return err }},
		{"ListPage", func(string) error { _, err := r.b.ListPage(ctx, nil); return err }},
		{"Put", func(name string) error {
			_, err := r.b.Put(ctx, name,
				bytes.NewReader([]byte(name)), nil)
			return err
		}},
		{"Delete", func(string) error { return r.b.Delete(ctx, "k", nil) }},
	} {
		r.script(c.op, fault.Hang())
		r.got(fmt.Sprintf("%s that stalls once", c.op), c.do("new"), nil)
		if n := r.faults.Count(c.op); n < 2 {
			r.errorf("%s that stalls once: %d calls, want another attempt", c.op, n)
		}
	}
	r.holds(ctx, r.key("new"), []byte("new"))
	r.missing(ctx, r.key("k"))
	return nil
}

// discardAt takes bytes at any offset.
type discardAt struct{}

func (discardAt) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
