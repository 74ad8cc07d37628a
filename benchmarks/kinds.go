package main

import (
	"fmt"
	"math"
	"slices"
)

// kind is how rows of one sort are shown and compared.
type kind struct {
	columns []column // the first one is compared
	lower   bool     // the first column is better where it is lower
}

// column is one figure of a sample. A negative value is shown as unknown.
type column struct {
	head  string
	value func(sample) float64
	form  string
}

func per(v int64, n int64) float64 {
	if v < 0 {
		return -1
	}
	return float64(v) / float64(max(1, n))
}

func quantile(times []float64, q float64) float64 {
	if len(times) == 0 {
		return -1
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

var (
	rate = column{"MiB/s", func(s sample) float64 {
		return float64(s.Bytes>>10) / 1024 / s.Seconds
	}, "%.1f"}
	cpu = column{"CPU s/GiB", func(s sample) float64 {
		return s.CPU * float64(gib) / float64(max(1, s.Bytes))
	}, "%.2f"}
	peakRSS = column{"peak MiB", func(s sample) float64 {
		return float64(s.Peak >> 20)
	}, "%.0f"}
	grown = column{"grown MiB", func(s sample) float64 {
		return float64((s.Peak - s.Base) >> 20)
	}, "%.0f"}
	allocs = column{"allocs", func(s sample) float64 {
		return float64(s.Allocs)
	}, "%.0f"}
	requests = column{"requests", func(s sample) float64 {
		return float64(s.Requests)
	}, "%.0f"}
	conns = column{"conns", func(s sample) float64 {
		return float64(s.Conns)
	}, "%.0f"}
	share = column{"of the cap", func(s sample) float64 {
		return float64(s.Bytes) / s.Seconds / configs[narrow].Total
	}, "%.3f"}
	late = column{"conns, 2nd half", func(s sample) float64 {
		return float64(s.Late)
	}, "%.0f"}
	open = column{"most conns", func(s sample) float64 {
		return float64(s.Open)
	}, "%.0f"}
	spread = column{"slowest/fastest", func(s sample) float64 {
		if len(s.Times) == 0 {
			return -1
		}
		return slices.Max(s.Times) / slices.Min(s.Times)
	}, "%.2f"}
	millis = column{"ms", func(s sample) float64 {
		return s.Seconds * 1e3 / float64(max(1, s.Passes))
	}, "%.1f"}
	micros = column{"µs/op", func(s sample) float64 {
		return s.Seconds * 1e6 / float64(max(1, s.Ops))
	}, "%.1f"}
	cpuOp = column{"CPU µs/op", func(s sample) float64 {
		return s.CPU * 1e6 / float64(max(1, s.Ops))
	}, "%.1f"}
	cpuMillis = column{"CPU ms", func(s sample) float64 { return s.CPU * 1e3 }, "%.1f"}
	allocOp   = column{"allocs/op", func(s sample) float64 {
		return math.Round(10*per(s.Allocs, s.Ops)) / 10 // the runtime makes some, too
	}, "%.1f"}
	heapOp = column{"B/op", func(s sample) float64 {
		return per(s.Heap, s.Ops)
	}, "%.0f"}
	usual = column{"p50 µs", func(s sample) float64 { return quantile(s.Times, 0.50) * 1e6 },
		"%.1f"}
	p50 = column{"p50 ms", func(s sample) float64 {
		return quantile(s.Times, 0.50) * 1e3
	}, "%.2f"}
	p99 = column{"p99 ms", func(s sample) float64 {
		return quantile(s.Times, 0.99) * 1e3
	}, "%.2f"}
	opRate = column{"ops/s", func(s sample) float64 {
		return float64(s.Ops) / s.Seconds
	}, "%.0f"}
)

var (
	large  = &kind{columns: []column{rate, cpu, peakRSS, grown, allocs, requests, conns}}
	shared = &kind{columns: []column{
		rate, share, cpu, peakRSS, grown, allocs, requests, conns, late,
	}}
	crowd = &kind{columns: []column{rate, cpu, peakRSS, grown, allocs, requests, open, spread}}
	tiny  = &kind{columns: []column{
		usual, micros, cpuOp, allocOp, heapOp, peakRSS, requests, conns,
	}, lower: true}
	fastest = &kind{columns: []column{micros, cpuOp, allocOp, heapOp, peakRSS}, lower: true}
	tail    = &kind{columns: []column{p99, p50, opRate, cpuOp, allocOp, peakRSS, requests, conns},
		lower: true}
	listing = &kind{columns: []column{
		millis, opRate, cpuOp, allocOp, peakRSS, grown, requests, conns,
	}, lower: true}
	formats = &kind{columns: []column{millis, cpuMillis, allocs, peakRSS, requests, conns},
		lower: true}
	parallel = &kind{columns: []column{opRate, p99, cpuOp, allocOp, peakRSS}}
)

func (c column) text(v float64) string {
	if v < 0 {
		return "–"
	}
	return fmt.Sprintf(c.form, v)
}
