package storage

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
