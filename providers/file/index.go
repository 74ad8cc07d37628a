package file

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io/fs"
	"slices"
	"sort"
	"strings"
)

// An index is the names of one directory in the order of their keys, packed: a name costs 7 bytes
// more than it has. Once it is in use it does not change, and any number of lists may read it.
//
// It says what there may be. Whether an object is there shows when it is opened, so names that have
// gone may stay.
type index struct {
	bytes []byte   // of each entry its kind, the length of its order in two bytes, and its order
	at    []uint32 // where in bytes each entry begins, in order

	// The index has all orders from the order from on, and if more is set, none behind bound.
	from, bound string
	more        bool
}

// What an entry stands for. A directory a is two entries: the object a, which may be in it, and the
// subtree a/. An entry of a subtree has the slash in its order, because its keys have it.
const (
	isFile     byte = iota
	isOver          // the object that may be in the directory of its name
	isPlain         // the subtree in the directory a
	isMarked        // the subtree in the directory a.
	entryBytes = 7  // of an entry beside its order, in bytes and in at
)

func (x *index) len() int { return len(x.at) }

func (x *index) kind(i int) byte { return x.bytes[x.at[i]] }

// order is the order of an entry, for reading only.
func (x *index) order(i int) []byte { return x.orderAt(x.at[i]) }

func (x *index) orderAt(at uint32) []byte {
	n := binary.NativeEndian.Uint16(x.bytes[at+1:])
	return x.bytes[at+3:][:n]
}

// search returns the first entry that is not before order.
func (x *index) search(order string) int {
	return sort.Search(x.len(), func(i int) bool { return string(x.order(i)) >= order })
}

// size is the memory that the index takes.
func (x *index) size() int { return len(x.bytes) + 4*len(x.at) }

// covers reports whether the index has every name of its directory that is not before order, or at
// least the first of them.
func (x *index) covers(order string) bool {
	return order >= x.from && (!x.more || order <= x.bound)
}

// add appends what a directory entry stands for, out of order.
func (x *index) add(name string, typ fs.FileMode) {
	if x.more && name > x.bound {
		return
	}
	children, isOwn := strings.CutSuffix(name, mark)
	switch {
	case isOwn:
		if typ.IsDir() && goodSegment(children) {
			x.put(isMarked, children, "/")
		}
	case !goodSegment(name):
	case typ.IsRegular():
		x.put(isFile, name, "")
	case typ.IsDir():
		x.put(isOver, name, "")
		x.put(isPlain, name, "/")
	}
}

func (x *index) put(kind byte, name, slash string) {
	x.at = append(x.at, uint32(len(x.bytes)))
	x.bytes = append(x.bytes, kind)
	x.bytes = binary.NativeEndian.AppendUint16(x.bytes, uint16(len(name)+len(slash)))
	x.bytes = append(append(x.bytes, name...), slash...)
}

func (x *index) compare(a, b uint32) int {
	if c := bytes.Compare(x.orderAt(a), x.orderAt(b)); c != 0 {
		return c
	}
	return int(x.bytes[a]) - int(x.bytes[b])
}

// arrange sorts the entries. The first bytes in which orders differ stand beside the place of each,
// so that most comparisons look at nothing else: the orders of a large directory are all over the
// memory.
func (x *index) arrange() {
	if len(x.at) < 2 {
		return
	}
	common := x.order(0)
	for i := range x.at {
		order := x.order(i)
		n := min(len(common), len(order))
		for n > 0 && !bytes.Equal(common[:n], order[:n]) {
			n--
		}
		common = common[:n]
	}
	type entry struct {
		head uint64 // no order has a zero byte, so the rest of a short one sorts first
		at   uint32
	}
	entries := make([]entry, len(x.at))
	for i, at := range x.at {
		var head [8]byte
		copy(head[:], x.orderAt(at)[len(common):])
		entries[i] = entry{binary.BigEndian.Uint64(head[:]), at}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if c := cmp.Compare(a.head, b.head); c != 0 {
			return c
		}
		return x.compare(a.at, b.at)
	})
	for i := range entries {
		x.at[i] = entries[i].at
	}
}

func (x *index) same(a, b uint32) bool { return x.compare(a, b) == 0 }

// sort puts the entries in order and leaves out those that are there twice, and those that are not
// covered.
func (x *index) sort() {
	x.arrange()
	x.at = slices.CompactFunc(x.at, x.same)
	if x.more {
		x.at = x.at[:x.search(x.bound+"\x00")]
	}
	x.at = x.at[x.search(x.from):]
}

// cut keeps the first entries from the order start on, of at most size bytes, and at least one.
// Entries of one order stay together.
func (x *index) cut(start string, size int) {
	x.from = max(x.from, start)
	x.sort()
	kept := index{from: x.from, bound: x.bound, more: x.more}
	for i := range x.at {
		order := x.order(i)
		if n := kept.len(); n > 0 && kept.size() >= size && !bytes.Equal(order, kept.order(n-1)) {
			kept.bound, kept.more = string(kept.order(n-1)), true
			break
		}
		kept.put(x.kind(i), string(order), "")
	}
	*x = kept
}

// with returns an index that has the entries of another, which is not sorted, as well. The caller
// sees to it that only one call at a time adds to the same index.
func (x *index) with(added *index) *index {
	y := &index{bytes: x.bytes, from: x.from, bound: x.bound, more: x.more}
	added.sort()
	y.at = make([]uint32, 0, len(x.at)+len(added.at))
	rest := 0
	for i := range added.at {
		order, kind := added.order(i), added.kind(i)
		if !x.covers(string(order)) {
			continue // behind the last, or before the first
		}
		n := sort.Search(x.len(), func(i int) bool {
			c := bytes.Compare(x.order(i), order)
			return c > 0 || c == 0 && x.kind(i) >= kind
		})
		if n < x.len() && x.kind(n) == kind && bytes.Equal(x.order(n), order) {
			continue
		}
		y.at = append(y.at, x.at[rest:n]...)
		rest = n
		y.put(kind, string(order), "") // behind all that x has: its readers do not look there
	}
	y.at = append(y.at, x.at[rest:]...)
	return y
}
