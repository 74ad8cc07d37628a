// Package floor measures what a client can do at best, without a library.
package floor

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/polystore/storage/benchmarks/subject"
)

// floor is net/http with a fixed number of connections and a fixed size of parts, which is what a
// client can do at best that knows the link in advance. It signs, and leaves out everything else:
// no retries, no order in a stream, no checksums unless it is asked for them.
type floor struct {
	subject.None
	t      subject.Target
	conns  int
	part   int64
	sum    bool // CRC32C of every byte
	client *http.Client
	signer *v4.Signer
	creds  aws.Credentials
	parts  sync.Pool // of buffers
}

// Open takes "16x4" for 16 connections and parts of 4 MiB, and "16x4+crc" with checksums.
func Open(_ context.Context, t subject.Target, arg string) (subject.Subject, error) {
	arg, sum := strings.CutSuffix(arg, "+crc")
	var conns int
	var part int64
	if _, err := fmt.Sscanf(arg, "%dx%d", &conns, &part); err != nil {
		return nil, fmt.Errorf("floor:%s: want CONNECTIONSxMIB: %w", arg, err)
	}
	part <<= 20
	return &floor{
		t: t, conns: conns, part: part, sum: sum,
		parts: sync.Pool{New: func() any { b := make([]byte, part); return &b }},
		client: &http.Client{Transport: &http.Transport{
			// All transfers at once share the connections.
			MaxConnsPerHost: conns, MaxIdleConnsPerHost: conns, DisableCompression: true,
			ReadBufferSize: 64 << 10, WriteBufferSize: 64 << 10,
		}},
		signer: v4.NewSigner(),
		creds:  aws.Credentials{AccessKeyID: t.AccessKey, SecretAccessKey: t.SecretKey},
	}, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// pieces is the pool of what is read or sent at once.
const piece = 256 << 10

var pieces = sync.Pool{New: func() any { b := make([]byte, piece); return &b }}

// do sends one signed request, and returns its response if that is a success.
func (f *floor) do(
	ctx context.Context, method, path string, body io.Reader, size int64, header http.Header,
) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, f.t.Endpoint+"/"+f.t.Bucket+"/"+path, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	for name, values := range header {
		req.Header[name] = values
	}
	const hash = "UNSIGNED-PAYLOAD"
	req.Header.Set("X-Amz-Content-Sha256", hash)
	err = f.signer.SignHTTP(ctx, f.creds, req, hash, "s3", f.t.Region, time.Now())
	if err != nil {
		return nil, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // the status says enough
		resp.Body.Close()
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	return resp, nil
}

// discard reads the rest of a response, so that its connection is used again.
func discard(resp *http.Response) error {
	defer resp.Body.Close()
	_, err := io.Copy(io.Discard, resp.Body)
	return err
}

// Get counts the bytes and gives w nothing: the parts come in any order.
func (f *floor) Get(ctx context.Context, key string, w io.Writer) error {
	return f.get(ctx, key, nil)
}

func (f *floor) GetFile(ctx context.Context, key, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := f.get(ctx, key, file); err != nil {
		return err
	}
	return file.Sync()
}

func (f *floor) get(ctx context.Context, key string, w io.WriterAt) error {
	if f.conns == 1 {
		resp, err := f.do(ctx, http.MethodGet, key, nil, 0, nil)
		if err != nil {
			return err
		}
		return f.receive(resp, 0, w)
	}
	// The first request learns the size.
	resp, err := f.do(ctx, http.MethodGet, key, nil, 0,
		http.Header{"Range": {fmt.Sprintf("bytes=0-%d", f.part-1)}})
	if err != nil {
		return err
	}
	_, total, _ := strings.Cut(resp.Header.Get("Content-Range"), "/")
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		resp.Body.Close()
		return err
	}
	var next atomic.Int64
	next.Store(f.part)
	return f.each(func(i int) error {
		if i == 0 {
			if err := f.receive(resp, 0, w); err != nil {
				return err
			}
		}
		for {
			off := next.Add(f.part) - f.part
			if off >= size {
				return nil
			}
			resp, err := f.do(ctx, http.MethodGet, key, nil, 0, http.Header{
				"Range": {fmt.Sprintf("bytes=%d-%d", off, min(off+f.part, size)-1)},
			})
			if err != nil {
				return err
			}
			if err := f.receive(resp, off, w); err != nil {
				return err
			}
		}
	})
}

// receive reads a response, and writes it to w if there is one.
func (f *floor) receive(resp *http.Response, off int64, w io.WriterAt) error {
	defer resp.Body.Close()
	buf := pieces.Get().(*[]byte)
	defer pieces.Put(buf)
	var sum uint32
	for {
		n, err := resp.Body.Read(*buf)
		if f.sum {
			sum = crc32.Update(sum, castagnoli, (*buf)[:n])
		}
		if w != nil {
			if _, err := w.WriteAt((*buf)[:n], off); err != nil {
				return err
			}
		}
		off += int64(n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// each runs work once for each connection.
func (f *floor) each(work func(i int) error) error {
	var all sync.WaitGroup
	errs := make([]error, f.conns)
	for i := range f.conns {
		all.Go(func() { errs[i] = work(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

type completed struct {
	XMLName xml.Name        `xml:"CompleteMultipartUpload"`
	Part    []completedPart `xml:"Part"`
}

type completedPart struct {
	PartNumber int
	ETag       string
}

// PutFile sends the file by sections, read with ReadAt.
func (f *floor) PutFile(ctx context.Context, key, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	return f.put(ctx, key, func(number int) (io.ReadSeeker, int64, error) {
		off := int64(number-1) * f.part
		n := min(f.part, size-off)
		return io.NewSectionReader(file, off, n), n, nil
	})
}

// Put reads parts one after the other and sends them side by side.
func (f *floor) Put(ctx context.Context, key string, r io.Reader) error {
	var mu sync.Mutex
	turn := sync.NewCond(&mu)
	next, ended := 1, false
	return f.put(ctx, key, func(number int) (io.ReadSeeker, int64, error) {
		buf := f.parts.Get().(*[]byte)
		mu.Lock()
		defer mu.Unlock()
		for next != number {
			turn.Wait()
		}
		defer turn.Broadcast()
		next++
		if ended {
			return nil, 0, nil
		}
		n, err := io.ReadFull(r, *buf)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			ended, err = true, nil
		}
		return &pooled{bytes.NewReader((*buf)[:n]), func() { f.parts.Put(buf) }}, int64(n), err
	})
}

// pooled gives its buffer back when it has been sent.
type pooled struct {
	io.ReadSeeker
	free func()
}

// put is a multipart upload. source returns a part, which is empty after the last.
func (f *floor) put(
	ctx context.Context, key string, source func(number int) (io.ReadSeeker, int64, error),
) error {
	resp, err := f.do(ctx, http.MethodPost, key+"?uploads=", nil, 0, nil)
	if err != nil {
		return err
	}
	var begun struct{ UploadId string }
	err = xml.NewDecoder(resp.Body).Decode(&begun)
	if err := errors.Join(err, discard(resp)); err != nil {
		return err
	}
	var number atomic.Int64
	var mu sync.Mutex
	parts := make(map[int]string)
	err = f.each(func(int) error {
		for {
			n := int(number.Add(1))
			body, size, err := source(n)
			if err != nil {
				return err
			}
			if size <= 0 {
				return nil
			}
			etag, err := f.putPart(ctx, key, begun.UploadId, n, body, size)
			if err != nil {
				return err
			}
			if p, ok := body.(*pooled); ok {
				p.free()
			}
			mu.Lock()
			parts[n] = etag
			mu.Unlock()
		}
	})
	if err != nil {
		return err
	}
	var list completed
	for n := 1; n <= len(parts); n++ {
		list.Part = append(list.Part, completedPart{n, parts[n]})
	}
	text, err := xml.Marshal(list)
	if err != nil {
		return err
	}
	resp, err = f.do(ctx, http.MethodPost, key+"?uploadId="+begun.UploadId,
		bytes.NewReader(text), int64(len(text)), nil)
	if err != nil {
		return err
	}
	return discard(resp)
}

func (f *floor) putPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
) (etag string, err error) {
	header := make(http.Header)
	if f.sum {
		// A signed header needs the sum before the bytes. They are read once: into memory.
		pooled := f.parts.Get().(*[]byte)
		defer f.parts.Put(pooled)
		buf := (*pooled)[:size]
		if _, err := io.ReadFull(body, buf); err != nil {
			return "", err
		}
		sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(buf, castagnoli))
		header.Set("X-Amz-Checksum-Crc32c", base64.StdEncoding.EncodeToString(sum))
		body = bytes.NewReader(buf)
	}
	resp, err := f.do(ctx, http.MethodPut,
		fmt.Sprintf("%s?partNumber=%d&uploadId=%s", key, number, id),
		io.NopCloser(body), size, header)
	if err != nil {
		return "", err
	}
	return resp.Header.Get("Etag"), discard(resp)
}
