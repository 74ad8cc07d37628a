package testenv

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A test process that is killed takes its server along, and the next one removes the data.
func TestKilledProcess(t *testing.T) {
	const childEnv = "POLYSTORE_TESTENV_CHILD"
	if os.Getenv(childEnv) != "" {
		child(t)
		return
	}
	requireServers(t, "versitygw")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcess$")
	cmd.Env = append(os.Environ(), childEnv+"=1")
	stdin, err := cmd.StdinPipe() // keeps the child waiting
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Errorf("the child said %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	cmd.Wait() // signal: killed
	var addr, data string
	if _, err := fmt.Sscanf(line, "%q %q\n", &addr, &data); err != nil {
		t.Fatalf("the child said %q: %v", line, err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	// Not by its process ID: who is to reap it is not said.
	for conn, err := net.Dial("tcp", addr); err == nil; conn, err = net.Dial("tcp", addr) {
		conn.Close()
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the server is still there")
		}
	}
	d, err := newDataDir(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer d.remove()
	if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the data is still there: %v", err)
	}
}

// child starts a server, says which, and waits to be killed.
func child(t *testing.T) {
	k := versityGWKind("versitygw", false)
	s, err := k.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	fmt.Printf("%q %q\n", strings.TrimPrefix(s.Endpoint, "http://"), s.data.path)
	os.Stdin.Read(make([]byte, 1))
}
