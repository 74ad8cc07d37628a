package s3

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// Where a HEAD can show two versions, Stat believes two in a row that agree. It costs other
// profiles nothing.
func TestMixedHead(t *testing.T) {
	type answer struct { // to a HEAD
		etag, metadata string
		status         int // where it is no success
	}
	first, mixed, second := answer{"1", "1", 0}, answer{"2", "1", 0}, answer{"2", "2", 0}
	missing, same := answer{status: http.StatusNotFound}, answer{status: http.StatusNotModified}
	endless := make([]answer, maxHeads+1)
	for i := range endless {
		endless[i].etag, endless[i].metadata = fmt.Sprint(i+1), fmt.Sprint(i)
	}
	for _, tt := range []struct {
		name, provider string
		answers        []answer
		requests       int
		want           string // metadata
		err            error
	}{
		{"nobody writes", "versitygw", []answer{first, first}, 2, "1", nil},
		{"a write in the first", "versitygw", []answer{mixed, second, second}, 3, "2", nil},
		{"a write between", "versitygw", []answer{first, second, second}, 3, "2", nil},
		{"a write in the second", "versitygw", []answer{first, mixed, second, second}, 4, "2", nil},
		{"deleted between", "versitygw", []answer{first, missing}, 2, "", storage.ErrNotExist},
		{"missing", "versitygw", []answer{missing}, 1, "", storage.ErrNotExist},
		{"not modified", "versitygw", []answer{same}, 1, "", storage.ErrNotModified},
		{"writes without end", "versitygw", endless, maxHeads, "", storage.ErrUnavailable},
		{"another profile", "minio", []answer{mixed}, 1, "1", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			next := 0
			srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
				a := tt.answers[min(next, len(tt.answers)-1)]
				next++
				if a.status != 0 {
					w.WriteHeader(a.status)
					return
				}
				w.Header().Set("ETag", `"`+a.etag+`"`)
				w.Header().Set("X-Amz-Meta-Version", a.metadata)
				w.Header().Set("Content-Length", "0")
			})
			o, err := srv.provider(t, tt.provider).Stat(t.Context(), "k", &storage.StatOptions{})
			if next != tt.requests || !errors.Is(err, tt.err) {
				t.Fatalf("%v after %d requests, want %v after %d", err, next, tt.err, tt.requests)
			}
			if err == nil && o.Metadata["version"] != tt.want {
				t.Errorf("metadata %q, want %q", o.Metadata["version"], tt.want)
			}
		})
	}
}
