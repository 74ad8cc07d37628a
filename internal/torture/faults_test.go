package torture

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// quick are the options of Buckets below which requests fail: they try again at once.
var quick = storage.Options{Retry: storage.RetryOptions{
	Attempts: 6, MinDelay: time.Millisecond, MaxDelay: 4 * time.Millisecond, Budget: -1,
}}

// writeFaults and readFaults are what happens to a request, each as likely as the others.
var (
	writeFaults = []func(*rand.Rand) fault.Fault{
		func(*rand.Rand) fault.Fault { return fault.Lost() },
		func(*rand.Rand) fault.Fault { return fault.Lost() },
		func(*rand.Rand) fault.Fault { return fault.Twice() },
		func(*rand.Rand) fault.Fault { return fault.Doubt() },
		func(*rand.Rand) fault.Fault { return fault.Unsent() },
		func(*rand.Rand) fault.Fault { return fault.Throttle(0) },
		slow,
	}
	readFaults = []func(*rand.Rand) fault.Fault{
		func(*rand.Rand) fault.Fault { return fault.Lost() },
		func(*rand.Rand) fault.Fault { return fault.Unsent() },
		func(*rand.Rand) fault.Fault { return fault.Throttle(0) },
		func(r *rand.Rand) fault.Fault { return fault.Cut(r.Int64N(200)) },
		func(r *rand.Rand) fault.Fault { return fault.Short(r.Int64N(200)) },
		func(r *rand.Rand) fault.Fault { return fault.Flip(r.Int64N(50)) },
		slow,
	}
)

func slow(r *rand.Rand) fault.Fault {
	return fault.Delay(time.Duration(r.IntN(5_000)) * time.Microsecond)
}

// late gives a request up, which arrives some time behind that: before the next attempt, between
// others, or when its call has ended. It needs callers who give up.
func late(r *rand.Rand) fault.Fault {
	return fault.LateBy(time.Duration(r.IntN(30_000)) * time.Microsecond)
}

var faulty = map[string][]func(*rand.Rand) fault.Fault{
	"Put": writeFaults, "Delete": writeFaults, "Copy": writeFaults, "CompleteUpload": writeFaults,
	"PutPart": writeFaults, "CreateUpload": writeFaults, "DeleteBatch": writeFaults,
	"Get": readFaults, "Stat": readFaults, "ListPage": readFaults,
}

// writes are the methods whose requests may be late: what reads does nothing then.
var writes = map[string]bool{
	"Put": true, "Delete": true, "Copy": true, "CompleteUpload": true, "PutPart": true,
}

// ofParts are the methods that make an object in parts.
var ofParts = map[string]bool{"CreateUpload": true, "PutPart": true, "CompleteUpload": true}

// met counts the requests that met a fault.
type met struct{ all, ofParts atomic.Int64 }

// count is what comes before a fault.
func (m *met) count(_ context.Context, _ storage.FullStore, c fault.Call) error {
	m.all.Add(1)
	if ofParts[c.Op] {
		m.ofParts.Add(1)
	}
	return nil
}

// plan gives about one of every in the next calls of each method a fault, out of so many calls. One
// of eight writes that get one is late.
func plan(s *fault.Store, seed uint64, every, calls int) *met {
	m := new(met)
	r := rand.New(rand.NewPCG(seed, 1))
	for _, op := range []string{
		"Put", "Delete", "Copy", "CompleteUpload", "PutPart", "CreateUpload", "DeleteBatch", "Get",
		"Stat", "ListPage",
	} {
		kinds := faulty[op]
		for i := range calls {
			if r.IntN(every) == 0 {
				f := kinds[r.IntN(len(kinds))](r)
				if writes[op] && r.IntN(8) == 0 {
					f = late(r)
				}
				s.Add(fault.Rule{Op: op, Skip: i, Fault: f.Before(m.count)})
			}
		}
	}
	return m
}
