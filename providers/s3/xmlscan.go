package s3

import (
	"bytes"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// xmlScan goes through a document of plain XML: elements, text, and references to characters. It is
// for lists, of which encoding/xml makes 60 allocations an object. What it does not know (comments,
// declarations, CDATA, prefixes, attributes below the root) it gives up, and says so: the SDK then
// reads the document.
type xmlScan struct {
	data []byte
	at   int
	lost bool   // it gave up
	room []byte // of texts that had references
}

// tag is a start, an end, or both in one.
type tag struct {
	name       []byte
	end, empty bool
}

// plainRoot is how a document begins, with its root, on which there is nothing but namespaces.
var plainRoot = regexp.MustCompile(`^\s*(?:<\?xml version="1\.0"(?: encoding="(?i:utf-8)")?` +
	`(?: standalone="(?:yes|no)")? ?\?>)?\s*` +
	`<([A-Za-z0-9]+)(?: xmlns(?::[a-z]+)?="[A-Za-z0-9:/.#-]*")*>`)

// longestHead is how many bytes a plain root ends within.
const longestHead = 512

// begin reads up to the start of the root, and returns its name.
func (x *xmlScan) begin() string {
	head := x.data[:min(len(x.data), longestHead)]
	at := plainRoot.FindSubmatchIndex(head)
	if at == nil || !utf8.Valid(x.data) {
		x.lost = true
		return ""
	}
	x.at = at[1]
	return string(head[at[2]:at[3]])
}

// space skips what stands between elements.
func (x *xmlScan) space() {
	for x.at < len(x.data) {
		switch x.data[x.at] {
		case ' ', '\t', '\n', '\r':
			x.at++
		default:
			return
		}
	}
}

// tag reads a tag, which has no attributes.
func (x *xmlScan) tag() (t tag) {
	rest := x.data[x.at:]
	end := bytes.IndexByte(rest, '>')
	if end < 2 || rest[0] != '<' {
		x.lost = true
		return tag{}
	}
	x.at += end + 1
	t.name = rest[1:end]
	switch {
	case t.name[0] == '/':
		t.end, t.name = true, t.name[1:]
	case t.name[len(t.name)-1] == '/':
		t.empty, t.name = true, t.name[:len(t.name)-1]
	}
	for _, c := range t.name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			x.lost = true
		}
	}
	x.lost = x.lost || len(t.name) == 0
	return t
}

// child reads the start of the next element inside the one called parent, or the end of parent:
// then the name is empty.
func (x *xmlScan) child(parent string) (name []byte, empty bool) {
	x.space()
	t := x.tag()
	if t.end {
		x.lost = x.lost || string(t.name) != parent
		return nil, false
	}
	return t.name, t.empty
}

// text reads the text of the element that has begun, and its end.
func (x *xmlScan) text(name []byte) []byte {
	end := bytes.IndexByte(x.data[x.at:], '<')
	if end < 0 {
		x.lost = true
		return nil
	}
	text := x.data[x.at : x.at+end]
	x.at += end
	if t := x.tag(); !t.end || !bytes.Equal(t.name, name) {
		x.lost = true
	}
	for _, c := range text {
		switch {
		case c == '&':
			return x.resolve(text)
		case c < ' ' && c != '\t' && c != '\n', c == '>', c >= 0x7f:
			// What encoding/xml alters or refuses, and what keys that are encoded do not have
			x.lost = true
		}
	}
	return text
}

// resolve returns text with its references resolved, in room.
func (x *xmlScan) resolve(text []byte) []byte {
	begin := len(x.room)
	out := x.room
	for len(text) > 0 {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			i = len(text)
		}
		x.lost = x.lost || bytes.IndexByte(text[:i], '>') >= 0
		out, text = append(out, text[:i]...), text[i:]
		if len(text) == 0 {
			break
		}
		end := bytes.IndexByte(text, ';')
		if end < 0 {
			x.lost = true
			return nil
		}
		switch string(text[1:end]) {
		case "amp":
			out = append(out, '&')
		case "lt":
			out = append(out, '<')
		case "gt":
			out = append(out, '>')
		case "quot", "#34", "#x22":
			out = append(out, '"')
		case "apos", "#39", "#x27":
			out = append(out, '\'')
		default:
			x.lost = true
			return nil
		}
		text = text[end+1:]
	}
	x.room = out
	for _, c := range out[begin:] {
		if c < ' ' && c != '\t' && c != '\n' || c >= 0x7f {
			x.lost = true
		}
	}
	return out[begin:]
}

// skip goes behind the end of the element that has begun.
func (x *xmlScan) skip(name []byte) {
	var open [4][]byte
	stack := append(open[:0], name)
	for len(stack) > 0 && !x.lost {
		next := bytes.IndexByte(x.data[x.at:], '<')
		if next < 0 {
			x.lost = true
			return
		}
		for _, c := range x.data[x.at : x.at+next] {
			if c < ' ' && c != '\t' && c != '\n' || c == '&' || c == '>' || c >= 0x7f {
				x.lost = true
			}
		}
		x.at += next
		switch t := x.tag(); {
		case t.empty:
		case !t.end && len(stack) == cap(open[:]):
			x.lost = true
		case !t.end:
			stack = append(stack, t.name)
		case !bytes.Equal(t.name, stack[len(stack)-1]):
			x.lost = true
		default:
			stack = stack[:len(stack)-1]
		}
	}
}

// number is the text of a number.
func (x *xmlScan) number(text []byte) int64 {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		x.lost = true
	}
	return n
}
