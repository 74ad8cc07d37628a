package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo listens, and sends back what it gets.
func echo(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			io.Copy(c, c) // fails where the other side has gone
			c.Close()
		}
	}()
	return l.Addr().String()
}

// through starts a Proxy and connects to it.
func through(t *testing.T, c Config) (*Proxy, *net.TCPConn) {
	p, err := Listen("127.0.0.1:0", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	p.Configure(c)
	done := make(chan error)
	go func() { done <- p.Serve() }()
	t.Cleanup(func() {
		p.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return p, conn.(*net.TCPConn)
}

// send sends data and returns what came back, and when.
func send(t *testing.T, c *net.TCPConn, data []byte) ([]byte, time.Duration) {
	begin := time.Now()
	go func() {
		c.Write(data) // what does not arrive is missed below
		c.CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return got, time.Since(begin)
}

func TestBytes(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB
	p, c := through(t, Config{})
	got, _ := send(t, c, data)
	if !bytes.Equal(got, data) {
		t.Errorf("%d bytes came back, or others; want %d", len(got), len(data))
	}
	st := p.Stats()
	if n := int64(len(data)); st.Up != n || st.Down != n || st.Conns != 1 || st.Peak != 1 {
		t.Errorf("Stats() = %+v, want %d bytes on 1 connection", st, n)
	}
}

func TestRoundTrip(t *testing.T) {
	const rtt = 40 * time.Millisecond
	_, c := through(t, Config{RTT: rtt})
	// One for the handshake, one for the answer.
	if _, took := send(t, c, []byte("x")); took < 2*rtt-5*time.Millisecond {
		t.Errorf("a first answer came after %v, want %v", took, 2*rtt)
	}
}

// An answer in many small pieces travels as fast as one in few. The sleeps keep the pieces apart.
func TestSmallPieces(t *testing.T) {
	const rtt = time.Second
	var took time.Duration
	for range 3 { // the machine may run something else in one of them
		if took = smallPieces(t, rtt); took <= rtt*14/10 {
			return
		}
	}
	t.Errorf("the last of small pieces came back %v after it was sent, want about %v", took, rtt)
}

// smallPieces is how long the last of some pieces takes, forth and back.
func smallPieces(t *testing.T, rtt time.Duration) time.Duration {
	const pieces = 64
	_, c := through(t, Config{RTT: rtt})
	c.Write([]byte{0})
	if _, err := c.Read(make([]byte, 1)); err != nil { // the handshake is over
		t.Fatal(err)
	}
	sent := make(chan time.Time, 1)
	go func() {
		for range pieces {
			c.Write(make([]byte, 1<<10)) // what does not arrive is missed below
			time.Sleep(time.Millisecond)
		}
		sent <- time.Now()
		c.CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil || len(got) != pieces<<10 {
		t.Fatalf("%d bytes came back, %v; want %d", len(got), err, pieces<<10)
	}
	return time.Since(<-sent)
}

func TestCaps(t *testing.T) {
	data := make([]byte, 2<<20)
	want := time.Duration(float64(len(data)) / 20e6 * float64(time.Second))
	for name, config := range map[string]Config{
		"Connection": {PerConn: 20e6}, "Total": {Total: 20e6},
	} {
		t.Run(name, func(t *testing.T) {
			_, c := through(t, config)
			if _, took := send(t, c, data); took < want*9/10 {
				t.Errorf("%d bytes took %v, want %v", len(data), took, want)
			}
		})
	}
}

// A connection whose server is not there ends.
func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	p, err := Listen("127.0.0.1:0", addr)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- p.Serve() }()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("Read = %v, want io.EOF", err)
	}
	p.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
