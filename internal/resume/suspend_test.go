package resume

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/fivestores"
)

// TestSuspended takes up the Writer of a process that has ended, by its token alone, and the token
// is good no more when there is an object.
func TestSuspended(t *testing.T) {
	child := buildChild(t)
	for _, s := range fivestores.All(t) {
		if s.Name == "memory" {
			continue // its uploads end with the process
		}
		t.Run(s.Name, func(t *testing.T) {
			tr := newTransfer(t, s.URL)
			out, err := exec.CommandContext(t.Context(), child, "suspend", s.URL, "k", tr.source,
				filepath.Join(tr.dir, "state"), fmt.Sprint(bandwidth)).Output()
			if err != nil {
				t.Fatalf("child: %v", err)
			}
			token := strings.TrimSpace(string(out))
			w, err := tr.b.ResumeWriter(t.Context(), "k", token, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if w.Size() != partSize {
				t.Errorf("Size = %d, want the one part of %d bytes", w.Size(), partSize)
			}
			if _, err := w.Write(tr.data[w.Size():]); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			got, err := tr.b.ReadAll(t.Context(), "k", nil)
			if err != nil || !bytes.Equal(got, tr.data) {
				t.Errorf("the object has %d bytes, %v, and they are not those that were written",
					len(got), err)
			}
			_, err = tr.b.ResumeWriter(t.Context(), "k", token, nil)
			if !errors.Is(err, storage.ErrNotExist) {
				t.Errorf("ResumeWriter after the commit: %v, want %v", err, storage.ErrNotExist)
			}
		})
	}
}
