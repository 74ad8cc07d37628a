package azure

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"io"
	"net/http"

	"github.com/polystore/storage/driver/httpdriver"
)

// Inspect looks at the answer before the SDK does. That takes a page of something in between for an
// empty document, and panics where a field or a number is not what it should be.
func (a *attempt) Inspect(resp *http.Response) error {
	a.answer = resp.Body
	tidy(resp.Header)
	if a.inspect == nil {
		return nil
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	httpdriver.SetBody(resp, bytes.NewReader(b))
	return a.inspect(resp, b)
}

// tidy puts the headers in order that the SDK fails for, or takes them out.
func tidy(h http.Header) {
	httpdriver.TidyTimes(h,
		"Last-Modified", "Date", "X-Ms-Creation-Time", "X-Ms-Last-Access-Time",
		"X-Ms-Copy-Completion-Time", "X-Ms-Access-Tier-Change-Time",
		"X-Ms-Immutability-Policy-Until-Date",
	)
	for _, name := range [...]string{"Content-MD5", "X-Ms-Blob-Content-Md5"} {
		if httpdriver.DecodeSum(h.Get(name), 16) == nil {
			h.Del(name)
		}
	}
	for _, name := range [...]string{
		"X-Ms-Tag-Count", "X-Ms-Legal-Hold", "X-Ms-Blob-Sealed", "X-Ms-Is-Current-Version",
	} {
		h.Del(name) // numbers and truths that nobody reads
	}
}

// document makes an inspect of what every answer of an operation has: it is XML into which v fits.
func document(v any) func(*http.Response, []byte) error {
	return func(_ *http.Response, b []byte) error {
		if xml.Unmarshal(behindMark(b), v) != nil {
			return httpdriver.ErrForeign
		}
		return nil
	}
}

// withoutJSON drops a body of JSON, in which the service says nothing. The SDK indents it for a
// log, and 20 kB of brackets become 100 MB.
func withoutJSON(resp *http.Response) {
	r := bufio.NewReader(resp.Body)
	for {
		c, err := r.ReadByte()
		switch {
		case err != nil, c == '{', c == '[':
			httpdriver.SetBody(resp, http.NoBody)
			return
		case c == ' ', c == '\t', c == '\r', c == '\n':
			continue
		}
		r.UnreadByte() // which cannot fail behind ReadByte
		httpdriver.SetBody(resp, r)
		return
	}
}

// behindMark drops the byte order mark that some front ends send.
func behindMark(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\ufeff")) }
