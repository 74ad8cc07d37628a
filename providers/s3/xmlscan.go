package s3

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// xmlScan goes through a document of plain XML: elements, text, and references to characters. It is
// for lists, of which encoding/xml makes 60 allocations an object. What it does not know (comments,
// declarations, CDATA, prefixes, attributes below the root) it gives up, and says so: the document
// is then read by who knows everything.
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

// begin reads up to the start of the root, and returns its name.
func (x *xmlScan) begin() string {
	if !utf8.Valid(x.data) {
		x.lost = true
	}
	x.space()
	if bytes.HasPrefix(x.data[x.at:], []byte("<?xml ")) {
		end := bytes.Index(x.data[x.at:], []byte("?>"))
		if end < 0 || bytes.Contains(x.data[x.at:x.at+end], []byte("encoding")) &&
			!bytes.Contains(bytes.ToLower(x.data[x.at:x.at+end]), []byte("utf-8")) {
			return x.giveUp()
		}
		x.at += end + len("?>")
		x.space()
	}
	t := x.tag(true)
	if t.end || t.empty {
		return x.giveUp()
	}
	return string(t.name)
}

func (x *xmlScan) giveUp() string {
	x.lost = true
	return ""
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

// tag reads a tag. Only that of the root may have attributes, which are skipped.
func (x *xmlScan) tag(root bool) (t tag) {
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
	if i := bytes.IndexByte(t.name, ' '); root && i > 0 {
		attributes := t.name[i:]
		t.name = t.name[:i]
		x.lost = x.lost || bytes.ContainsAny(attributes, "<&\r") ||
			bytes.Count(attributes, []byte(`"`))%2 != 0 || bytes.IndexByte(attributes, '\'') >= 0
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
	t := x.tag(false)
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
	if t := x.tag(false); !t.end || !bytes.Equal(t.name, name) {
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
		switch t := x.tag(false); {
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
