package instants

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage/internal/bubble"
)

// A connection that nobody uses is closed before a service closes it, S3 after 20 s, under a
// request that has begun.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := bubble.Serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		dial, dials := transport.DialContext, 0
		transport.DialContext = func(ctx context.Context, n, addr string) (net.Conn, error) {
			dials++
			return dial(ctx, n, addr)
		}
		client := &http.Client{Transport: transport}
		for _, c := range []struct {
			wait time.Duration
			want int // connections so far
		}{{0, 1}, {15*time.Second - time.Millisecond, 1}, {15 * time.Second, 2}} {
			time.Sleep(c.wait)
			synctest.Wait()
			resp, err := client.Get("http://service/")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if dials != c.want {
				t.Errorf("%d connections after %v, want %d", dials, c.wait, c.want)
			}
		}
	})
}
