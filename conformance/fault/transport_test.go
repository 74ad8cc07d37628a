package fault_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/polystore/storage"
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

// hung is the end of a request that hangs although it should not.
const hung = time.Minute

// do makes a request; what it says is the status, some headers and the body, or the error.
func do(client *http.Client, method, url, body string, header ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), hung)
	defer cancel()
	return doUntil(ctx, client, method, url, body, header...)
}

func doUntil(
	ctx context.Context, client *http.Client, method, url, body string, header ...string,
) (string, error) {
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
	text := strconv.Itoa(resp.StatusCode)
	for _, name := range []string{"Content-Range", "Retry-After"} {
		if v := resp.Header.Get(name); v != "" {
			text += " " + name + "=" + v
		}
	}
	return text + " " + string(b), err
}

// overdue is a context whose deadline passes when its channel is closed.
type overdue struct {
	context.Context
	passed chan struct{}
}

func (o overdue) Done() <-chan struct{} { return o.passed }

func (o overdue) Err() error {
	select {
	case <-o.passed:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// passes lets the deadline pass some time behind the moment at which there is something to wait
// for, however long the machine takes until then.
func (o overdue) passes(there func() bool) {
	for end := time.Now().Add(hung); !there() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond)
	close(o.passed)
}

// httpFault is a fault, and what it does to a request.
type httpFault struct {
	fault   fault.Fault
	method  string
	want    string // what the client reads; "" for an error
	carried int    // how often the service carries it out

	header   []string      // of the request
	service  fault.Service // in whose dialect
	sent     string        // what the service reads; "": "hello"
	is       error         // of the error
	not      error         // what it is not
	takes    time.Duration // at least
	happened *atomic.Int32 // how often something happened beside it; nil: nothing can
	events   int32         // how often it should
}

// errRefused is any error of a caller's choice.
var errRefused = errors.New("refused")

// httpFaults are all faults of the kit: see TestEveryFault.
func httpFaults() []httpFault {
	const (
		all  = "200 0123456789"
		date = "Wed, 21 Oct 2015 07:28:00 GMT"
	)
	var at, before, after, unasked atomic.Int32
	hook := func(n *atomic.Int32) fault.Hook {
		return func(context.Context, storage.FullStore, fault.Call) error {
			n.Add(1)
			return nil
		}
	}
	return []httpFault{
		{fault: fault.None(), method: "GET", want: all, carried: 1},
		{fault: fault.None().Before(hook(&before)), method: "GET", want: all, carried: 1,
			happened: &before, events: 1},
		{fault: fault.None().After(hook(&after)), method: "GET", want: all, carried: 1,
			happened: &after, events: 1},
		{fault: fault.Unsent(), method: "PUT"},
		{fault: fault.NoHost(), method: "PUT"},
		{fault: fault.Refuse(errRefused), method: "PUT"},
		{fault: fault.Doubt(), method: "PUT", is: syscall.ECONNRESET},
		{fault: fault.Lost(), method: "PUT", carried: 1, is: syscall.ECONNRESET},
		{fault: fault.Twice(), method: "PUT", want: all, carried: 2},
		{fault: fault.Late(), method: "PUT", carried: 1, is: context.DeadlineExceeded},
		{fault: fault.LateBy(time.Millisecond), method: "PUT", carried: 1,
			is: context.DeadlineExceeded},
		{fault: fault.Hang(), method: "PUT", is: context.DeadlineExceeded},
		{fault: fault.HangSending(2), method: "PUT", is: context.DeadlineExceeded},
		{fault: fault.HangWaiting(), method: "PUT", carried: 1, is: context.DeadlineExceeded},
		{fault: fault.Delay(20 * time.Millisecond), method: "GET", want: all, carried: 1,
			takes: 20 * time.Millisecond},
		{fault: fault.Throttle(0), method: "PUT", want: "503 SlowDown\n"},
		{fault: fault.Throttle(1500 * time.Millisecond), method: "PUT",
			want: "503 Retry-After=2 SlowDown\n"},
		{fault: fault.Status(500, "Broken"), method: "PUT", want: "500 Broken\n"},
		{fault: fault.Status(503, "Busy", "Retry-After", "60"), method: "PUT",
			want: "503 Retry-After=60 Busy\n"},
		{fault: fault.Status(503, "Busy", "Retry-After", date), method: "PUT",
			want: "503 Retry-After=" + date + " Busy\n"},
		{fault: fault.Answer(418, "tea", "Retry-After", "1"), method: "PUT",
			want: "418 Retry-After=1 tea"},
		{fault: fault.Page(), method: "PUT", want: "200 <!DOCTYPE html>*<html>*</html>\n"},
		{fault: fault.Failed200(), method: "PUT", want: "200 InternalError\n"},
		{fault: fault.Failed200(), method: "PUT", service: fault.S3,
			want: "200 *<Error><Code>InternalError</Code>*"},
		{fault: fault.Skewed(), method: "PUT", service: fault.S3,
			want: "403 *<Code>RequestTimeTooSkewed</Code>*"},
		{fault: fault.Skewed(), method: "PUT", service: fault.GCS, want: "403 *forbidden*"},
		{fault: fault.Skewed(), method: "PUT", service: fault.Azure,
			want: "403 *<Code>AuthenticationFailed</Code>*"},
		{fault: fault.Expired(), method: "PUT", service: fault.S3,
			want: "400 *<Code>ExpiredToken</Code>*"},
		{fault: fault.Expired(), method: "PUT", service: fault.GCS, want: "401 *authError*"},
		{fault: fault.Expired(), method: "PUT", service: fault.Azure,
			want: "401 *<Code>InvalidAuthenticationInfo</Code>*"},
		{fault: fault.Status(500, "Broken").Carried(), method: "PUT", want: "500 Broken\n",
			carried: 1},
		{fault: fault.Answer(204, "").Carried(), method: "PUT", want: "204 ", carried: 1},
		{fault: fault.Failed200().Carried(), method: "PUT", want: "200 InternalError\n",
			carried: 1},
		{fault: fault.Page().Carried(), method: "PUT", want: "200 *<html>*", carried: 1},
		{fault: fault.Throttle(time.Second).Carried(), method: "PUT",
			want: "503 Retry-After=1 SlowDown\n", carried: 1},
		{fault: fault.Status(500, "Broken").After(hook(&unasked)), method: "PUT",
			want: "500 Broken\n", happened: &unasked},
		{fault: fault.Cut(3), method: "GET", carried: 1, is: io.ErrUnexpectedEOF,
			not: syscall.ECONNRESET},
		{fault: fault.Reset(3), method: "GET", carried: 1, is: syscall.ECONNRESET,
			not: io.ErrUnexpectedEOF},
		{fault: fault.Stall(3), method: "GET", carried: 1, is: context.DeadlineExceeded},
		{fault: fault.Drip(time.Second), method: "GET", carried: 1, is: context.DeadlineExceeded},
		{fault: fault.Drip(5 * time.Millisecond), method: "GET", want: all, carried: 1,
			takes: 50 * time.Millisecond},
		{fault: fault.Short(3), method: "GET", want: "200 012", carried: 1},
		{fault: fault.Flip(0), method: "GET", want: "200 \xcf123456789", carried: 1},
		{fault: fault.Long(2), method: "GET", want: all + "\x00\x00", carried: 1},
		{fault: fault.Length(2), method: "GET", carried: 1, is: io.ErrUnexpectedEOF},
		{fault: fault.Length(-2), method: "GET", want: "200 01234567", carried: 1},
		{fault: fault.Header("Content-Range", "x"), method: "GET",
			want: "200 Content-Range=x 0123456789", carried: 1},
		{fault: fault.Header("Content-Range", ""), method: "GET", want: "206 2345", carried: 1,
			header: []string{"Range", "bytes=2-5"}},
		{fault: fault.Range(1), method: "GET", want: "206 Content-Range=bytes 3-6/10 345\x00",
			carried: 1, header: []string{"Range", "bytes=2-5"}},
		{fault: fault.FlipSent(0), method: "PUT", want: all, carried: 1, sent: "\x97ello"},
		{fault: fault.At(4, func() { at.Add(1) }), method: "GET", want: all, carried: 1,
			happened: &at, events: 1},
	}
}

// Every fault does what it says to the client and to the service, in a Transport and in a Proxy. A
// Proxy's client sees what becomes of the connection, whatever the error of the Transport was.
func TestHTTPFaults(t *testing.T) {
	services := make(map[fault.Service]bool)
	for _, test := range httpFaults() {
		services[test.service] = true
	}
	for service := range services {
		sides(t, func(
			t *testing.T, f *fault.Transport, c *counter, client *http.Client, url string,
		) {
			f.Service = service
			for i, test := range httpFaults() {
				if test.service == service {
					test.try(t, f, c, client, fmt.Sprintf("%s/%d", url, i))
				}
			}
		})
	}
}

// try lets one request meet the fault.
func (test *httpFault) try(
	t *testing.T, f *fault.Transport, c *counter, client *http.Client, url string,
) {
	_, direct := client.Transport.(*fault.Transport)
	path := url[strings.LastIndex(url, "/"):]
	key := path[1:]
	if test.service != fault.Plain {
		key = "" // of a bucket's name
	}
	f.Reset()
	f.Add(fault.Rule{Key: key, Fault: test.fault})
	what := test.method + " " + path
	ctx, cancel := context.WithTimeout(t.Context(), hung)
	defer cancel()
	if test.is == context.DeadlineExceeded {
		o := overdue{context.Background(), make(chan struct{})}
		go o.passes(func() bool {
			// What is late is carried out behind the deadline.
			late := strings.HasPrefix(test.fault.String(), "Late")
			return f.Count() > 0 && (late || c.count(what) >= test.carried)
		})
		ctx = o
	}
	begin := time.Now()
	got, err := doUntil(ctx, client, test.method, url, "hello", test.header...)
	took := time.Since(begin)
	f.Wait()
	switch {
	case test.want == "" && err == nil, test.want != "" && (err != nil ||
		!matches(test.want, got)):
		t.Errorf("%v: %q, %v; want %q", test.fault, got, err, test.want)
	case test.is != nil && !errors.Is(err, test.is),
		test.not != nil && errors.Is(err, test.not):
		t.Errorf("%v: %v, want %v and not %v", test.fault, err, test.is, test.not)
	case direct && test.fault.String() == "Refuse" && !errors.Is(err, errRefused):
		t.Errorf("%v: %v, want %v", test.fault, err, errRefused)
	}
	if took < test.takes {
		t.Errorf("%v took %v, want %v", test.fault, took, test.takes)
	}
	if test.happened != nil && test.happened.Load() != test.events {
		t.Errorf("%v: its event happened %d times, want %d", test.fault,
			test.happened.Load(), test.events)
	}
	deadline := time.Now().Add(hung)
	for c.count(what) < test.carried && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if n := c.count(what); n != test.carried {
		t.Errorf("%v: the service carried it out %d times, want %d", test.fault, n,
			test.carried)
	}
	sent := cmp.Or(test.sent, "hello")
	if test.carried > 0 && c.last() != sent {
		t.Errorf("%v: the service read %q, want %q", test.fault, c.last(), sent)
	}
}

// matches reports whether text is pattern, where a star stands for any bytes.
func matches(pattern, text string) bool {
	pieces := strings.Split(pattern, "*")
	for i, p := range pieces {
		at := strings.Index(text, p)
		last := i > 0 && i == len(pieces)-1
		if at < 0 || i == 0 && at > 0 || last && !strings.HasSuffix(text, p) {
			return false
		}
		text = text[at+len(p):]
	}
	return text == "" || len(pieces) > 1
}

// The list of faults above has what the package exports: a fault that is new is not forgotten.
func TestEveryFault(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	exported := make(map[string]bool)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() || f.Type.Results == nil {
				continue
			}
			if r, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && r.Name == "Fault" {
				exported[f.Name.Name] = true
			}
		}
	}
	if len(exported) < 30 {
		t.Fatalf("the package has %d faults", len(exported))
	}
	text, err := os.ReadFile("transport_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "func httpFaults()")
	list, _, _ = strings.Cut(list, "\n}\n")
	for name := range exported {
		if !strings.Contains(list, "fault."+name+"(") && !strings.Contains(list, ")."+name+"(") {
			t.Errorf("%s is not in the list of httpFaults", name)
		}
	}
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
		{fault.Azure, "PUT", "http://127.0.0.1/acc/c/k", "x-ms-copy-source", "Copy", "k"},
		{fault.Azure, "PUT", "http://127.0.0.1/acc/c/k?comp=block", "x-ms-copy-source", "CopyPart",
			"k"},
		{fault.Azure, "PUT", "http://127.0.0.1/acc/c/k?comp=blocklist", "", "CompleteUpload", "k"},
		{fault.Azure, "GET", "http://127.0.0.1/acc/c/k?comp=blocklist", "", "ListPartsPage", "k"},
		{fault.Azure, "GET", container + "&comp=list&prefix=p", "", "ListPage", "p"},
		{fault.Azure, "POST", container + "&comp=batch", "", "DeleteBatch", ""},
		{fault.Azure, "GET", "http://127.0.0.1/acc/c/k?comp=tags", "", "Tags", "k"},
	} {
		req := httptest.NewRequest(test.method, test.url, nil)
		if test.header != "" {
			req.Header[test.header] = []string{"x"} // as it stands: an SDK writes it in lower case
		}
		if c := test.service.Classify(req); c.Op != test.op || c.Key != test.want {
			t.Errorf("%v: %s %s is %s of %q, want %s of %q",
				test.service, test.method, test.url, c.Op, c.Key, test.op, test.want)
		}
	}
}
