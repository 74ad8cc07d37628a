package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/polystore/storage/conformance/fault"
)

// counter is a service that counts what it carried out, by method and path.
type counter struct {
	mu   sync.Mutex
	seen map[string]int
	body string // of the last request
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	c.seen[r.Method+" "+r.URL.Path]++
	c.body = string(b)
	c.mu.Unlock()
	if r.Header.Get("Range") != "" {
		w.Header().Set("Content-Range", "bytes 2-5/10")
		w.Header().Set("Content-Length", "4")
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, "2345")
		return
	}
	w.Header().Set("Content-Length", "10")
	if r.Method != http.MethodHead {
		io.WriteString(w, "0123456789")
	}
}

func (c *counter) count(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[what]
}

func (c *counter) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.body
}

// sides are the two ways in which a request meets a fault.
func sides(
	t *testing.T,
	test func(
		t *testing.T, f *fault.Transport, c *counter, client *http.Client, url string,
	),
) {
	for _, side := range []string{"Transport", "Proxy"} {
		t.Run(side, func(t *testing.T) {
			c := &counter{seen: make(map[string]int)}
			server := httptest.NewServer(c)
			t.Cleanup(server.Close)
			base := &http.Transport{}
			t.Cleanup(base.CloseIdleConnections)
			f := &fault.Transport{Base: base}
			if side == "Transport" {
				test(t, f, c, &http.Client{Transport: f}, server.URL)
				return
			}
			p, err := fault.NewProxy(server.URL, f)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { p.Close() })
			own := &http.Transport{DisableKeepAlives: true}
			t.Cleanup(own.CloseIdleConnections)
			test(t, f, c, &http.Client{Transport: own}, p.URL)
		})
	}
}

// do makes a request within a time; what it says is the status and the body, or the error.
func do(client *http.Client, method, url, body string, header ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s %s", resp.StatusCode, resp.Header.Get("Content-Range"), b), err
}

// Every fault does what it says to the client and to the service, in a Transport and in a Proxy.
func TestHTTPFaults(t *testing.T) {
	sides(t, func(t *testing.T, f *fault.Transport, c *counter, client *http.Client, url string) {
		for i, test := range []struct {
			fault   fault.Fault
			method  string
			want    string // what the client reads; "" for an error
			carried int
		}{
			{fault.None(), "GET", "200  0123456789", 1},
			{fault.Unsent(), "PUT", "", 0},
			{fault.NoHost(), "PUT", "", 0},
			{fault.Doubt(), "PUT", "", 0},
			{fault.Lost(), "PUT", "", 1},
			{fault.Twice(), "PUT", "200  0123456789", 2},
			{fault.Late(), "PUT", "", 1},
			{fault.LateBy(time.Millisecond), "PUT", "", 1},
			{fault.Hang(), "PUT", "", 0},
			{fault.HangSending(2), "PUT", "", 0},
			{fault.HangWaiting(), "PUT", "", 1},
			{fault.Throttle(time.Second), "PUT", "503  SlowDown\n", 0},
			{fault.Status(500, "Broken"), "PUT", "500  Broken\n", 0},
			{fault.Status(500, "Broken").Carried(), "PUT", "500  Broken\n", 1},
			{fault.Answer(418, "tea"), "PUT", "418  tea", 0},
			{fault.Cut(3), "GET", "", 1},
			{fault.Reset(3), "GET", "", 1},
			{fault.Stall(3), "GET", "", 1},
			{fault.Drip(time.Second), "GET", "", 1},
			{fault.Short(3), "GET", "200  012", 1},
			{fault.Flip(0), "GET", "200  \xcf123456789", 1},
			{fault.Long(2), "GET", "200  0123456789\x00\x00", 1},
			{fault.Length(2), "GET", "", 1},
			{fault.Length(-2), "GET", "200  01234567", 1},
			{fault.Header("Content-Range", "x"), "GET", "200 x 0123456789", 1},
		} {
			path := fmt.Sprintf("/%d", i)
			f.Add(fault.Rule{Key: path[1:], Fault: test.fault})
			got, err := do(client, test.method, url+path, "hello")
			f.Wait()
			if test.want == "" && err == nil || test.want != "" && (err != nil ||
				got != test.want) {
				t.Errorf("%v: %q, %v; want %q", test.fault, got, err, test.want)
			}
			deadline := time.Now().Add(time.Second)
			for c.count(test.method+" "+path) < test.carried && time.Now().Before(deadline) {
				time.Sleep(time.Millisecond)
			}
			if n := c.count(test.method + " " + path); n != test.carried {
				t.Errorf("%v: the service carried it out %d times, want %d", test.fault, n,
					test.carried)
			}
		}
		f.Add(fault.Rule{Key: "r", Fault: fault.Range(1)})
		got, err := do(client, "GET", url+"/r", "", "Range", "bytes=2-5")
		if got != "206 bytes 3-6/10 345\x00" {
			t.Errorf("Range: %q, %v", got, err)
		}
		f.Add(fault.Rule{Key: "s", Fault: fault.FlipSent(0)})
		if _, err := do(client, "PUT", url+"/s", "hello"); err != nil || c.last() != "\x97ello" {
			t.Errorf("FlipSent: %q, %v", c.last(), err)
		}
		f.Add(fault.Rule{Key: "p", Fault: fault.Page()})
		if got, err := do(client, "GET", url+"/p", ""); !strings.Contains(got, "<html>") {
			t.Errorf("Page: %q, %v", got, err)
		}
		happened := false
		f.Add(fault.Rule{Key: "a", Fault: fault.At(4, func() { happened = true })})
		if got, err := do(client, "GET", url+"/a", ""); err != nil || !happened {
			t.Errorf("At: %q, %v, %v", got, err, happened)
		}
	})
}

func both(a, b error) func(error) bool {
	return func(err error) bool { return errors.Is(err, a) && errors.Is(err, b) }
}

// The errors of a Transport are those of a connection.
func TestErrors(t *testing.T) {
	f := &fault.Transport{Base: http.DefaultTransport}
	client := &http.Client{Transport: f}
	var dns *net.DNSError
	f.Next("", fault.NoHost(), fault.Unsent(), fault.Lost(), fault.Doubt())
	server := httptest.NewServer(&counter{seen: make(map[string]int)})
	defer server.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for i, want := range []func(error) bool{
		func(err error) bool { return errors.As(err, &dns) && errors.Is(err, fault.ErrUnsent) },
		both(syscall.ECONNREFUSED, fault.ErrUnsent),
		both(syscall.ECONNRESET, fault.ErrLost),
		both(syscall.ECONNRESET, fault.ErrLost),
	} {
		if _, err := do(client, "PUT", server.URL+"/k", "hello"); !want(err) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// The same seed makes the same calls meet a fault, whatever other keys do between them.
func TestSeed(t *testing.T) {
	met := func(seed uint64, others bool) (row string) {
		f := &fault.Transport{}
		f.SetSeed(seed)
		f.Add(fault.Rule{Times: fault.Always, Chance: 0.5, Fault: fault.Answer(500, "")})
		f.Add(fault.Rule{Times: fault.Always, Fault: fault.Answer(200, "")})
		client := &http.Client{Transport: f}
		for range 64 {
			if others {
				do(client, "GET", "http://h/other", "")
			}
			got, err := do(client, "GET", "http://h/k", "")
			if err != nil {
				t.Fatal(err)
			}
			row += got[:1]
		}
		if f.Seed() != seed {
			t.Errorf("Seed() = %d", f.Seed())
		}
		return row
	}
	one := met(1, false)
	if again := met(1, true); again != one {
		t.Errorf("the same seed: %s, then %s", one, again)
	}
	if two := met(2, false); two == one {
		t.Error("another seed, and the same calls met a fault")
	}
	if n := strings.Count(one, "5"); n < 16 || n > 48 {
		t.Errorf("%d of 64 calls met a fault of chance 0.5", n)
	}
	if (&fault.Transport{}).Seed() == 0 {
		t.Error("no seed")
	}
}

func TestClassify(t *testing.T) {
	const (
		gcsUpload = "http://h/upload/storage/v1/b/b/o"
		container = "http://127.0.0.1/acc/c?restype=container"
	)
	for _, test := range []struct {
		service          fault.Service
		method, url      string
		header, op, want string
	}{
		{fault.Plain, "PUT", "http://h/a/b", "", "Put", "a/b"},
		{fault.Plain, "GET", "http://h/?list&prefix=a/", "", "ListPage", "a/"},
		{fault.S3, "PUT", "http://h/b/k/l", "", "Put", "k/l"},
		{fault.S3, "PUT", "http://b.s3.eu-1.amazonaws.com/k/l", "", "Put", "k/l"},
		{fault.S3, "PUT", "http://h/b/k", "X-Amz-Copy-Source", "Copy", "k"},
		{fault.S3, "PUT", "http://h/b/k?partNumber=1&uploadId=u", "X-Amz-Copy-Source", "CopyPart",
			"k"},
		{fault.S3, "PUT", "http://h/b/k?partNumber=1&uploadId=u", "", "PutPart", "k"},
		{fault.S3, "POST", "http://h/b/k?uploadId=u", "", "CompleteUpload", "k"},
		{fault.S3, "DELETE", "http://h/b/k?uploadId=u", "", "AbortUpload", "k"},
		{fault.S3, "GET", "http://h/b/k?uploadId=u", "", "ListPartsPage", "k"},
		{fault.S3, "POST", "http://h/b/k?uploads", "", "CreateUpload", "k"},
		{fault.S3, "GET", "http://h/b?uploads&prefix=p", "", "ListUploadsPage", "p"},
		{fault.S3, "GET", "http://h/b/?list-type=2&prefix=p", "", "ListPage", "p"},
		{fault.S3, "POST", "http://h/b/?delete", "", "DeleteBatch", ""},
		{fault.S3, "GET", "http://h/b/k?tagging", "", "Tags", "k"},
		{fault.S3, "HEAD", "http://h/b/k", "", "Stat", "k"},
		{fault.S3, "DELETE", "http://h/b/k", "", "Delete", "k"},
		{fault.GCS, "GET", "http://h/storage/v1/b/b/o?prefix=p", "", "ListPage", "p"},
		{fault.GCS, "GET", "http://h/storage/v1/b/b/o/k%2Fl?alt=media", "", "Get", "k/l"},
		{fault.GCS, "GET", "http://h/storage/v1/b/b/o/k%2Fl?alt=json", "", "Stat", "k/l"},
		{fault.GCS, "DELETE", "http://h/storage/v1/b/b/o/k", "", "Delete", "k"},
		{fault.GCS, "POST", "http://h/storage/v1/b/b/o/k/rewriteTo/b/b/o/d%2Fe", "", "Copy", "d/e"},
		{fault.GCS, "POST", gcsUpload + "?uploadType=multipart&name=k", "", "Put", "k"},
		{fault.GCS, "POST", gcsUpload + "?uploadType=resumable&name=k", "", "CreateUpload", "k"},
		{fault.GCS, "GET", "http://h/b/k%2Fl", "", "Get", "k/l"},
		{fault.GCS, "POST", "http://h/b/k?uploads", "", "CreateUpload", "k"},
		{fault.Azure, "PUT", "http://127.0.0.1/acc/c/k/l", "", "Put", "k/l"},
		{fault.Azure, "PUT", "https://acc.blob.core.windows.net/c/k/l", "", "Put", "k/l"},
		{fault.Azure, "PUT", "http://127.0.0.1/acc/c/k?comp=block&blockid=x", "", "PutPart", "k"},
		{fault.Azure, "PUT", "http://127.0.0.1/acc/c/k?comp=block", "X-Ms-Copy-Source", "CopyPart",
			"k"},
		{fault.Azure, "PUT", "http://127.0.0.1/acc/c/k", "X-Ms-Copy-Source", "Copy", "k"},
		{fault.Azure, "PUT", "http://127.0.0.1/acc/c/k?comp=blocklist", "", "CompleteUpload", "k"},
		{fault.Azure, "GET", "http://127.0.0.1/acc/c/k?comp=blocklist", "", "ListPartsPage", "k"},
		{fault.Azure, "GET", container + "&comp=list&prefix=p", "", "ListPage", "p"},
		{fault.Azure, "POST", container + "&comp=batch", "", "DeleteBatch", ""},
		{fault.Azure, "GET", "http://127.0.0.1/acc/c/k?comp=tags", "", "Tags", "k"},
	} {
		req := httptest.NewRequest(test.method, test.url, nil)
		if test.header != "" {
			req.Header.Set(test.header, "x")
		}
		if c := test.service.Classify(req); c.Op != test.op || c.Key != test.want {
			t.Errorf("%v: %s %s is %s of %q, want %s of %q",
				test.service, test.method, test.url, c.Op, c.Key, test.op, test.want)
		}
	}
}
