package hostile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/stub"
)

const (
	// tolerated is how much an answer may add to the heap, in bytes, and patience how long a call
	// may take.
	tolerated = 256 << 20
	patience  = time.Minute

	// most is how much of an answer without an end is sent at most, in bytes: by then it was read
	// to memory, or nobody was to read it.
	most = 512 << 20
)

// endless writes text until nobody listens any more.
func endless(w io.Writer, text string) {
	block := []byte(strings.Repeat(text, 64<<10/len(text)))
	for n := 0; n < most; n += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// growth returns by how much the live and the dead objects on the heap grew at most while f ran.
func growth(f func()) int64 {
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // what is dead does not count for long
	before := heap()
	var peak atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(time.Millisecond); ; {
			peak.Store(max(peak.Load(), heap()))
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	f()
	close(stop)
	<-done
	return max(peak.Load(), heap()) - before
}

func heap() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// laughs expands to 10^9 times its text, if somebody expands it.
func laughs() string {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY l0 \"ha\">")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "<!ENTITY l%d %q>", i, strings.Repeat(fmt.Sprintf("&l%d;", i-1), 10))
	}
	b.WriteString("]>")
	return b.String()
}

// flood is an answer that is too much: what it begins with, what is then repeated without an end or
// times, and what is behind.
type flood struct {
	name, of    string // of: the service whose lists it is like
	status      int
	begin, rest string
	times       int // 0: without an end
	end         string
}

func floods() []flood {
	const nested, page = 1e6, httpdriver.MaxDocument - 1000
	f := []flood{
		{name: "bytes", status: 200, rest: "a"},
		{name: "an error", status: 400, begin: "<Error><Code>", rest: "a"},
		{name: "an error of JSON", status: 400, begin: `{"error":{"message":"`, rest: "a"},
		{name: "a nested error", status: 400, begin: "<Error>", rest: "<a>", times: nested},
		{name: "a nested error of JSON", status: 400, begin: `{"error":`, rest: `[`, times: nested},
		{name: "nested objects", status: 200, rest: `{"items":`, times: nested},
		{
			name: "laughs", status: 200, begin: laughs() + "<ListBucketResult><Name>b</Name>" +
				"<Contents><Key>&l9;</Key></Contents></ListBucketResult>", rest: " ", times: 1,
		},
	}
	for _, l := range [...]struct{ of, begin, one, text, end string }{
		{
			"S3", "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>",
			"<Contents/>", "<Contents><Key>", "</ListBucketResult>",
		},
		{
			"Azure", `<EnumerationResults ContainerName="c"><Blobs>`,
			"<Blob><Properties/></Blob>", "<Blob><Name>", "</Blobs></EnumerationResults>",
		},
		{"GCS", `{"kind":"l","items":[{"name":"k"}`, ",{}", `,{"name":"`, "]}"},
		{"GCS", `{"kind":"l","prefixes":["p/"`, `,""`, `,"`, "]}"},
	} {
		f = append(f,
			flood{name: "a list", of: l.of, status: 200, begin: l.begin, rest: l.one},
			flood{
				name: "a full page", of: l.of, status: 200, begin: l.begin, rest: l.one,
				times: page / len(l.one), end: l.end,
			},
			flood{name: "a nested list", of: l.of, status: 200, begin: l.begin, rest: "<a>"},
			flood{name: "a key", of: l.of, status: 200, begin: l.begin + l.text, rest: "a"},
		)
	}
	return f
}

// flooded are the calls whose answers are documents of different kinds.
var flooded = []string{
	"Stat", "ListPage", "WriteAll", "WriteAll IfAbsent", "PutReaderAt", "ResumeWriter",
	"DeleteMany",
	"Copy", "CleanUploads",
}

// Floods checks that answers of any size and depth take bounded memory and time: pages, refusals,
// what is no document at all.
func (p *Provider) Floods(t *testing.T) {
	var now atomic.Pointer[flood]
	at := stub.New(t, func(w http.ResponseWriter, r *stub.Request) {
		f := now.Load()
		w.Header().Set("Content-Type", "application/xml")
		w.Header().Set("ETag", `"1"`)
		w.WriteHeader(f.status)
		if r.Method == http.MethodHead {
			return
		}
		io.WriteString(w, f.begin)
		if f.times == 0 {
			endless(w, f.rest)
		}
		io.WriteString(w, strings.Repeat(f.rest, f.times))
		io.WriteString(w, f.end)
	})
	now.Store(&flood{status: 404})
	s, err := p.Open(t.Context(), at.URL, at.Client())
	if err != nil {
		t.Fatal(err)
	}
	o := Options()
	o.Retry.Attempts = 1
	b := storage.New(s, o)
	defer b.Close()
	for _, f := range floods() {
		if f.of != "" && f.of != p.Lists {
			continue
		}
		now.Store(&f)
		for _, call := range Calls() {
			if f.of == "" && slices.Contains(flooded, call.Name) || call.Name == "ListPage" {
				flooding(t, fmt.Sprintf("%s, %s", call.Name, f.name), b, call)
			}
		}
	}
}

func flooding(t *testing.T, name string, b *storage.Bucket, call Call) {
	var grown int64
	var err error
	for range 3 { // on a busy machine the garbage collector may come late
		if grown, err = call.flood(t, name, b); grown <= tolerated {
			break
		}
	}
	// The first failure is the last: what has no bound takes minutes for each call.
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%s: %v", name, err)
	}
	if grown > tolerated {
		t.Fatalf("%s: it took %d MiB", name, grown>>20)
	}
	if err != nil && len(err.Error()) > 8<<10 {
		t.Fatalf("%s: an error of %d bytes", name, len(err.Error()))
	}
}

// flood makes one call, and returns what it took and its error.
func (c Call) flood(t *testing.T, name string, b *storage.Bucket) (grown int64, err error) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	start := time.Now()
	grown = growth(func() { err = c.Do(ctx, b, dir) })
	t.Logf("%s: %d MiB, %v", name, grown>>20, time.Since(start).Round(time.Millisecond))
	return grown, err
}
