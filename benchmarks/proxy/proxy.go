// Package proxy forwards TCP connections and makes the way long: a round-trip time, a cap on each
// connection, a cap on all connections together. It knows nothing of HTTP, moves bytes in large
// chunks, on Linux without copying them, and runs in a process of its own.
package proxy

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what the way is like. Connections keep the Config that they began with.
type Config struct {
	RTT     time.Duration // of a connection's handshake, and of a request and its response
	PerConn float64       // bytes per second of one connection in one direction; 0: no cap
	Total   float64       // bytes per second of all connections in one direction; 0: no cap
}

// Proxy listens on an address and forwards to another.
type Proxy struct {
	target string
	l      net.Listener

	mu     sync.Mutex
	config Config
	total  [2]*pacer // up, down

	stats stats
}

// Listen starts a Proxy of target on addr, such as "127.0.0.1:0".
func Listen(addr, target string) (*Proxy, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, l: l}
	p.Configure(Config{})
	return p, nil
}

// Addr is where the Proxy listens.
func (p *Proxy) Addr() string { return p.l.Addr().String() }

// Close ends the listening. Connections that are open go on.
func (p *Proxy) Close() error { return p.l.Close() }

// Configure changes the Config of the connections that are opened from now on.
func (p *Proxy) Configure(c Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = c
	p.total = [2]*pacer{newPacer(c.Total), newPacer(c.Total)}
}

// Serve forwards connections until the Proxy is closed.
func (p *Proxy) Serve() error {
	ended := make(chan struct{})
	defer close(ended)
	go p.stats.sample(ended)
	for {
		c, err := p.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go p.forward(c.(*net.TCPConn), time.Now())
	}
}

// forward serves one connection.
func (p *Proxy) forward(client *net.TCPConn, accepted time.Time) {
	defer client.Close()
	p.mu.Lock()
	config, total := p.config, p.total
	p.mu.Unlock()
	s, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	server := s.(*net.TCPConn)
	defer server.Close()
	var last atomic.Int64 // when bytes moved, for the statistics
	p.stats.open(&last)
	defer p.stats.closed(&last)
	// The kernel has accepted at once. Over the distance, the client would wait for a round trip
	// before it could send.
	up := &line{
		src: client, dst: server, delay: config.RTT / 2, notBefore: accepted.Add(config.RTT),
		caps: []*pacer{newPacer(config.PerConn), total[0]}, bytes: &p.stats.up, last: &last,
	}
	down := &line{
		src: server, dst: client, delay: config.RTT / 2,
		caps: []*pacer{newPacer(config.PerConn), total[1]}, bytes: &p.stats.down, last: &last,
	}
	var both sync.WaitGroup
	both.Go(up.run)
	both.Go(down.run)
	both.Wait()
}
