package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/polystore/storage/benchmarks/proxy"
	"github.com/polystore/storage/benchmarks/server"
	"github.com/polystore/storage/internal/gcsfake"
)

// serve is the process of the server. It prints where it serves and where it is controlled, and
// ends with its standard input.
func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	dir := flags.String("dir", "", "directory for the objects")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s := server.New(*dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go (&http.Server{Handler: s, ConnState: s.ConnState}).Serve(l) // ends with the process
	mux := counting(s)
	mux.HandleFunc("/faults", take(func(f server.Faults) error { s.Fail(f); return nil }))
	mux.HandleFunc("/make", take(func(o making) error {
		switch {
		case o.Keys != nil:
			s.KeepAll(o.Key, o.Keys, int(o.Size))
		case o.Data != nil:
			s.Keep(o.Key, o.Data)
		default:
			return s.Make(o.Key, o.Size)
		}
		return nil
	}))
	mux.HandleFunc("/fill", take(s.Fill))
	mux.HandleFunc("/remove", take(func(key string) error { s.Remove(key); return nil }))
	mux.HandleFunc("/object", func(w http.ResponseWriter, r *http.Request) {
		size, crc, ok := s.Object(r.URL.Query().Get("key"))
		reply(w, kept{size, crc, ok})
	})
	return control(l.Addr().String(), mux)
}

// serveGCS is the process of the fake of Google Cloud Storage.
func serveGCS() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fake, tally := gcsfake.New(gcsfake.Options{Buckets: []string{bucket}}), new(server.Tally)
	// Ends with the process.
	go (&http.Server{Handler: tally.Handler(fake), ConnState: tally.ConnState}).Serve(l)
	return control(l.Addr().String(), counting(tally))
}

// counting is the control of what counts requests.
func counting(s interface {
	Reset()
	Stats() server.Stats
}) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/reset", func(http.ResponseWriter, *http.Request) { s.Reset() })
	mux.HandleFunc("/stats", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.Stats()) })
	return mux
}

// making is what the server is asked to make: a large object of Size bytes under Key, one with
// Data, or small ones of Size bytes under Keys, in place of all below the prefix Key.
type making struct {
	Key  string
	Size int64
	Data []byte
	Keys []string
}

// kept is what the server has.
type kept struct {
	Size int64
	CRC  uint32
	OK   bool
}

// serveProxy is the process of the proxy.
func serveProxy(args []string) error {
	flags := flag.NewFlagSet("proxy", flag.ContinueOnError)
	target := flags.String("target", "", "address to forward to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p, err := proxy.Listen("127.0.0.1:0", *target)
	if err != nil {
		return err
	}
	go p.Serve() // ends with the process
	mux := http.NewServeMux()
	mux.HandleFunc("/reset", func(http.ResponseWriter, *http.Request) { p.Reset() })
	mux.HandleFunc("/stats", func(w http.ResponseWriter, _ *http.Request) { reply(w, p.Stats()) })
	mux.HandleFunc("/configure", take(func(c proxy.Config) error { p.Configure(c); return nil }))
	return control(p.Addr(), mux)
}

func reply(w http.ResponseWriter, v any) { json.NewEncoder(w).Encode(v) }

func take[T any](do func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var v T
		err := json.NewDecoder(r.Body).Decode(&v)
		if err == nil {
			err = do(v)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// control serves mux until standard input ends, that is, as long as the parent lives.
func control(addr string, mux *http.ServeMux) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(l, mux) // ends with the process
	fmt.Println(addr, l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// process is one of those above, seen from the parent.
type process struct {
	Addr    string
	control string
	stop    func()
}

// start starts this program with args.
func start(args ...string) (*process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(exe, args...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{stop: sync.OnceFunc(func() {
		stdin.Close()
		cmd.Wait() // it ends with its standard input
	})}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("%s: %w", args[0], err)
	}
	p.Addr, p.control, _ = strings.Cut(strings.TrimSpace(line), " ")
	return p, nil
}

// ask sends in, which can be nil, and decodes the answer into out, which can be nil.
func (p *process) ask(path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	resp, err := http.Post("http://"+p.control+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, err := io.ReadAll(resp.Body)
		return errors.Join(fmt.Errorf("%s: %s: %s", path, resp.Status, text), err)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
