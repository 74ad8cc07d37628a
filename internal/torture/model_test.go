package torture

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/services"
	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv/defects"
)

var modelOn = flag.String("model", "memory,file,gcsfake",
	"services on which random programs run, with commas between; -rapid.checks=N says how many")

// object is what the model knows of an object.
type object struct {
	data []byte
	opts storage.PutOptions // its headers and metadata
	etag string
	id   string // of its version; "" where there are none
	by   string // the call that wrote it
}

// machine is a Bucket beside its model.
type machine struct {
	b     *storage.Bucket
	store *fault.Store
	model map[string]*object
	keys  []string
	stale []string          // ETags of versions that are gone
	names map[string]string // of ETags, so that a program reads the same each time that it runs
	made  int               // contents
	dir   string            // for files
	large int64             // the size of objects in parts; 0: none
	dear  bool              // one of twenty objects is in parts, and not one of five
	part  int64
	class string // a storage class
	heirs bool   // a copy's class is not known: see anyClass
	rests bool   // blocks of a write that failed are taken for an object: see dropRests
	files int    // of states, so far

	// A range of an empty object is refused before a condition is: defects.EmptyBeforeCondition.
	emptyFirst bool

	can  storage.Capabilities
	used optionsUsed // or nil
	did  *programsDid
}

// programsDid counts what programs did with objects in parts.
type programsDid struct {
	uploads int
	met     met
}

// reset takes the faults away, and forgets the calls.
func (m *machine) reset() {
	m.did.uploads += m.store.Count("CreateUpload")
	m.store.Reset()
}

// Random programs of all methods, with a fault in some of their calls, do on every driver what they
// do on a plain map.
func TestModel(t *testing.T) {
	chosen := strings.Split(*modelOn, ",")
	for _, s := range services.All {
		if !slices.Contains(chosen, s.Name) {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			programs, seed, did := 0, programSeed(t), new(programsDid)
			tally.Later(t, func() tally.Row {
				return tally.Row{
					What: "programs against the model", On: s.Name, Tried: programs, Seeds: seed,
					Note: fmt.Sprintf("%d faults; %d uploads in parts, with %d of the faults",
						did.met.all.Load(), did.uploads, did.met.ofParts.Load()),
				}
			})
			raw, dir := s.Open(t), t.TempDir()
			tidy := storage.New(raw.Store(), &patient)
			rapid.Check(t, func(rt *rapid.T) {
				programs++
				if _, err := tidy.DeletePrefix(t.Context(), "p/", nil); err != nil {
					rt.Fatal(err)
				}
				m := newMachine(raw.Store(), s, "p/", dir)
				m.did = did
				m.run(rt)
			})
			if programs >= 100 && did.met.ofParts.Load() == 0 {
				t.Errorf("no request of %d uploads in parts met a fault", did.uploads)
			}
		})
	}
}

// programSeed is what the programs of t come of: -rapid.seed, or else a random one.
func programSeed(t *testing.T) string {
	t.Helper()
	seed := flag.Lookup("rapid.seed").Value
	if seed.String() == "0" {
		if err := seed.Set(strconv.FormatUint(rand.Uint64(), 10)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = seed.Set("0") })
	}
	return seed.String()
}

func newMachine(inner storage.Store, s services.Service, prefix, dir string) *machine {
	store := fault.New(inner)
	m := &machine{
		b: storage.New(store, &quick).Prefix(prefix), store: store, model: make(map[string]*object),
		names: make(map[string]string),
		keys:  []string{"a", "a/b", "a/b/c", "a!", "b/ä"}, dir: dir, part: s.PartSize,
		large: s.PartSize * 5 / 2, did: new(programsDid),
	}
	if s.DearPart > 0 {
		m.dear, m.part, m.large = true, s.DearPart, s.DearPart+1000
	}
	m.emptyFirst = s.Name == defects.MinIO
	azurite := s.Name == defects.Azurite
	m.can, m.heirs, m.rests = m.b.Capabilities(), azurite, azurite
	if m.class = classes[s.Name]; m.class == "" {
		m.class = "COLD"
	}
	if s.Flat {
		m.keys = []string{"a", "b/c", "b/d", "a!", "b/ä"}
	}
	return m
}

// classes are storage classes of services that do not take any name.
var classes = map[string]string{"gcsfake": "NEARLINE", "MinIO": "STANDARD", "Azurite": "Cool"}

// anyClass is the class of an object that the model does not know. Azurite gives a copy the class
// of its source, and calls the one that was asked for inferred: see defects.TierOfCopyInferred.
const anyClass = "any"

// run runs one program.
func (m *machine) run(t *rapid.T) {
	t.Repeat(map[string]func(*rapid.T){
		"":       m.agrees,
		"write":  m.write,
		"write2": m.write, // twice as often as the others
		"read":   m.read,
		"stat":   m.stat,
		"list":   m.list,
		"delete": m.remove,
		"many":   m.removeMany,
		"copy":   m.copies,
		"update": m.update,
	})
}

// agrees compares everything with the model.
func (m *machine) agrees(t *rapid.T) {
	m.reset() // no faults here
	m.dropRests(t)
	left := maps.Clone(m.model)
	for o, err := range m.b.List(t.Context(), nil) {
		if err != nil {
			wrong(t, "List: %v", err)
		}
		want := m.model[o.Key]
		if want == nil || o.Size != int64(len(want.data)) || o.ETag != want.etag {
			wrong(t, "List has %q, %d bytes, ETag %s; the model has %v", o.Key, o.Size,
				m.name(o.ETag), want)
		}
		delete(left, o.Key)
	}
	if len(left) > 0 {
		wrong(t, "List lacks %q", slices.Sorted(maps.Keys(left)))
	}
	for _, key := range m.keys {
		data, err := m.b.ReadAll(t.Context(), key, nil)
		want := m.model[key]
		if want == nil {
			m.fails(t, "ReadAll "+key, err, storage.ErrNotExist)
			continue
		}
		if err != nil || string(data) != string(want.data) {
			wrong(t, "ReadAll %q: %d bytes, %v; the model has %v", key, len(data), err, want)
		}
	}
}

// dropRests drops the blocks that writes which failed have left under keys without an object. A key
// that has some is never created again by one request: see defects.BlocksAreABlob.
func (m *machine) dropRests(t *rapid.T) {
	if !m.rests {
		return
	}
	ctx, store := t.Context(), storage.Full(m.b.Store())
	page, err := store.ListUploadsPage(ctx, &storage.ListOptions{Prefix: m.b.StoreKey("")})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range page.Uploads {
		if m.model[strings.TrimPrefix(u.Key, m.b.StoreKey(""))] != nil {
			continue // they stay beside an object, too: see defects.BlocksSurvivePut
		}
		_, err := store.Put(ctx, u.Key, strings.NewReader(""), 0, &storage.PutOptions{})
		if err == nil {
			err = store.Delete(ctx, u.Key, &storage.DeleteOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (o *object) String() string {
	if o == nil {
		return "nothing"
	}
	return fmt.Sprintf("%d bytes by %s", len(o.data), o.by)
}

// wrong ends a program. What is wrong is logged and not the failure itself: a shorter program whose
// numbers are others fails in the same way.
func wrong(t *rapid.T, format string, args ...any) {
	t.Helper()
	t.Logf("wrong: "+format, args...)
	t.FailNow()
}

// fails checks that err is of the kind, nil included.
func (m *machine) fails(t *rapid.T, what string, err, kind error) {
	if kind == nil && err != nil || kind != nil && !is(err, kind) {
		wrong(t, "%s: %v, want %v", what, err, kind)
	}
}

// wrote is fails for a write. One that is refused after an attempt in doubt can be unknown.
func (m *machine) wrote(t *rapid.T, step string, err, want error) {
	if want != nil && strings.HasSuffix(step, "doubt") && is(err, storage.ErrUnknownOutcome) {
		return
	}
	m.fails(t, step, err, want)
}

// name is what an ETag is called in a program.
func (m *machine) name(etag string) string {
	switch {
	case etag == "":
		return ""
	case m.names[etag] == "":
		return "unheard of"
	}
	return m.names[etag]
}

// put makes the model hold an object.
func (m *machine) put(key string, o *object) {
	m.drop(key)
	if m.names[o.etag] == "" {
		m.names[o.etag] = fmt.Sprintf("v%d", len(m.names)+1)
	}
	m.model[key] = o
}

func (m *machine) drop(key string) {
	if was := m.model[key]; was != nil {
		m.stale = append(m.stale, was.etag)
		delete(m.model, key)
	}
}

// The methods of Bucket that no program calls, and why.
var notInModel = map[string]string{
	"Close":        "ends it",
	"SignURL":      "makes a text that depends on the time; conformance sends what it makes",
	"Store":        "is what the machine is made of",
	"StoreKey":     "answers without a Store",
	"CheckKey":     "answers without a request",
	"Capabilities": "answers without a request",
	"Prefix":       "is the Bucket of every program",
	"CleanUploads": "needs uploads that were left; conformance leaves some",
	"ResumeWriter": "needs a token of Suspend; conformance has one",
}

// Every method of Bucket is in the programs, or in the list above.
func TestModelIsComplete(t *testing.T) {
	bucket := reflect.TypeFor[*storage.Bucket]()
	for i := range bucket.NumMethod() {
		name := bucket.Method(i).Name
		_, not := notInModel[name]
		in := slices.Contains(called, name)
		if in == not {
			t.Errorf("%s: called %v, excluded %v", name, in, not)
		}
	}
}
