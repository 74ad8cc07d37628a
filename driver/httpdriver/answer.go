package httpdriver

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
)

// How much is read of an answer that is not an object, in bytes: refusals have some hundred, a list
// of 1,000 of the longest keys has 4 million, and what something in between says may never end.
const (
	MaxRefusal  = 1 << 20
	MaxDocument = 16 << 20
)

// ErrForeign is the cause of an answer that the service has not given: the success that a proxy or
// a portal has made up, or cut. It is ErrUnavailable by [Attempt.Fail].
var ErrForeign = errors.New("the answer is not one of the service's")

// SetBody puts r in the place of the answer's body, which is still what Close closes.
func SetBody(resp *http.Response, r io.Reader) {
	resp.Body = struct {
		io.Reader
		io.Closer
	}{r, resp.Body}
}

// Empty reports whether an answer has no body. What was read is put back.
func Empty(resp *http.Response) (bool, error) {
	var first [1]byte
	n, err := io.ReadFull(resp.Body, first[:])
	if err == io.EOF {
		return true, nil
	}
	SetBody(resp, io.MultiReader(bytes.NewReader(first[:n]), resp.Body))
	return false, err
}

// CheckRoot refuses an answer that is no XML document whose root isRoot knows the name of:
// ErrForeign. SDKs take an empty body, and a page for people, for a list without objects, for a
// batch whose keys are all gone, for an upload that is complete. What was read is put back, and the
// body ends after [MaxDocument] bytes.
func CheckRoot(resp *http.Response, isRoot func(name string) bool) error {
	var read bytes.Buffer
	limited := io.LimitReader(resp.Body, MaxDocument)
	root, err := ReadRoot(xml.NewDecoder(io.TeeReader(limited, &read)))
	if err != nil {
		return err
	}
	if !isRoot(root.Name.Local) {
		return ErrForeign
	}
	SetBody(resp, io.MultiReader(&read, limited))
	return nil
}

// ReadRoot reads up to the first element. What is no XML is ErrForeign; an error of the reader is
// returned as it is.
func ReadRoot(d *xml.Decoder) (*xml.StartElement, error) {
	for {
		t, err := d.Token()
		if root, ok := t.(xml.StartElement); ok {
			return &root, nil
		}
		var syntax *xml.SyntaxError
		if err == io.EOF || errors.As(err, &syntax) {
			return nil, ErrForeign
		}
		if err != nil {
			return nil, err
		}
	}
}
