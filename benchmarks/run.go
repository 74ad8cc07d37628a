package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/polystore/storage/benchmarks/columnar"
	"github.com/polystore/storage/benchmarks/measure"
	"github.com/polystore/storage/benchmarks/pattern"
	"github.com/polystore/storage/benchmarks/proxy"
	"github.com/polystore/storage/benchmarks/server"
	"github.com/polystore/storage/benchmarks/subject/us"
	"github.com/polystore/storage/benchmarks/work"
)

// sample is one run of one subject. What was not counted is -1.
type sample struct {
	measure.Result
	Requests int64
	Conns    int // opened
	Open     int // most at a time
	Late     int // active in the second half, in the median
}

// proxied tells whether the way goes through a proxy, and served whether it ends at the server.
func (w way) proxied() bool { _, ok := configs[w]; return ok }
func (w way) served() bool  { return w.proxied() && w != farGCS || w == direct || w == azure }

// counter is the process that counts the requests of a way, or nil.
func (p *place) counter(w way) *process {
	switch {
	case w.served():
		return p.server
	case w == gcs, w == farGCS:
		return p.gcs
	}
	return nil
}

// prepare makes what all runs of a row use.
func (p *place) prepare(ctx context.Context, r row) (work.Task, error) {
	target, err := p.target(ctx, r.way)
	if err != nil {
		return work.Task{}, err
	}
	t := work.Task{
		Op: r.op, Target: target, Size: r.size, Count: r.count, Width: r.width, Passes: r.passes,
		Key: fmt.Sprintf("object-%d", r.size), Prefix: "small/",
	}
	if r.way == farAzure {
		t.Key = "azure-" + t.Key // the server's objects have no names of their own for Azure
	}
	if r.way == inMemory {
		t.Target.Prefix, t.Target.Count = t.Prefix, t.Count
	}
	switch r.op {
	case "get", "getmany":
		err = p.object(ctx, r.way, t.Key, r.size)
	case "getfile":
		t.Path = filepath.Join(p.dir, "download")
		err = p.object(ctx, r.way, t.Key, r.size)
	case "bothmany":
		if err := p.object(ctx, r.way, t.Key, r.size); err != nil {
			return t, err
		}
		t.Path, err = p.file(r.size)
	case "put", "putfile", "putmany":
		t.Key = "upload"
		t.Path, err = p.file(r.size)
	case "zip", "parquet", "arrow":
		t.Key = "format-" + r.op
		var data []byte
		if r.op == "zip" {
			data, err = makeZip()
		} else {
			data, err = columnar.MakeTable()
		}
		if err == nil {
			err = p.server.ask("/make", making{Key: t.Key, Data: data}, nil)
		}
	case "read", "stat", "list":
		err = p.smallObjects(ctx, r, t)
	}
	if err == nil && r.way.served() {
		err = p.server.ask("/faults", r.faults, nil)
	}
	return t, err
}

// smallObjects makes the small objects of a row.
func (p *place) smallObjects(ctx context.Context, r row, t work.Task) error {
	all := keys(t.Prefix, r.shape, r.count)
	switch {
	case r.way == azure && r.op == "read": // written below: the sum of a blob is in its metadata
	case r.way.served():
		return p.server.ask("/make", making{Key: t.Prefix, Keys: all, Size: r.size}, nil)
	case r.way == disk && r.op == "list":
		return smallFiles(t.Target.Dir, all, int(r.size))
	case r.way == disk: // what is read was written by a bucket, with its attributes
		if err := emptyDir(t.Target.Dir); err != nil {
			return err
		}
	case r.way == inMemory:
		return nil // the process makes its own
	}
	s, err := us.Open(ctx, t.Target, "")
	if err != nil {
		return err
	}
	data := make([]byte, r.size)
	var writes errgroup.Group
	writes.SetLimit(64)
	for _, key := range all {
		writes.Go(func() error { return s.Write(ctx, key, data) })
	}
	return writes.Wait()
}

func emptyDir(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o755)
}

func smallFiles(dir string, keys []string, size int) error {
	data := make([]byte, size)
	if err := emptyDir(dir); err != nil {
		return err
	}
	made := make(map[string]bool)
	for _, key := range keys {
		path := filepath.Join(dir, filepath.FromSlash(key))
		if d := filepath.Dir(path); !made[d] {
			made[d] = true
			if err := os.MkdirAll(d, 0o755); err != nil {
				return err
			}
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// limit is how long one run may take.
const limit = 5 * time.Minute

// measure runs a task in a process of its own.
func (p *place) measure(ctx context.Context, r row, t work.Task) (sample, error) {
	s := sample{Requests: -1, Conns: -1, Open: -1, Late: -1}
	if err := p.before(ctx, r, t); err != nil {
		return s, err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return s, err
	}
	args, err := p.command(ctx, t)
	if err != nil {
		s.Err = err.Error()
		return s, nil
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(timed, args[0], append(args[1:], string(text))...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return s, ctx.Err()
	}
	if err != nil {
		// A subject that hangs or crashes does not end the run.
		s.Err = errors.Join(err, timed.Err()).Error()
		return s, nil
	}
	if err := json.Unmarshal(out, &s.Result); err != nil {
		return s, fmt.Errorf("%w in %q", err, out)
	}
	if s.Err != "" {
		return s, nil
	}
	if err := p.count(r, &s); err != nil {
		return s, err
	}
	return s, p.after(ctx, r, t, &s)
}

// before makes what each run needs anew, and begins to count.
func (p *place) before(ctx context.Context, r row, t work.Task) error {
	switch {
	case r.op == "delete" || r.op == "deletemany":
		if err := p.smallObjects(ctx, r, t); err != nil {
			return err
		}
	case r.op == "write" && r.way.served():
		none := making{Key: t.Prefix, Keys: []string{}}
		if err := p.server.ask("/make", none, nil); err != nil {
			return err
		}
	case r.op == "write" && r.way == disk:
		if err := emptyDir(t.Target.Dir); err != nil {
			return err
		}
	}
	if r.way == minio {
		if err := p.emptyTrash(); err != nil {
			return err
		}
	}
	if c := p.counter(r.way); c != nil {
		if err := c.ask("/reset", nil, nil); err != nil {
			return err
		}
	}
	if far := p.proxyOf(r.way); far != nil {
		return far.settle()
	}
	return nil
}

// settle begins the statistics of a proxy anew, once the connections of the process before are
// gone: they would count among the most that were open at a time.
func (p *process) settle() error {
	for range 100 {
		var st proxy.Stats
		err := errors.Join(p.ask("/reset", nil, nil), p.ask("/stats", nil, &st))
		if err != nil || st.Peak == 0 {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("the proxy has connections that no process is behind")
}

// count fills what the server and the proxy counted.
func (p *place) count(r row, s *sample) error {
	if c := p.counter(r.way); c != nil {
		var st server.Stats
		if err := c.ask("/stats", nil, &st); err != nil {
			return err
		}
		s.Requests, s.Conns = st.Requests, int(st.Conns)
	}
	if far := p.proxyOf(r.way); far != nil {
		var st proxy.Stats
		if err := far.ask("/stats", nil, &st); err != nil {
			return err
		}
		s.Conns, s.Open, s.Late = st.Conns, st.Peak, lateConns(st, s.Seconds)
	}
	return nil
}

// lateConns is how many connections were active in the second half of the run, in the median.
func lateConns(st proxy.Stats, seconds float64) int {
	n := len(st.Active)
	half := min(n, int(seconds/st.Interval/2))
	if half == 0 {
		return -1
	}
	// The last samples are from after the run.
	end := min(n, int(seconds/st.Interval))
	active := slices.Sorted(slices.Values(st.Active[end-half : end]))
	return active[len(active)/2]
}

// after looks at what a run left, and removes it.
func (p *place) after(ctx context.Context, r row, t work.Task, s *sample) error {
	switch r.op {
	case "getfile":
		return os.Remove(t.Path)
	case "deletemany":
		var left kept
		last := fmt.Sprintf("%s%08d", t.Prefix, t.Count-1)
		if err := p.server.ask("/object?key="+last, nil, &left); err != nil {
			return err
		}
		if left.OK {
			s.Err = last + " is still there"
		}
	case "put", "putfile":
		if r.way == minio {
			return us.Remove(ctx, t.Target, t.Key)
		}
		if r.way == farGCS {
			return p.checkGCS(ctx, t, s)
		}
		if err := p.check(t.Key, t.Size); err != nil {
			s.Err = err.Error()
		}
		return p.server.ask("/remove", t.Key, nil)
	case "putmany", "bothmany":
		for i := range t.Width {
			if err := p.check(fmt.Sprintf("upload-%d", i), t.Size); err != nil {
				s.Err = err.Error()
			}
		}
		return p.server.ask("/make", making{Key: "upload-", Keys: []string{}}, nil)
	}
	return nil
}

// check tells whether an upload became the pattern.
func (p *place) check(key string, size int64) error {
	var got kept
	if err := p.server.ask("/object?key="+key, nil, &got); err != nil {
		return err
	}
	return p.compare(got, size)
}

func (p *place) compare(got kept, size int64) error {
	want, ok := p.sums[size]
	if !ok {
		want = pattern.CRC(size)
		p.sums[size] = want
	}
	if !got.OK || got.Size != size || got.CRC != want {
		return fmt.Errorf("the object is not the source: %+v", got)
	}
	return nil
}
