package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// report is what docs/benchmarks.md is written from.
type report struct {
	tables []*table
	goals  []judged
	n      int
	about  machine
}

// machine is what the figures were measured on.
type machine struct {
	cpu, system, python, date string
}

// describe names the machine.
func describe(ctx context.Context) machine {
	m := machine{
		cpu: runtime.GOARCH, system: runtime.GOOS, date: time.Now().Format(time.DateOnly),
	}
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			if name, value, ok := strings.Cut(s.Text(), ":"); ok &&
				strings.TrimSpace(name) == "model name" {
				m.cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	if out, err := exec.CommandContext(ctx, "uname", "-sr").Output(); err == nil {
		m.system = strings.TrimSpace(string(out))
	}
	if out, err := exec.CommandContext(ctx, "python3", "--version").Output(); err == nil {
		m.python = strings.TrimSpace(string(out))
	}
	return m
}

// peers are the modules whose versions are named.
var peers = []string{
	"gocloud.dev", "github.com/minio/minio-go/v7",
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager",
	"github.com/aws/aws-sdk-go-v2/service/s3", "github.com/thanos-io/objstore",
	"cloud.google.com/go/storage", "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob",
	"github.com/parquet-go/parquet-go", "github.com/apache/arrow-go/v18",
}

// versions are the names and versions of what was measured.
func versions() []string {
	var out []string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if slices.Contains(peers, d.Path) {
				out = append(out, d.Path+" "+d.Version)
			}
		}
	}
	for _, p := range pythons {
		out = append(out, p.Package+" "+p.Version)
	}
	slices.Sort(out)
	return out
}

const introduction = `# Benchmarks

<!-- Written by make bench. -->

This file is written by ` + "`make bench`" + `, which runs everything below in one go. Every subject
runs in a process of its own against the same server. The subjects take turns, and each figure is
the median of its runs.

- **us** is this library with its defaults. The peers have their defaults, too. What a peer is
  asked for beyond them stands behind a colon: gocdk:parallel is AllowParallelDownload, minio:4 is
  ParallelWorkers 4 (upward ConcurrentStreamParts and NumThreads 4), us:list=8 is
  ListOptions.Concurrency 8. awscrt is told of a link of 10 Gb/s, and verifies checksums.
- **floor:CxP** is net/http with C connections and parts of P MiB, dialled within the measured
  time. The first request learns the size. It has no retries, no order in a stream, and checksums
  only with +crc. The best floor of the run, marked *, counts. Floors with 64 connections are shown
  and do not count. **os** is package os; its writes are durable.
- **× floor** is the figure in the column before it, divided by that of the floor. **us ×** is how
  many times as fast as the subject this library is: below 1 the subject wins.
- CPU is that of the measured process, user and system. Peak is its largest resident set. The
  process of a Go subject has all peers in it, and that of a Python subject the interpreter, so
  "grown" tells how much of the peak came with the work.
- Requests are counted by the server, connections by the proxy.

Unless a title says otherwise, the service is the server in benchmarks/server behind the proxy in
benchmarks/proxy, which are processes on the same machine: 20 ms for a round trip and 25 MB/s for
each connection. Downloads to files go to a file system in memory.
`

// writeMarkdown writes the report.
func writeMarkdown(path string, r report) error {
	var b strings.Builder
	b.WriteString(introduction)
	fmt.Fprintf(&b, "\nMeasured on %s: %s, %d cores, %s, %s, %s. Runs of each subject: %d.\n",
		r.about.date, r.about.cpu, runtime.NumCPU(), r.about.system, runtime.Version(),
		r.about.python, r.n)
	b.WriteString("\nVersions:\n\n")
	for _, v := range versions() {
		fmt.Fprintf(&b, "- %s\n", v)
	}
	if len(r.goals) > 0 {
		b.WriteString("\n## Goals\n\nFor this library with its defaults. A multiple of a peer " +
			"binds " +
			"up to 0.95 × the floor.\n\n")
		writeCells(&b, [][]string{{"row", "goal", "want", "got", ""}})
		for _, j := range r.goals {
			writeLine(&b, j.cells())
		}
	}
	for _, t := range r.tables {
		fmt.Fprintf(&b, "\n## %s\n\n`ROW=%s`\n\n", t.row.title, t.row.name)
		writeCells(&b, t.cells())
		if t.row.note != "" {
			fmt.Fprintf(&b, "\n%s\n", t.row.note)
		}
		for _, f := range t.failures() {
			fmt.Fprintf(&b, "\n%s\n", f)
		}
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// writeCells writes a table whose first line is its head.
func writeCells(b *strings.Builder, lines [][]string) {
	for i, line := range lines {
		writeLine(b, line)
		if i == 0 {
			b.WriteString("|---" + strings.Repeat("|---:", len(line)-1) + "|\n")
		}
	}
}

func writeLine(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
