package s3

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
)

// How much is read of an answer that is not an object, in bytes: S3's refusals have some hundred, a list of 1,000 of the longest keys has
// 4 million, and what is in between may never end.
const (
	maxRefusal  = 1 << 20
	maxDocument = 16 << 20
)

// errForeign is the success that something in between has made up, or cut.
var errForeign = errors.New("the answer is none that S3 gives")

// check refuses a success that S3 would not have given in this form. The SDK takes an empty body, and a page of something in between,
// for a list without objects, for a batch whose keys are all gone, for an upload that is complete.
func (a *attempt) check(resp *http.Response) error {
	switch {
	case a == nil: // not a request of the Store's
	case a.document, a.body != nil && resp.Header.Get("ETag") == "": // what was put has an ETag, unless this is an error
		return checkDocument(resp)
	case resp.StatusCode == http.StatusPartialContent && resp.Header.Get("Content-Range") == "": // it would pass for the whole
		return errForeign
	}
	return nil
}

// checkDocument reads the body up to the root of its XML, which is "...Result" or, with status 200 too, "Error", and puts back what it
// has read.
func checkDocument(resp *http.Response) error {
	var read bytes.Buffer
	limited := io.LimitReader(resp.Body, maxDocument)
	d := xml.NewDecoder(io.TeeReader(limited, &read))
	for {
		t, err := d.Token()
		var syntax *xml.SyntaxError
		switch root, ok := t.(xml.StartElement); {
		case ok && (root.Name.Local == "Error" || strings.HasSuffix(root.Name.Local, "Result")):
			resp.Body = body{io.MultiReader(&read, limited), resp.Body}
			return nil
		case ok, err == io.EOF, errors.As(err, &syntax):
			return errForeign
		case err != nil:
			return err
		}
	}
}

// body is a Reader that is closed as another.
type body struct {
	io.Reader
	io.Closer
}
