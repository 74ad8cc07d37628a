package torture

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/services"
	"github.com/polystore/storage/providers/memory"
)

// optionsUsed are the fields of options that calls have set, as "Put.IfMatch".
type optionsUsed map[string]bool

// note notes what opts, a pointer to a struct, sets for a method, also in a struct below it.
func (u optionsUsed) note(method string, opts any) {
	v := reflect.ValueOf(opts)
	if u == nil || v.IsNil() {
		return
	}
	for f, field := range v.Elem().Fields() {
		if field.IsZero() {
			continue
		}
		name := method + "." + f.Name
		u[name] = true
		if isOptions(f.Type) {
			u.note(name, field.Interface())
		}
	}
}

// isOptions reports whether t is a pointer to a struct of options.
func isOptions(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && strings.HasSuffix(t.Elem().Name(), "Options")
}

// optionsOf are the exported fields of the options that a method takes.
func optionsOf(method reflect.Method) (names []string) {
	var below func(prefix string, t reflect.Type)
	below = func(prefix string, t reflect.Type) {
		for f := range t.Fields() {
			if !f.IsExported() {
				continue
			}
			name := prefix + "." + f.Name
			names = append(names, name)
			if isOptions(f.Type) {
				below(name, f.Type.Elem())
			}
		}
	}
	for in := range method.Type.Ins() {
		if isOptions(in) {
			below(method.Name, in.Elem())
		}
	}
	return names
}

// unused are the options of the methods that programs call which none of them sets.
func unused(u optionsUsed) (names []string) {
	bucket := reflect.TypeFor[*storage.Bucket]()
	for _, name := range called {
		method, ok := bucket.MethodByName(name)
		if !ok {
			return []string{name + ", which is no method"}
		}
		for _, option := range optionsOf(method) {
			if !u[option] {
				names = append(names, option)
			}
		}
	}
	return names
}

// Every option of every method is set by some program: those of memory with versions, which has all
// of them.
func TestModelSetsEveryOption(t *testing.T) {
	settle(t)
	u, dir := make(optionsUsed), t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		inner, err := memory.New(&memory.Options{Versions: true})
		if err != nil {
			rt.Fatal(err)
		}
		m := newMachine(inner, services.Service{PartSize: 64 << 10}, "p/", dir)
		m.used = u
		m.run(rt)
	})
	for _, name := range unused(u) {
		t.Errorf("no program sets %s", name)
	}
	t.Logf("%d options are set", len(u))
}

// An option that no program sets is named.
func TestUnusedOptions(t *testing.T) {
	u := make(optionsUsed)
	for _, name := range unused(make(optionsUsed)) {
		u[name] = true
	}
	for name := range maps.Keys(u) {
		one := maps.Clone(u)
		delete(one, name)
		if got := unused(one); !slices.Equal(got, []string{name}) {
			t.Errorf("without %s: %q", name, got)
		}
	}
	for _, name := range []string{"Put.StateFile", "List.PageToken", "UpdateWith.Create.Tags"} {
		if !u[name] {
			t.Errorf("%s is no option", name)
		}
	}
}

// progress looks at what a transfer tells of itself.
type progress struct {
	last storage.Progress
	back string // how it went back
}

func (p *progress) tell(now storage.Progress) {
	if now.Done < p.last.Done {
		p.back = fmt.Sprintf("%d after %d", now.Done, p.last.Done)
	}
	p.last = now
}

// told checks what a transfer of so many bytes has told.
func (p *progress) told(t *rapid.T, step string, size int) {
	if p != nil && (p.back != "" || p.last.Done != int64(size)) {
		wrong(t, "%s: progress ended at %d of %d bytes, and went back: %q", step, p.last.Done, size,
			p.back)
	}
}
