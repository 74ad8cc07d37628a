package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// The values of --progress.
const (
	progressAuto   = "auto"
	progressNever  = "never"
	progressAlways = "always"
	progressJSON   = "json"
)

// How often progress is told, and how long a transfer takes at least that is worth a bar.
const (
	lineEvery = time.Second
	barAfter  = 500 * time.Millisecond
)

// display is a form of progress.
type display int

const (
	displayNone display = iota
	displayBar
	displayLines // for a log: no control characters
	displayJSON
)

// display says how progress is shown. On its own it is not, where it would be mixed with what the
// user reads or types.
func (a *app) display(mode string, src, dst location) display {
	capable := isTerminal(a.stderr) && os.Getenv("TERM") != "dumb"
	mixed := dst.stdio && isTerminal(a.stdout) || src.stdio && isTerminal(a.stdin)
	switch {
	case mode == progressJSON:
		return displayJSON
	case mode == progressNever:
		return displayNone
	case mode == progressAlways && !capable:
		return displayLines
	case mode == progressAlways || capable && !mixed:
		return displayBar
	}
	return displayNone
}

// showing is a progress that is shown until stop.
type showing struct {
	meter *meter // nil: there is nothing to show
	stop  func()
}

// show shows the progress of a command from src to dst.
func (a *app) show(mode string, tree bool, src, dst location) showing {
	d := a.display(mode, src, dst)
	if d == displayNone {
		return showing{stop: func() {}}
	}
	m := newMeter(tree, time.Now)
	stop := func() {}
	switch d {
	case displayBar:
		stop = a.showBar(m, mode == progressAlways, dst)
	case displayJSON:
		stop = every(lineEvery, m, a.progressJSON)
	case displayLines:
		stop = every(lineEvery, m, func(s state) { fmt.Fprintln(a.stderr, s.line(0)) })
	}
	return showing{m, stop}
}

// every prints the state of m in intervals of d, and once more when it is stopped.
func every(d time.Duration, m *meter, print func(state)) (stop func()) {
	var wg sync.WaitGroup
	ended := make(chan struct{})
	wg.Go(func() {
		t := time.NewTicker(d)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				print(m.state())
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		wg.Wait()
		m.end()
		print(m.state())
	}
}

// showBar draws a bar, at once or when the transfer has taken a while.
func (a *app) showBar(m *meter, atOnce bool, dst location) (stop func()) {
	s, ok := a.stderr.(*screen)
	if !ok {
		return func() {}
	}
	stdout := a.stdout
	if !dst.stdio && sameTerminal(stdout, s) {
		a.stdout = s // lines of JSON, which go above the bar
	}
	var (
		mu    sync.Mutex // guards final, and the beginning of the bar against its end
		final bool
	)
	draw := func() {
		mu.Lock()
		defer mu.Unlock()
		if !final {
			s.show(func(width int) string { return m.state().line(width) })
		}
	}
	t := time.AfterFunc(barAfter, draw)
	if atOnce && t.Stop() {
		draw()
	}
	return func() {
		t.Stop()
		mu.Lock()
		final = true
		mu.Unlock()
		m.end()
		s.hide()
		a.stdout = stdout
	}
}

// progressJSON prints s as one line on standard error. The names are what programs rely on.
func (a *app) progressJSON(s state) {
	line := struct {
		Type           string   `json:"type"`
		Seconds        float64  `json:"seconds"`
		Bytes          int64    `json:"bytes"`
		TotalBytes     *int64   `json:"totalBytes,omitempty"`
		Objects        int64    `json:"objects"`
		FailedObjects  int64    `json:"failedObjects"`
		TotalObjects   int64    `json:"totalObjects"`
		Listing        bool     `json:"listing"`
		BytesPerSecond int64    `json:"bytesPerSecond"`
		SecondsLeft    *float64 `json:"secondsLeft,omitempty"`
		Final          bool     `json:"final"`
	}{
		Type: "progress", Seconds: seconds(s.elapsed), Bytes: s.bytes,
		Objects: s.objects, FailedObjects: s.failed, TotalObjects: s.expected,
		Listing: s.listing, BytesPerSecond: int64(s.rate), Final: s.final,
	}
	if s.total >= 0 {
		line.TotalBytes = &s.total
	}
	if s.left >= 0 {
		left := seconds(s.left)
		line.SecondsLeft = &left
	}
	json.NewEncoder(a.stderr).Encode(line)
}

// seconds is d in seconds, to the millisecond.
func seconds(d time.Duration) float64 { return d.Round(time.Millisecond).Seconds() }
