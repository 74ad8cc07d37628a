package storage

import (
	"fmt"
	"slices"
	"testing"
)

func TestWriteID(t *testing.T) {
	seen := make(map[string]bool)
	for range 100 {
		id := newWriteID()
		if len(id) != 16 || !headerSafe(id) || seen[id] {
			t.Fatalf("newWriteID = %q, want 16 new characters", id)
		}
		seen[id] = true
	}
	if !validMetadataName(writeIDName) {
		t.Errorf("the entry's name %q is no metadata name", writeIDName)
	}
}

func TestLineage(t *testing.T) {
	for _, begins := range []bool{true, false} {
		var l lineage
		var ids []string
		for n := 1; n <= 12; n++ {
			id := newWriteID()
			ids = append(ids, id)
			if n == 1 && begins {
				l = created(id)
			} else {
				l = l.then(id)
			}
			what := fmt.Sprintf("after %d writes, create known: %v", n, begins)
			if back := parseLineage("key", l.entry("key")); back.created != l.created ||
				back.gap != l.gap || !slices.Equal(back.ids, l.ids) {
				t.Fatalf("%s: %+v came back as %+v", what, l, back)
			}
			if wire := "x-amz-meta-" + writeIDName + ": " + l.entry("key"); len(wire) >= 130 {
				t.Errorf("%s: %d bytes on the wire", what, len(wire))
			}
			if l.newest() != id || l.created != begins {
				t.Errorf("%s: newest %q, created %v", what, l.newest(), l.created)
			}
			for i, old := range ids {
				recent := len(ids)-i <= maxLineage
				if want := recent || begins && i == 0; l.has(old) != want {
					t.Errorf("%s: has write %d: %v, want %v", what, i+1, !want, want)
				}
				// A successor is the very next write, or not told.
				if next := l.successor(old); next != "" && next != ids[i+1] {
					t.Errorf("%s: the successor of write %d is %q, want %q",
						what, i+1, next, ids[i+1])
				}
				if recent && i+1 < len(ids) && l.successor(old) == "" {
					t.Errorf("%s: the successor of write %d is not told", what, i+1)
				}
			}
			if want := begins && n <= maxLineage+1; l.whole() != want {
				t.Errorf("%s: whole is %v, want %v", what, !want, want)
			}
		}
	}
}

func TestLineageBranches(t *testing.T) {
	base := created("aaaa")
	x, y := base.then("xxxx"), base.then("yyyy")
	if x.newest() != "xxxx" || y.newest() != "yyyy" || x.has("yyyy") || len(base.ids) != 1 {
		t.Errorf("two writes upon %v: %v and %v", base, x, y)
	}
	var none lineage
	if none.has("") || none.successor("") != "" || none.whole() || none.newest() != "" {
		t.Error("the zero lineage knows something")
	}
}

func TestEntryOfAnotherKey(t *testing.T) {
	entry := created(newWriteID()).entry("a")
	if l := parseLineage("b", entry); len(l.ids) != 0 || l.created {
		t.Errorf("the entry of a proves %+v for b", l)
	}
	o := &Object{Metadata: map[string]string{writeIDName: entry}}
	if l := takeEntry(o, "a"); len(l.ids) != 1 || o.Metadata != nil {
		t.Errorf("takeEntry = %+v and leaves %v", l, o.Metadata)
	}
}

func FuzzParseLineage(f *testing.F) {
	f.Add("key", created("aaaaaaaaaaaaaaaa").then("bbbbbbbbbbbbbbbb").entry("key"))
	f.Add("key", lineage{}.then("bbbbbbbbbbbbbbbb").entry("key"))
	f.Add("", "")
	f.Add("k", keyTag("k"))
	f.Add("k", keyTag("k")+"*")
	f.Add("k", keyTag("k")+".")
	f.Fuzz(func(t *testing.T, key, entry string) {
		l := parseLineage(key, entry)
		if len(l.ids) == 0 {
			if l.created {
				t.Fatalf("parseLineage(%q, %q) = a create without an ID", key, entry)
			}
			return
		}
		if back := l.entry(key); back != entry {
			t.Fatalf("parseLineage(%q, %q) = %+v, which is written %q", key, entry, l, back)
		}
		id := newWriteID()
		if next := l.then(id); next.newest() != id || next.created != l.created {
			t.Fatalf("%+v.then = %+v", l, next)
		}
	})
}
