// Package canned serves answers of HTTP that are made beforehand, and allocates nothing for it. So
// a test can count what a client allocates for a request, and a benchmark measures the client.
package canned

import (
	"bufio"
	"bytes"
	"net"
	"strconv"
	"testing"
)

// Serve answers each request by what answer returns for its first line: a whole response. It
// returns the URL of the server, which ends with the test.
func Serve(tb testing.TB, answer func(line []byte) []byte) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c, answer)
		}
	}()
	return "http://" + l.Addr().String()
}

// Response is a response without a body of its own, or with one, and with its Content-Length.
func Response(status, headers, body string) []byte {
	length := "Content-Length: " + strconv.Itoa(len(body)) + "\r\n"
	return []byte("HTTP/1.1 " + status + "\r\n" + headers + length + "\r\n" + body)
}

func serve(c net.Conn, answer func([]byte) []byte) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		response := answer(line)
		if !skipRequest(r) {
			return
		}
		if _, err := c.Write(response); err != nil {
			return
		}
	}
}

var (
	lengthName = []byte("Content-Length: ")
	chunked    = []byte("Transfer-Encoding: chunked\r\n")
)

// skipRequest reads the headers and the body of a request.
func skipRequest(r *bufio.Reader) bool {
	length, inChunks := 0, false
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return false
		}
		if len(line) == 2 {
			break
		}
		if digits, ok := bytes.CutPrefix(line, lengthName); ok {
			length = number(digits, 10)
		}
		inChunks = inChunks || bytes.Equal(line, chunked)
	}
	if !inChunks {
		_, err := r.Discard(length)
		return err == nil
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return false
		}
		n := number(line, 16)
		if _, err := r.Discard(n + 2); err != nil {
			return false
		}
		if n == 0 {
			return true
		}
	}
}

// number reads the digits at the beginning of b.
func number(b []byte, base int) (n int) {
	for _, c := range b {
		d := bytes.IndexByte(digits, c|' ')
		if d < 0 || d >= base {
			break
		}
		n = n*base + d
	}
	return n
}

var digits = []byte("0123456789abcdef")
