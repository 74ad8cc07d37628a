package file

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// halves is a source that gives a part by two reads, and calls between in front of one of them.
type halves struct {
	strings.Reader
	reads, at int
	between   func() error
}

func (h *halves) Read(p []byte) (int, error) {
	if h.reads++; h.reads-1 == h.at {
		if err := h.between(); err != nil {
			return 0, err
		}
	}
	return h.Reader.Read(p[:min(len(p), 4)])
}

// Attempts at the same bytes that are under way at once may leave some of each. An object has the
// bytes of one, or it is not made; a part that is sent again alone is as good as any.
func TestPartsAtOnce(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name   string
		at     int // the read of the first attempt that the second comes before
		number int // of the second, whose bytes are bbbbbbbb
		first  string
		fails  error  // of the first; then the second is completed
		want   string // the object; "": none
	}{
		{"half of each", 1, 1, "aaaaaaaa", nil, ""},
		{"half of each, by another number", 1, 2, "aaaaaaaa", nil, ""},
		{"a failure behind all of it", 2, 1, "aaaaaaaa", broken, "bbbbbbbb"},
		{"the last is whole", 0, 1, "aaaaaaaa", nil, "aaaaaaaa"},
		{"the same bytes", 1, 1, "bbbbbbbb", nil, "bbbbbbbb"},
		{"a failure before it wrote", 0, 1, "aaaaaaaa", broken, "bbbbbbbb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, dir := newStore(t)
			other := openStore(t, dir)
			opts := new(storage.PutOptions)
			id := createUpload(t, s, "k", opts)
			var second *storage.Part
			body := &halves{Reader: *strings.NewReader(tt.first), at: tt.at}
			body.between = func() error {
				second = putPart(t, other, "k", id, tt.number, "bbbbbbbb", 0)
				return tt.fails
			}
			part, err := s.PutPart(t.Context(), "k", id, 1, body, 8, new(storage.PartOptions))
			if !errors.Is(err, tt.fails) {
				t.Fatalf("PutPart: %v, want %v", err, tt.fails)
			}
			if tt.fails != nil {
				part = second
			}
			_, err = s.CompleteUpload(t.Context(), "k", id, []*storage.Part{part}, opts)
			if tt.want != "" {
				if got := get(t, s, "k"); err != nil || got != tt.want {
					t.Errorf("Complete: %v, and the object is %q, want %q", err, got, tt.want)
				}
				return
			}
			if !errors.Is(err, storage.ErrInvalid) {
				t.Errorf("Complete: %v, want ErrInvalid", err)
			}
			again := putPart(t, s, "k", id, 1, "again", 0)
			if _, err := s.CompleteUpload(t.Context(), "k", id, []*storage.Part{again},
				opts); err != nil {
				t.Errorf("Complete with the part sent again: %v", err)
			}
			if got := get(t, s, "k"); got != "again" {
				t.Errorf("the object is %q", got)
			}
		})
	}
}

// The same where the first attempt goes on behind the second, and fails or is killed then.
func TestPartUnderAFailedAttempt(t *testing.T) {
	s, _ := newStore(t)
	opts := new(storage.PutOptions)
	id := createUpload(t, s, "k", opts)
	var second *storage.Part
	body := &halves{Reader: *strings.NewReader("aaaa"), at: 0}
	body.between = func() error {
		second = putPart(t, s, "k", id, 1, "bbbbbbbb", 0)
		return nil
	}
	_, err := s.PutPart(t.Context(), "k", id, 1, body, 8, new(storage.PartOptions))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("PutPart of a source that ends: %v", err)
	}
	_, err = s.CompleteUpload(t.Context(), "k", id, []*storage.Part{second}, opts)
	if !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("Complete: %v, and the object is %q", err, get(t, s, "k"))
	}
}

// An attempt that has failed is over: the next one has its bytes to itself.
func TestPartBehindAFailedAttempt(t *testing.T) {
	s, _ := newStore(t)
	opts := new(storage.PutOptions)
	id := createUpload(t, s, "k", opts)
	_, err := s.PutPart(t.Context(), "k", id, 1, strings.NewReader("aaaa"), 8,
		new(storage.PartOptions))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("PutPart of a source that ends: %v", err)
	}
	putPart(t, s, "k", id, 1, "bbbbbbbb", 0)
	dir, err := s.upload("k", id)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := s.partLog(dir)
	if err != nil || len(parts) != 1 || parts[0].shared {
		t.Errorf("the log has %d parts, or one that was written by two at once; %v", len(parts), err)
	}
}
