package storage

import "testing"

// Off switches a part of the engine off until the test ends. Tests that use it cannot be parallel.
func Off(t testing.TB, part string) {
	parts := map[string]*bool{
		"settle": &off.settle, "pin": &off.pin, "resume": &off.resume, "length": &off.length,
		"verify": &off.verify, "stall": &off.stall, "retry": &off.retry, "abort": &off.abort,
	}
	p := parts[part]
	if p == nil {
		t.Fatalf("the engine has no part %q", part)
	}
	*p = true
	t.Cleanup(func() { *p = false })
}

// FreeMemory is what is left of the Bucket's memory budget.
func FreeMemory(b *Bucket) int64 { return b.memory.free.Load() }
