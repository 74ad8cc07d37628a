//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limited is the context of a command that is killed if it does not end.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// uploads is a service whose parts never end, and which tells of what it is asked.
type uploads struct {
	*httptest.Server
	part, abort chan struct{} // a value for the first request
	hang        bool          // aborts never end, either
}

func newUploads(t *testing.T, hang bool) *uploads {
	u := &uploads{part: make(chan struct{}, 1), abort: make(chan struct{}, 1), hang: hang}
	tell := func(c chan struct{}) {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		q := r.URL.Query()
		switch {
		case r.Method == http.MethodPost && q.Has("uploads"):
			fmt.Fprint(w, "<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>key</Key>"+
				"<UploadId>id</UploadId></InitiateMultipartUploadResult>")
		case r.Method == http.MethodPut:
			tell(u.part)
			<-r.Context().Done()
		case r.Method == http.MethodDelete && q.Has("uploadId"):
			tell(u.abort)
			if u.hang {
				<-r.Context().Done()
			}
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "<Error><Code>NoSuchUpload</Code></Error>")
		}
	}))
	t.Cleanup(u.Close)
	return u
}

// put is a command that writes a large object from standard input, which does not end.
func (u *uploads) put(t *testing.T, stderr io.Writer) *exec.Cmd {
	c := exec.CommandContext(limited(t), "polystore", "put", "-",
		"s3://bucket/key?provider=minio&region=eu-west-1&endpoint="+u.URL)
	c.Env = append(os.Environ(),
		"AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/none", "AWS_SHARED_CREDENTIALS_FILE=/none")
	c.Stderr = stderr
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		stdin.Write(make([]byte, 64<<20)) // it fails when the command has ended
	}()
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		<-done
	})
	return c
}

// A signal ends the transfer, the upload is aborted, and the exit code names the signal.
func TestSignals(t *testing.T) {
	for s, want := range map[syscall.Signal]struct {
		code int
		text string
	}{
		syscall.SIGINT:  {130, "polystore: interrupted: Put"},
		syscall.SIGTERM: {143, "polystore: terminated: Put"},
		syscall.SIGHUP:  {129, "polystore: hangup: Put"},
	} {
		t.Run(s.String(), func(t *testing.T) {
			if signal.Ignored(s) {
				t.Skipf("the tests were started with %v ignored, as nohup does", s)
			}
			u := newUploads(t, false)
			var stderr bytes.Buffer
			c := u.put(t, &stderr)
			<-u.part
			c.Process.Signal(s)
			c.Wait()
			if code := c.ProcessState.ExitCode(); code != want.code {
				t.Errorf("exit code %d, want %d", code, want.code)
			}
			if !strings.HasPrefix(stderr.String(), want.text) ||
				strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("standard error %q, want one line %q...", &stderr, want.text)
			}
			select {
			case <-u.abort:
			default:
				t.Error("the upload was not aborted")
			}
		})
	}
}

// Who does not want to wait for the cleaning up sends a second signal, and is told so.
func TestSecondSignal(t *testing.T) {
	u := newUploads(t, true)
	stderr, w := io.Pipe()
	defer stderr.Close()
	c := u.put(t, w)
	<-u.part
	c.Process.Signal(os.Interrupt)
	<-u.abort
	told, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil || !strings.Contains(told, "another signal ends the command at once") {
		t.Errorf("while it cleans up: %q, %v", told, err)
	}
	c.Process.Signal(os.Interrupt)
	c.Wait()
	ws := c.ProcessState.Sys().(syscall.WaitStatus)
	if !ws.Signaled() || ws.Signal() != syscall.SIGINT {
		t.Errorf("ended with %v, want by the second signal", c.ProcessState)
	}
}

// slowGet is a command that gets an object into a directory of its own, at 100 KB a second. It has
// begun.
func slowGet(t *testing.T, size int, args ...string) (c *exec.Cmd, dir string) {
	bucket, dir := t.TempDir(), t.TempDir()
	data := make([]byte, size)
	rand.Read(data)
	if err := os.WriteFile(filepath.Join(bucket, "key"), data, 0o666); err != nil {
		t.Fatal(err)
	}
	args = append(args, "polystore", "get", "--progress=json", "--bandwidth=100KB",
		"file://"+bucket+"/key", filepath.Join(dir, "file"))
	c = exec.CommandContext(limited(t), args[0], args[1:]...)
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	if _, err := bufio.NewReader(stderr).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return c, dir
}

// A download that is interrupted leaves nothing.
func TestSignalLeavesNoFile(t *testing.T) {
	c, dir := slowGet(t, 3_000_000) // which does not end while it is looked at
	begun, err := os.ReadDir(dir)
	if err != nil || len(begun) != 1 {
		t.Fatalf("while it is under way: %v, %v; want a temporary file", begun, err)
	}
	c.Process.Signal(os.Interrupt)
	c.Wait()
	if code := c.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What nohup has the command ignore, it ignores.
func TestIgnoredSignal(t *testing.T) {
	c, dir := slowGet(t, 300_000, "nohup")
	c.Process.Signal(syscall.SIGHUP)
	c.Wait()
	if code := c.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if fi, err := os.Stat(filepath.Join(dir, "file")); err != nil || fi.Size() != 300_000 {
		t.Errorf("%v, %v; want the whole file", fi, err)
	}
}

func TestInterrupted(t *testing.T) {
	s := &signalError{syscall.SIGINT}
	for _, test := range []struct {
		err  error
		text string
	}{
		{errReported, "interrupted"},
		{s, "interrupted"},
		{fmt.Errorf("wrapped: %w", s), "interrupted"},
		{errors.New("two\nlines"), "interrupted: two; lines"},
	} {
		e := &interruptedError{s, test.err}
		if e.Error() != test.text || exitCode(e) != 130 {
			t.Errorf("%v: %q, exit code %d; want %q, 130", test.err, e, exitCode(e), test.text)
		}
	}
}
