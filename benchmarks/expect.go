package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// expect tells how long a run of the rows will take: each as long as it did when its section was
// measured, and those without one as computed.
func (d *document) expect(chosen []row, n int) string {
	var total float64
	measured := 0
	for _, r := range chosen {
		if s := d.section(r.name); s != nil && s.Origin.Runs > 0 {
			measured++
			total += s.Seconds * float64(n) / float64(s.Origin.Runs)
		} else {
			total += r.expect(n).Seconds()
		}
	}
	return fmt.Sprintf("expected to take %.0f minutes: "+
		"%d rows as long as last time, %d as computed",
		math.Ceil(total/60), measured, len(chosen)-measured)
}

// expect computes how long n runs of a row take. Of the floors, the contenders run more than once.
func (r row) expect(n int) time.Duration {
	var seconds float64
	for _, name := range slices.Concat(r.subjects, r.shown) {
		seconds += float64(n) * r.once(name)
	}
	var floors []float64
	for _, name := range r.floors {
		floors = append(floors, r.once(name))
	}
	slices.Sort(floors)
	for i, f := range floors {
		seconds += f
		if i < contenders {
			seconds += float64(n-1) * f
		}
	}
	return time.Duration(seconds * float64(time.Second))
}

// once is roughly how many seconds one run of a subject takes. What moves no large object takes a
// few; a process takes one until it begins.
func (r row) once(name string) float64 {
	if r.size < mib {
		return 4
	}
	limit, each := 500e6, 500e6 // that two cores move, and that one connection does
	if c, ok := configs[r.way]; ok {
		each = c.PerConn
		if c.Total > 0 {
			limit = c.Total
		}
	}
	conns := 5.0
	switch c, _, ok := floorSize(name); {
	case ok:
		conns = float64(c)
	case r.width > 1:
		conns = float64(r.width)
	case oneConn(r.op, name):
		conns = 1
	case name == "us":
		conns = 32
	}
	bytes := float64(r.size) * float64(max(1, r.width))
	if r.op == "bothmany" {
		bytes *= 2
	}
	return 1 + bytes/min(limit, conns*each)
}

// oneConn tells whether a subject moves a large object through one connection.
func oneConn(op, name string) bool {
	switch op {
	case "get", "getfile":
		peers := []string{"gocdk", "minio", "aws", "thanos", "obstore", "gcs", "azblob"}
		return slices.Contains(peers, name) || strings.HasPrefix(name, "floor:1x")
	case "put":
		peers := []string{"minio", "gcs", "azblob"}
		return slices.Contains(peers, name) || strings.HasPrefix(name, "floor:1x")
	case "putfile":
		return name == "aws" || strings.HasPrefix(name, "floor:1x")
	}
	return strings.HasPrefix(name, "floor:1x")
}
