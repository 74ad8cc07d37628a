package memory

import (
	"iter"
	"slices"
)

// chunkSize is how many entries a chunk of an index holds at most. It is about the square root of a
// million: an insert moves at most this many entries and, rarely, as many chunks.
const chunkSize = 1024

// index is a sorted map from key to version: sorted chunks in sorted order, none of them empty. A
// lookup costs two binary searches, and a walk from any key costs what it visits, however many keys
// there are. The zero value is empty.
type index struct {
	chunks [][]entry
}

type entry struct {
	key string
	v   *version
}

// seek finds the first entry whose key is key or sorts behind it; the chunk may be one past the
// last. The searches are written out, which spares a call for each of their steps.
func (x *index) seek(key string) (chunk, at int) {
	for end := len(x.chunks); chunk < end; {
		if i := (chunk + end) / 2; x.chunks[i][len(x.chunks[i])-1].key < key {
			chunk = i + 1
		} else {
			end = i
		}
	}
	if chunk == len(x.chunks) {
		return chunk, 0
	}
	c := x.chunks[chunk]
	for end := len(c); at < end; {
		if i := (at + end) / 2; c[i].key < key {
			at = i + 1
		} else {
			end = i
		}
	}
	return chunk, at
}

// get returns the version of key, nil if there is none.
func (x *index) get(key string) *version {
	chunk, at := x.seek(key)
	if chunk == len(x.chunks) || x.chunks[chunk][at].key != key {
		return nil
	}
	return x.chunks[chunk][at].v
}

// set puts the version of key.
func (x *index) set(key string, v *version) {
	chunk, at := x.seek(key)
	if chunk == len(x.chunks) {
		if chunk == 0 {
			x.chunks = append(x.chunks, []entry{{key, v}})
			return
		}
		chunk--
		at = len(x.chunks[chunk])
	}
	c := x.chunks[chunk]
	if at < len(c) && c[at].key == key {
		c[at].v = v
		return
	}
	c = slices.Insert(c, at, entry{key, v})
	x.chunks[chunk] = c
	if len(c) > chunkSize {
		half := len(c) / 2
		x.chunks[chunk] = slices.Clone(c[:half]) // the old array is too long for it
		x.chunks = slices.Insert(x.chunks, chunk+1, slices.Clone(c[half:]))
	}
}

// remove drops key, if it is there.
func (x *index) remove(key string) {
	chunk, at := x.seek(key)
	if chunk == len(x.chunks) || x.chunks[chunk][at].key != key {
		return
	}
	if c := slices.Delete(x.chunks[chunk], at, at+1); len(c) > 0 {
		x.chunks[chunk] = c
	} else {
		x.chunks = slices.Delete(x.chunks, chunk, chunk+1)
	}
}

// from walks the entries from the first that is key or sorts behind it. The index must not change
// meanwhile.
func (x *index) from(key string) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		chunk, at := x.seek(key)
		for ; chunk < len(x.chunks); chunk, at = chunk+1, 0 {
			for _, e := range x.chunks[chunk][at:] {
				if !yield(e) {
					return
				}
			}
		}
	}
}
