package us_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage/benchmarks/subject"
	"github.com/polystore/storage/benchmarks/subject/us"
	_ "github.com/polystore/storage/providers/file" // the scheme
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A field of Options comes by its name; one that is a bool needs no value.
func TestOptions(t *testing.T) {
	for arg, ok := range map[string]bool{
		"": true, "NoHedging": true, "NoHedging=false,Concurrency=4": true, "list=1": true,
		"Concurrency": false, "NoHedging=maybe": false, "NoSuchField": false, "Tracer=1": false,
	} {
		target := subject.Target{Service: "file", Dir: t.TempDir()}
		if _, err := us.Open(t.Context(), target, arg); (err == nil) != ok {
			t.Errorf("us:%s: %v", arg, err)
		}
	}
}

// A read that verified nothing is an error: the row would be faster than the library is.
func TestUnverified(t *testing.T) {
	dir := t.TempDir()
	s, err := us.Open(t.Context(), subject.Target{Service: "file", Dir: dir}, "")
	if err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("12345678"), 1<<10)
	if err := s.Write(t.Context(), "ours", data); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "foreign"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "download")
	for name, read := range map[string]func(key string) error{
		"Get":     func(key string) error { return s.Get(t.Context(), key, io.Discard) },
		"GetFile": func(key string) error { return s.GetFile(t.Context(), key, path) },
		"Read": func(key string) error {
			return s.Read(t.Context(), key, make([]byte, len(data)))
		},
	} {
		if err := read("ours"); err != nil {
			t.Errorf("%s of an object with a CRC: %v", name, err)
		}
		if err := read("foreign"); err == nil || !strings.Contains(err.Error(), "CRC") {
			t.Errorf("%s of an object without a CRC: %v", name, err)
		}
	}
}
