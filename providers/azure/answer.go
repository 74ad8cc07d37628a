package azure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
)

// maxRefusal is how much of a refusal is read, in bytes: Azure's have some hundred, those of what is in between may never end.
const maxRefusal = 1 << 20

// errForeign is the success that something in between has made up, or cut.
var errForeign = errors.New("the answer is none that Azure gives")

// look looks at the answer before the SDK does. That reads refusals to their end, takes a page of something in between for an empty
// document, and panics where a field or a number is not what it should be.
func (a *attempt) look(resp *http.Response) error {
	a.answer = resp.Body
	a.inferred = resp.Header.Get("X-Ms-Access-Tier-Inferred") == "true"
	a.directory = resp.Header.Get("X-Ms-Resource-Type") == "directory"
	switch {
	case resp.StatusCode/100 != 2:
		resp.Body = body{io.LimitReader(resp.Body, maxRefusal), resp.Body}
		return nil
	case resp.StatusCode == http.StatusPartialContent && resp.Header.Get("Content-Range") == "": // it would pass for the whole
		return errForeign
	case a.inspect == nil:
		return nil
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	resp.Body = body{bytes.NewReader(b), resp.Body}
	return a.inspect(resp, b)
}

// document makes an inspect of what every answer of an operation has: it is XML into which v fits.
func document(v any) func(*http.Response, []byte) error {
	return func(_ *http.Response, b []byte) error {
		if xml.Unmarshal(behindMark(b), v) != nil {
			return errForeign
		}
		return nil
	}
}

// behindMark drops the byte order mark that some front ends send.
func behindMark(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\ufeff")) }

// body is a Reader that is closed as another.
type body struct {
	io.Reader
	io.Closer
}
