package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const introduction = `# Benchmarks

<!-- Written by make bench. -->

This file is written by ` + "`make bench`" + `, row by row, from the medians in benchmarks.json. All
figures of a row are of one run: every subject runs in a process of its own against the same server,
the subjects take turns, and each figure is the median of its runs. Rows are not compared with one
another, since they may be of different days. Each names its date, its machine and its commit, with
+ where that had been changed.

- **us** is this library with its defaults. The peers have their defaults, too. What a peer is
  asked for beyond them stands behind a colon: gocdk:parallel is AllowParallelDownload, minio:4 is
  ParallelWorkers 4 (upward ConcurrentStreamParts and NumThreads 4), us:list=1 is
  ListOptions.Concurrency 1, one page after the other, us:NoHedging is
  Options.NoHedging. awscrt is told of a link of 10 Gb/s, and verifies checksums. A download of us
  that ends without a CRC of the whole object fails, and a row that reads says which sum it was.
- **floor:CxP** is net/http with C connections and parts of P MiB, dialled within the measured
  time. The first request learns the size. It has no retries, no order in a stream, and checksums
  only with +crc. The best floor of the row, marked *, counts. A floor that is not among the three
  best of the first round runs once. Floors with 64 connections are shown and do not count. **os**
  is package os; its writes are durable.
- **× floor** is the figure in the column before it, divided by that of the floor. **us ×** is how
  many times as fast as the subject this library is: below 1 the subject wins.
- CPU is that of the measured process, user and system. Peak is its largest resident set. us and
  the floors run in a program that links no peer, but for GCS, Azure and Parquet files. The program
  of the peers in Go links all of them, which gives each a larger base than it has alone, and that
  of a peer in Python is the interpreter. "grown" tells how much of the peak came with the work.
- Requests are counted by the server, connections by the proxy or, where there is none, by the
  server. Those of the operations that warm a process up are among them.

Unless a title says otherwise, the service is the server in benchmarks/server behind the proxy in
benchmarks/proxy, which are processes on the same machine: 20 ms for a round trip and 25 MB/s for
each connection. Downloads to files go to a file system in memory.
`

// markdown renders the document: the goals of all rows, and a section for each.
func (d *document) markdown() string {
	var b strings.Builder
	b.WriteString(introduction)
	if len(d.Versions) > 0 {
		b.WriteString("\nVersions of the newest rows (those of a commit are in its " +
			"benchmarks/go.mod and python.go):\n\n")
	}
	for _, v := range d.Versions {
		fmt.Fprintf(&b, "- %s\n", v)
	}
	b.WriteString("\n## Goals\n\nFor this library with its defaults. A multiple of a peer binds " +
		"up to 0.95 × the floor.\n\n")
	writeCells(&b, [][]string{{"row", "goal", "want", "got", ""}})
	for _, j := range judge(d.section) {
		writeLine(&b, j.cells())
	}
	for _, r := range rows {
		fmt.Fprintf(&b, "\n## %s\n\n`ROW=%s`\n", r.title, r.name)
		s := d.section(r.name)
		if s == nil {
			b.WriteString("\nNot measured.\n")
			continue
		}
		fmt.Fprintf(&b, "\n%s\n\n", fold(s.Origin.String()))
		writeCells(&b, s.cells())
		if r.note != "" {
			fmt.Fprintf(&b, "\n%s\n", fold(r.note))
		}
		if r.verifies != "" {
			fmt.Fprintf(&b, "\n%s\n", fold("us verifies "+string(r.verifies)+"."))
		}
		for _, f := range s.failures() {
			fmt.Fprintf(&b, "\n%s\n", fold(f))
		}
	}
	return b.String()
}

// fold breaks text into lines of at most 100 columns.
func fold(text string) string {
	var b strings.Builder
	columns := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case columns+1+n > 100:
			b.WriteByte('\n')
			columns = 0
		default:
			b.WriteByte(' ')
			columns++
		}
		b.WriteString(word)
		columns += n
	}
	return b.String()
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
