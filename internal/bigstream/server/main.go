// Command server is the part of Cloud Storage and of Azure Blob Storage that one large object goes
// through, the latter at /azure, and keeps none of its bytes: it takes those of package pattern, in
// parts, holds their CRC-32C against it, and makes them anew where they are asked for. So objects
// of many GiB need neither its memory nor a disk, and its memory is not that of the client.
//
// With an argument it is far away: an answer takes a while, and a request moves as many bytes a
// second at the most. Then a client has as many requests at a time as it has memory for. It prints
// its URL and ends with its standard input.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/bigstream/pattern"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", l.Addr())
	s := &server{parts: make(map[string]*storage.Part)}
	if len(os.Args) > 1 {
		if s.rate, err = strconv.ParseInt(os.Args[1], 10, 64); err != nil {
			log.Fatal(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", s.far(s.gcs))
	mux.HandleFunc("/azure/", s.far(s.azure))
	go func() { log.Fatal(http.Serve(l, mux)) }()
	io.Copy(io.Discard, os.Stdin)
}

// trip is what an answer takes from far away.
const trip = 20 * time.Millisecond

func (s *server) far(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.rate > 0 {
			time.Sleep(trip)
		}
		h(w, r)
	}
}

// server has one object.
type server struct {
	rate   int64 // of a request, in bytes a second; 0: no limit
	mu     sync.Mutex
	parts  map[string]*storage.Part // by what its protocol calls them
	stored object
}

type object struct {
	size int64       // 0: there is none
	sum  []byte      // its CRC-32C
	meta http.Header // what came with it
}

func (s *server) object() object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stored
}

func (s *server) set(o object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored = o
	clear(s.parts)
}

// take reads a part.
func (s *server) take(name string, body io.Reader) (*storage.Part, error) {
	sum := crc32.New(castagnoli)
	n, err := s.move(sum, body)
	if err != nil {
		return nil, err
	}
	p := &storage.Part{Size: n, Checksums: storage.Checksums{CRC32C: sum.Sum(nil)}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[name] = p
	return p, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// join makes the object of the parts.
func (s *server) join(names []string, meta http.Header) error {
	o := object{meta: meta}
	var parts []*storage.Part
	for _, name := range names {
		s.mu.Lock()
		p := s.parts[name]
		s.mu.Unlock()
		if p == nil {
			return fmt.Errorf("no part %q", name)
		}
		parts = append(parts, p)
		o.size += p.Size
	}
	o.sum = storage.CombineChecksums(parts).CRC32C
	if len(o.sum) != 4 || binary.BigEndian.Uint32(o.sum) != pattern.CRC32C(o.size) {
		return errors.New("not the bytes of the pattern")
	}
	s.set(o)
	return nil
}

// serve sends o or, where it is asked for, a range of it.
func (s *server) serve(w http.ResponseWriter, o object, asked string) {
	begin, end, status := int64(0), o.size, http.StatusOK
	if asked != "" {
		from, to, _ := strings.Cut(strings.TrimPrefix(asked, "bytes="), "-")
		first, err := strconv.ParseInt(from, 10, 64)
		last, err2 := strconv.ParseInt(to, 10, 64)
		if to == "" {
			last, err2 = o.size-1, nil
		}
		if err != nil || err2 != nil || first > last || first >= o.size {
			http.Error(w, asked, http.StatusRequestedRangeNotSatisfiable)
			return
		}
		begin, end, status = first, min(last+1, o.size), http.StatusPartialContent
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", begin, end-1, o.size))
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.FormatInt(end-begin, 10))
	h.Set("Last-Modified", modified)
	w.WriteHeader(status)
	s.move(w, &pattern.Reader{Off: begin, End: end}) // fails only where nobody listens
}

// move copies all of r to w, as fast as it may.
func (s *server) move(w io.Writer, r io.Reader) (n int64, err error) {
	start, buf := time.Now(), make([]byte, 256<<10)
	for {
		k, err := r.Read(buf)
		if _, err := w.Write(buf[:k]); err != nil {
			return n, err
		}
		if n += int64(k); s.rate > 0 {
			due := time.Duration(float64(n) / float64(s.rate) * float64(time.Second))
			time.Sleep(due - time.Since(start))
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

var modified = time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC).Format(http.TimeFormat)

func encoded(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }
