package apitext

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a module out of files by their path.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"go.mod": "module " + module + "\n\ngo 1.26\n",
		"a.go": `package storage

import (
	"errors"
	"io"
	"iter"
)

const (
	Max      = 7
	A   Kind = "a"
	low      = 1
)

type (
	Kind  string
	Alias = io.Reader
	Walk  func(key string, more ...any) (n int, err error)
	Pair[K comparable, V any] struct{ Key K; Value V }
	Store interface {
		io.Closer
		Get(name string, f func(size int64) error) (io.ReadCloser, error)
		hidden()
	}
	Base   struct{ ID int }
	common struct{ Name string }
	Bucket struct {
		Base
		*common
		Tags map[string]string
		low  int
	}
)

var ErrGone = errors.New("gone")

func (b Base) Promoted()                                    {}
func (c *common) Shown()                                    {}
func (b *Bucket) List(prefix string) iter.Seq2[*Base, error] { return nil }
func (b Bucket) Len() int                                   { return 0 }
func (b *Bucket) hidden()                                   {}
func (k Kind) String() string                               { return "" }
func Map[T any](in []T, f func(v T) T) []T                  { return nil }
func lower()                                                {}
`,
		"providers/s3/s3.go": `package s3

import "github.com/polystore/storage"

func New(name string) (*storage.Bucket, error) { return nil, nil }
`,
		"providers/all/all.go":    "package all\n",
		"internal/wire/wire.go":   "package wire\n\nfunc Hidden() {}\n",
		"providers/internal/x.go": "package x\n\nfunc Hidden() {}\n",
		"examples/driver/d.go":    "package driver\n\nfunc Hidden() {}\n",
		"cmd/tool/main.go":        "package main\n\nfunc Hidden() {}\n\nfunc main() {}\n",
	})
	got, err := Generate(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	const p = "pkg " + module
	want := map[string][]string{
		"providers-all.txt": {p + "/providers/all, nothing is exported"},
		"providers-s3.txt":  {p + "/providers/s3, func New(string) (*storage.Bucket, error)"},
		"storage.txt": {
			p + `, const A = "a"`,
			p + ", const A Kind",
			p + ", const Max = 7",
			p + ", const Max untyped int",
			p + ", func Map[T any]([]T, func(T) T) []T",
			p + ", method (*Bucket) List(string) iter.Seq2[*Base, error]",
			p + ", method (Base) Promoted()",
			p + ", method (Bucket) Len() int",
			p + ", method (Bucket) Shown()",
			p + ", method (Kind) String() string",
			p + ", type Alias = io.Reader",
			p + ", type Base struct",
			p + ", type Base struct, ID int",
			p + ", type Bucket struct",
			p + ", type Bucket struct, Name string",
			p + ", type Bucket struct, Tags map[string]string",
			p + ", type Bucket struct, embedded Base",
			p + ", type Kind string",
			p + ", type Pair[K comparable, V any] struct",
			p + ", type Pair[K comparable, V any] struct, Key K",
			p + ", type Pair[K comparable, V any] struct, Value V",
			p + ", type Store interface { Get, io.Closer, unexported methods }",
			p + ", type Store interface, Get(string, func(int64) error) (io.ReadCloser, error)",
			p + ", type Walk func(string, ...any) (int, error)",
			p + ", var ErrGone error",
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// What is removed, changed or added is seen, and an update agrees to it.
func TestCheck(t *testing.T) {
	const before = `package storage

type Bucket struct {
	Gone    int
	Changed int
}

func (b *Bucket) Close() error   { return nil }
func (b *Bucket) Put(key string) {}
`
	const after = `package storage

type Bucket struct {
	Changed int64
	New     bool
}

func (b *Bucket) Put(other string) {}
`
	dir := t.TempDir()
	api := filepath.Join(dir, "api")
	write(t, dir, map[string]string{
		"go.mod":   "module " + module + "\n\ngo 1.26\n",
		"a.go":     before,
		"old/a.go": "package old\n",
	})
	check := func(want string) {
		t.Helper()
		got, err := Check(t.Context(), dir, api)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	}
	update := func() {
		t.Helper()
		if err := Update(t.Context(), dir, api); err != nil {
			t.Fatal(err)
		}
	}
	update()
	check("")

	write(t, dir, map[string]string{"a.go": after})
	if err := os.RemoveAll(filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}
	check(`old.txt:
  - pkg github.com/polystore/storage/old, nothing is exported
storage.txt:
  - pkg github.com/polystore/storage, method (*Bucket) Close() error
  - pkg github.com/polystore/storage, type Bucket struct, Changed int
  + pkg github.com/polystore/storage, type Bucket struct, Changed int64
  - pkg github.com/polystore/storage, type Bucket struct, Gone int
  + pkg github.com/polystore/storage, type Bucket struct, New bool
`)
	update()
	check("")
	files, err := read(api)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"storage.txt"}, slices.Sorted(maps.Keys(files))); d != "" {
		t.Errorf("files: -want +got\n%s", d)
	}
}
