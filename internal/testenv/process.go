package testenv

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
)

// process is a server's process.
type process struct {
	cmd  *exec.Cmd
	log  string        // the file with what it printed
	done chan struct{} // closed when it has ended
	err  error         // how; valid when done is closed
}

// startProcess starts exe in dir with nothing of our environment but PATH: settings for other
// servers are not for this one. What it prints goes to a file and not through a pipe, which would
// need a goroutine and could fill up.
func startProcess(exe string, args, env []string, dir string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(exe, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}, env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	p := &process{cmd: cmd, log: log.Name(), done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The signal of dieWithParent comes when the thread that started the process ends. So the
		// process gets a thread that lasts exactly as long as it does: this goroutine's, which is
		// never unlocked.
		runtime.LockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err != nil {
			p.err = err
			return
		}
		if p.err = cmd.Wait(); p.err == nil {
			p.err = errors.New("exit status 0")
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", exe, err)
	}
	return p, nil
}

// stop kills the process, and returns when it is gone. There is nothing that it could save: its
// data is thrown away.
func (p *process) stop() {
	p.cmd.Process.Kill() // fails only where it has ended by itself
	<-p.done
}

// stopAll stops processes, the last one first.
func stopAll(all []*process) {
	for _, p := range slices.Backward(all) {
		p.stop()
	}
}

// lastLines returns the end of what the process printed.
func (p *process) lastLines(n int) string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n")))
}
