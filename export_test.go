package storage

import (
	"fmt"
	"io"
)

// Direct is read where the call is, as the sources of the standard library are.
type Direct struct{ io.ReaderAt }

func (Direct) direct() {}

// parts are the switches by name.
var parts = map[string]switches{
	"settle": {settle: true}, "pin": {pin: true}, "resume": {resume: true},
	"length": {length: true},
	"verify": {verify: true}, "stall": {stall: true}, "retry": {retry: true},
	"abort": {abort: true}, "hold": {hold: true}, "aside": {aside: true}, "again": {again: true},
	"repeat": {repeat: true},
}

// without is a Store whose Buckets lack a part of the engine.
type without struct {
	FullStore
	part string
}

func (s without) switchedOff() switches { return parts[s.part] }

// Without makes the engine of every Bucket around s go without a part. It panics if there is none
// of that name.
func Without(s Store, part string) Store {
	if _, ok := parts[part]; !ok {
		panic("the engine has no part " + part)
	}
	return without{Full(s), part}
}

// FreeMemory is what is left of the Bucket's memory budget.
func FreeMemory(b *Bucket) int64 { return b.e.memory.free.Load() }

// OnSyncDir makes the Bucket call sync to put the names of a directory on disk.
func OnSyncDir(b *Bucket, sync func(dir string) error) { b.e.syncDir = sync }

// AtRest says what the flows and the hedges of a Bucket still hold without a call under way; nil:
// nothing.
func AtRest(b *Bucket) error {
	for _, f := range []*flow{&b.e.down, &b.e.up, &b.e.across} {
		f.mu.Lock()
		busy, waiting, opening, due := f.busy, len(f.queue), f.opening, len(f.due)
		held := f.members != 0 || f.hedge || f.starved != 0
		f.mu.Unlock()
		if busy != 0 || waiting != 0 || opening != 0 || held {
			return fmt.Errorf("%d slots, %d turns, %d opening", busy, waiting, opening)
		}
		if due > f.most {
			return fmt.Errorf("%d transfers are due", due)
		}
	}
	for _, t := range []*tempo{&b.e.ranges.tempo, &b.e.reads, &b.e.parts.tempo} {
		t.mu.Lock()
		flying := t.flying
		t.mu.Unlock()
		if flying != 0 {
			return fmt.Errorf("%d hedges", flying)
		}
	}
	return nil
}
