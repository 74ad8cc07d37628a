package httpdriver

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// How much is read of an answer that is not an object, in bytes: refusals have some hundred, a list
// of 1,000 of the longest keys has 4 million, and what something in between says may never end.
const (
	MaxRefusal  = 1 << 20
	MaxDocument = 16 << 20
)

// maxDrain is how many bytes are read for a connection: a new one costs about as much as they do.
const maxDrain = 64 << 10

// ErrForeign is the cause of an answer that did not come from the service: a success that a proxy
// or a portal made up or cut. [Attempt.Fail] makes it ErrUnavailable.
var ErrForeign = errors.New("the answer is not one of the service's")

// maxMarkup is how many "<" an XML document has at most: a list of 5,000 blobs has 300,000, one of
// the 100,000 blocks that a blob can have has 600,000. What is made of an element takes a hundred
// times its bytes.
const maxMarkup = 640_000

// document is an answer that is no object. It breaks off where it is longer than any is, or where
// it is XML with more elements.
type document struct {
	r      io.Reader
	left   int64
	begun  bool // something that is no space was read
	xml    bool // and it was a "<"
	markup int  // how many were read
}

func (d *document) Read(p []byte) (int, error) {
	if d.left <= 0 {
		return 0, fmt.Errorf("%w: it is longer than %d bytes", ErrForeign, MaxDocument)
	}
	n, err := d.r.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	if !d.begun {
		first := bytes.TrimLeft(p[:n], " \t\r\n\xef\xbb\xbf")
		d.begun, d.xml = len(first) > 0, bytes.HasPrefix(first, []byte("<"))
	}
	if d.xml {
		if d.markup += bytes.Count(p[:n], []byte("<")); d.markup > maxMarkup {
			return 0, fmt.Errorf("%w: it has more than %d elements", ErrForeign, maxMarkup/2)
		}
	}
	return n, err
}

// SetBody puts r in the place of the answer's body, which is still what Close closes.
func SetBody(resp *http.Response, r io.Reader) {
	resp.Body = struct {
		io.Reader
		io.Closer
	}{r, resp.Body}
}

// Drain reads what is left of an answer that is no object, as far as that is worth the connection,
// and closes it. The next request can then have the connection.
func Drain(resp *http.Response) {
	if resp.ContentLength != 0 {
		io.CopyN(io.Discard, resp.Body, maxDrain)
	}
	resp.Body.Close()
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

// CheckRoot returns ErrForeign for an answer that is not an XML document with a root that isRoot
// accepts. SDKs take an empty body or an HTML page for a list without objects, for a batch whose
// keys are all gone, or for an upload that is complete. The bytes that were read are put back, and
// the body ends after [MaxDocument] bytes.
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

// CheckDocument is as [CheckRoot] for documents that are known by what is in them: compatible
// servers give some roots other names. known is asked with the root's name alone, and then with
// each element directly below the root, until it accepts one. What was read until then is put back.
func CheckDocument(resp *http.Response, known func(root, child string) bool) error {
	var read bytes.Buffer
	limited := io.LimitReader(resp.Body, MaxDocument)
	d := xml.NewDecoder(io.TeeReader(limited, &read))
	root, err := ReadRoot(d)
	if err != nil {
		return err
	}
	for ok := known(root.Name.Local, ""); !ok; {
		child, err := nextChild(d)
		if err != nil {
			return err
		}
		if ok = known(root.Name.Local, child.Name.Local); !ok {
			if err := d.Skip(); err != nil {
				return foreignSyntax(err)
			}
		}
	}
	SetBody(resp, io.MultiReader(&read, limited))
	return nil
}

// nextChild reads up to the next element inside the one that d is in; ErrForeign where there is no
// more.
func nextChild(d *xml.Decoder) (*xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err != nil {
			return nil, foreignSyntax(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, ErrForeign
		}
	}
}

// foreignSyntax is ErrForeign for what is no XML, and err for what the reader said.
func foreignSyntax(err error) error {
	var syntax *xml.SyntaxError
	if err == io.EOF || errors.As(err, &syntax) {
		return ErrForeign
	}
	return err
}

// ReadRoot reads up to the first element. What is no XML is ErrForeign; an error of the reader is
// returned as it is.
func ReadRoot(d *xml.Decoder) (*xml.StartElement, error) {
	for {
		t, err := d.Token()
		if root, ok := t.(xml.StartElement); ok {
			return &root, nil
		}
		if err != nil {
			return nil, foreignSyntax(err)
		}
	}
}
