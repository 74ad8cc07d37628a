package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/cupwriter"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// refresh is how long a drawing of the bar stays.
const refresh = 100 * time.Millisecond

// screen is standard error. While it shows a bar, what is written appears above the bar, in whole
// lines.
type screen struct {
	out io.Writer

	mu       sync.Mutex // guards the following, and the order of writes
	progress *mpb.Progress
	bar      *mpb.Bar
}

// Write writes whole lines.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress != nil {
		if n, err := s.progress.Write(p); err == nil {
			return n, nil
		} // the terminal is gone
	}
	return s.out.Write(p)
}

// show draws a bar until hide. line is asked for what it looks like.
func (s *screen) show(line func(width int) string) {
	f, ok := s.out.(*os.File)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	console := sized{cupwriter.New(fromTheLeft{f}, false)}
	console.SetTermFd(int(f.Fd()))
	s.progress = mpb.New(mpb.WithConsoleWriter(console), mpb.WithRefreshRate(refresh))
	fill := func(w io.Writer, stat decor.Statistics) error {
		// Some terminals begin a new line behind the last column.
		_, err := io.WriteString(w, line(max(stat.AvailableWidth-1, 1)))
		return err
	}
	s.bar = s.progress.New(0, filler(fill), mpb.BarFillerTrim())
}

// hide draws the bar for the last time and leaves it there.
func (s *screen) hide() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress == nil {
		return
	}
	s.bar.Abort(false)
	s.progress.Wait()
	s.progress = nil
}

type filler mpb.BarFillerFunc

func (f filler) Build() mpb.BarFiller { return mpb.BarFillerFunc(f) }

// fromTheLeft begins each drawing in the first column. The terminal may have echoed what the user
// typed, such as ^C.
type fromTheLeft struct{ w io.Writer }

func (l fromTheLeft) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	_, err := l.w.Write(append([]byte{'\r'}, p...))
	return len(p), err
}

// sized is a terminal that has a size. Some are said to have none.
type sized struct{ *cupwriter.Writer }

func (s sized) GetTermSize() (width, height int, err error) {
	width, height, err = s.Writer.GetTermSize()
	if width <= 0 || height <= 0 {
		width, height = 80, 24
	}
	return width, height, err
}

// fileOf is the file behind a standard stream, or nil.
func fileOf(stream any) *os.File {
	if s, ok := stream.(*screen); ok {
		stream = s.out
	}
	f, _ := stream.(*os.File)
	return f
}

func isTerminal(stream any) bool {
	f := fileOf(stream)
	return f != nil && term.IsTerminal(int(f.Fd()))
}

// sameTerminal reports whether what is written to a and to b appears in one place.
func sameTerminal(a, b any) bool {
	if !isTerminal(a) || !isTerminal(b) {
		return false
	}
	fa, err := fileOf(a).Stat()
	if err != nil {
		return false
	}
	fb, err := fileOf(b).Stat()
	return err == nil && os.SameFile(fa, fb)
}
