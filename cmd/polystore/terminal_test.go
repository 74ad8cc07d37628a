//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/polystore/storage/internal/testenv"
)

// onTerminal runs the command on a terminal, and returns what it has written there.
func onTerminal(t *testing.T, size pty.Winsize, env []string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(limited(t), "polystore", args...)
	// At its end it does not wait for other goroutines to race.
	c.Env = append(os.Environ(), "TERM=xterm", "GORACE=atexit_sleep_ms=0")
	c.Env = append(c.Env, env...)
	return ran(t, size, c)
}

func ran(t *testing.T, size pty.Winsize, c *exec.Cmd) string {
	t.Helper()
	p, err := pty.StartWithSize(c, &size)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var out bytes.Buffer
	io.Copy(&out, p) // its end is an error on Linux, when nobody has the other side open
	if err := c.Wait(); err != nil {
		t.Logf("the command: %v", err)
	}
	return out.String()
}

// frames are the drawings of a bar: each begins in the first column, and moves up over the last.
func frames(out string) []string {
	var all []string
	for _, f := range regexp.MustCompile(`\r(\x1b\[\d+A\x1b\[J)?`).Split(out, -1) {
		if f = strings.Trim(f, "\r\n"); f != "" {
			all = append(all, f)
		}
	}
	return all
}

var wide = pty.Winsize{Rows: 24, Cols: 100}

// newBucket is a directory with an object of n bytes.
func newBucket(t *testing.T, n int) (dir, url string) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // where the command keeps states
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), make([]byte, n), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir, "file://" + dir + "/key"
}

func TestBarOnTerminal(t *testing.T) {
	_, url := newBucket(t, 1_500_000)
	var out string
	var got []string
	for range 5 { // a machine that stands still for a moment draws nothing in it
		out = onTerminal(t, wide, []string{"NO_COLOR=1"},
			"get", "--bandwidth=1MB", url, filepath.Join(t.TempDir(), "file"))
		if got = frames(out); len(got) >= 8 {
			break
		}
	}
	// One and a half seconds, of which the first half second is without.
	if len(got) < 4 || len(got) > 25 {
		t.Errorf("%d drawings, want about 10:\n%q", len(got), out)
	}
	middle := regexp.MustCompile(
		`^ \d\d%  \[=*> *\]  +[\d.]+ [KM]iB/1\.4 MiB  [\d.]+ [KM]iB/s +0:0\d left$`)
	last := regexp.MustCompile(`^100%  \[=+\]  1\.4 MiB/1\.4 MiB  [\d.]+ [KM]iB/s +in 0:0\d$`)
	if n := len(got); !middle.MatchString(got[n/2]) || !last.MatchString(got[n-1]) {
		t.Errorf("drawn: %q ... %q", got[n/2], got[n-1])
	}
	if regexp.MustCompile(`\x1b\[[\d;]*m`).MatchString(out) {
		t.Errorf("there are colours: %q", out)
	}
}

// What takes no time is not worth a bar, unless it is asked for.
func TestShortOnTerminal(t *testing.T) {
	_, url := newBucket(t, 1000)
	file := filepath.Join(t.TempDir(), "file")
	out := onTerminal(t, wide, nil, "get", "--progress=always", url, file)
	if got := frames(out); len(got) == 0 || !strings.HasPrefix(got[len(got)-1], "100%  [") {
		t.Errorf("asked for: %q, want a bar", out)
	}
	for range 20 {
		start := time.Now()
		out := onTerminal(t, wide, nil, "get", url, file)
		if out == "" {
			return
		}
		// On a busy machine it can take the time of a bar.
		if time.Since(start) < barAfter {
			t.Fatalf("shown: %q, want nothing", out)
		}
	}
	testenv.NotRun(t, "a command that takes no time, on a terminal",
		"each took longer than "+barAfter.String())
}

// The terminals that cannot draw, and the forms of use where a bar would be in the way.
func TestNoBar(t *testing.T) {
	_, url := newBucket(t, 800_000)
	file := filepath.Join(t.TempDir(), "file")
	for name, test := range map[string]struct {
		env, args []string
	}{
		"dumb":   {[]string{"TERM=dumb"}, []string{"get", "--bandwidth=1MB", url, file}},
		"never":  {nil, []string{"get", "--progress=never", "--bandwidth=1MB", url, file}},
		"stdout": {nil, []string{"get", "--bandwidth=1MB", url, "-"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out := onTerminal(t, wide, test.env, test.args...); strings.Contains(out, "%") {
				t.Errorf("shown: %q", out)
			}
		})
	}
}

// A terminal that is said to have no columns gets a bar of the usual width, and a narrow one a line
// that fits.
func TestWidthOfTerminal(t *testing.T) {
	_, url := newBucket(t, 1000)
	file := filepath.Join(t.TempDir(), "file")
	for cols, want := range map[uint16]int{0: 79, 30: 29, 60: 59, 200: 199} {
		out := onTerminal(t, pty.Winsize{Rows: 24, Cols: cols}, nil,
			"get", "--progress=always", url, file)
		got := frames(out)
		if len(got) == 0 || !strings.Contains(got[len(got)-1], "100%") {
			t.Errorf("%d columns: %q, want a line", cols, out)
		}
		for _, f := range got {
			if len(f) > want {
				t.Errorf("%d columns: %q has %d", cols, f, len(f))
			}
		}
	}
}

// The terminal echoes ^C behind the bar. The next drawing covers both, and the last stays.
func TestCtrlC(t *testing.T) {
	_, url := newBucket(t, 10_000_000)
	dir := t.TempDir()
	c := exec.CommandContext(limited(t), "polystore", "get", "--progress=always",
		"--bandwidth=1MB", url, filepath.Join(dir, "file"))
	c.Env = append(os.Environ(), "TERM=xterm")
	p, err := pty.StartWithSize(c, &wide)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var out []byte
	for buf := make([]byte, 4096); ; {
		n, err := p.Read(buf)
		if out = append(out, buf[:n]...); err != nil {
			break
		}
		if !bytes.Contains(out, []byte("^C")) && bytes.Contains(out, []byte("% ")) {
			p.Write([]byte{3})
		}
	}
	c.Wait()
	if code := c.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	lines := shown(t, string(out))
	last := []string{
		`polystore: interrupted: DownloadFile "key": context canceled`,
		"polystore: the same command will go on from here", "",
	}
	if !strings.Contains(lines[0], "% ") || !slices.Equal(lines[1:], last) {
		t.Errorf("%q, want the bar and %q", lines, last)
	}
	kept, err := filepath.Glob(filepath.Join(dir, ".storage-*.part"))
	if err != nil || len(kept) != 1 {
		t.Errorf("%v, %v, want the bytes so far", kept, err)
	}
	again := exec.CommandContext(limited(t), "polystore", "get", url, filepath.Join(dir, "file"))
	if out, err := again.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("the same command: %v\n%s", err, out)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 || names[0].Name() != "file" {
		t.Errorf("%v, %v, want the file alone", names, err)
	}
	states, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "polystore", "*", "*"))
	if err != nil || len(states) > 0 {
		t.Errorf("%v are left, %v", states, err)
	}
}

// Messages and results are whole lines above the bar, which stays the last.
func TestLinesAboveBar(t *testing.T) {
	dir, _ := newBucket(t, 10)
	tree := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d", "key"} {
		err := os.WriteFile(filepath.Join(tree, name), make([]byte, 100_000), 0o666)
		if err != nil {
			t.Fatal(err)
		}
	}
	out := onTerminal(t, wide, nil, "cp", "-r", "-j1", "--progress=always", "--json",
		"--if-absent", "--bandwidth=500KB", tree, "file://"+dir)
	var results, failures, bars int
	lines := shown(t, out)
	for _, line := range lines {
		switch {
		case line == "":
		case regexp.MustCompile(`^\{"key":"[a-d]",.*\}$`).MatchString(line):
			results++
		case strings.HasPrefix(line, `polystore: UploadFile "key": object already exists`):
			failures++
		case strings.HasPrefix(line, "4/5 objects  1 failed  100%"):
			bars++
		default:
			t.Errorf("torn: %q", line)
		}
	}
	if results != 4 || failures != 1 || bars != 1 {
		t.Errorf("%d results, %d failures, %d bars in\n%s",
			results, failures, bars, strings.Join(lines, "\n"))
	}
	if n := len(frames(out)); n < 4 {
		t.Errorf("%d drawings in about a second", n)
	}
}

// Standard error is the terminal, standard output is none: its lines stay out of the bar.
func TestResultsBesideTerminal(t *testing.T) {
	_, url := newBucket(t, 1000)
	var stdout bytes.Buffer
	c := exec.CommandContext(limited(t), "polystore", "cp", "--json", "--progress=always", url,
		filepath.Join(t.TempDir(), "file"))
	c.Env = append(os.Environ(), "TERM=xterm")
	c.Stdout = &stdout
	out := ran(t, wide, c)
	if strings.Contains(out, `"key"`) || !strings.Contains(out, "100%") {
		t.Errorf("on the terminal: %q, want the bar alone", out)
	}
	lines := strings.Count(stdout.String(), "\n")
	if lines != 1 || !strings.HasPrefix(stdout.String(), "{") {
		t.Errorf("on standard output: %q, want one line", stdout.String())
	}
}
