// Package extremes takes a Bucket to the ends of what services hold: the largest object that each
// has, ten thousand parts, a million keys. The Stores count, and keep nothing.
package extremes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/memory"
	"github.com/polystore/storage/providers/s3"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nowhere = "http://127.0.0.1:1"

// counting is a Store of one upload that counts what it is sent, by the rules of another Store.
type counting struct {
	storage.FullStore
	limits storage.PartLimits

	mu                     sync.Mutex
	begun, made, dropped   int
	sizes                  map[int]int64
	whole                  int64 // the size of the object; -1: there is none
	firstWrong, wrongParts int   // of parts that break a rule
}

var _ storage.FullStore = (*counting)(nil)

func newCounting(t *testing.T, l storage.PartLimits) *counting {
	t.Helper()
	empty, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &counting{FullStore: empty, limits: l, sizes: make(map[int]int64), whole: -1}
}

func (s *counting) PartLimits(*storage.PutOptions) storage.PartLimits { return s.limits }

func (s *counting) CreateUpload(context.Context, string, *storage.PutOptions) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
	return "upload", nil
}

// PutPart takes the size of a part by its end, so that five terabytes take no time.
func (s *counting) PutPart(
	_ context.Context, _, _ string, number int, body io.ReadSeeker, size int64,
	o *storage.PartOptions,
) (*storage.Part, error) {
	end, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.limits
	_, again := s.sizes[number]
	if end != size || again || number < 1 || number > l.Count || l.Max > 0 && size > l.Max ||
		!o.Last && (size < l.Min || l.Multiple > 1 && size%l.Multiple != 0) {
		if s.wrongParts++; s.firstWrong == 0 {
			s.firstWrong = number
		}
	}
	s.sizes[number] = size
	return &storage.Part{Number: number, Size: size, ETag: "e"}, nil
}

func (s *counting) CompleteUpload(
	_ context.Context, key, _ string, parts []*storage.Part, _ *storage.PutOptions,
) (*storage.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	s.whole = 0
	for i, p := range parts {
		if p.Number != i+1 {
			return nil, &storage.Error{Kind: storage.ErrInvalid, Err: fmt.Errorf(
				"part %d in place %d", p.Number, i+1)}
		}
		s.whole += s.sizes[p.Number]
	}
	return &storage.Object{Key: key, Size: s.whole, ETag: `"e"`}, nil
}

func (s *counting) AbortUpload(context.Context, string, string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped++
	return nil
}

// unread is a source that nobody needs to read.
type unread struct{}

func (unread) ReadAt([]byte, int64) (int, error) {
	return 0, errors.New("the source was read")
}

// rules are the rules for parts of the providers, for writes without conditions and with one, and a
// provider of each. Those of package file are beyond any disk, and of a million parts.
func rules(t *testing.T) map[storage.PartLimits]string {
	t.Helper()
	all := make(map[storage.PartLimits]string)
	add := func(name string, s storage.FullStore, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		all[s.PartLimits(&storage.PutOptions{IfAbsent: true})] = name + ", with a condition"
		all[s.PartLimits(new(storage.PutOptions))] = name
	}
	for _, name := range s3.Providers() {
		s, err := s3.New(t.Context(), "bucket", &s3.Options{
			Provider: name, Endpoint: nowhere, Region: "us-east-1", AccessKeyID: "k",
			SecretAccessKey: "s",
		})
		add("s3 "+name, s, err)
	}
	g, err := gcs.New(t.Context(), "bucket", &gcs.Options{Endpoint: nowhere, Anonymous: true})
	add("gcs", g, err)
	a, err := azure.New(t.Context(), "bucket", &azure.Options{
		Endpoint: nowhere + "/account", Anonymous: true,
	})
	add("azure", a, err)
	m, err := memory.New(nil)
	add("memory", m, err)
	return all
}
