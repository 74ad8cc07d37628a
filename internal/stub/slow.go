package stub

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// Slow answers with a JSON document that takes longer than the stall time of [Patient], while bytes
// move.
func Slow(document string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		for range 3 * slowSteps {
			io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			select {
			case <-time.After(slowStall / slowSteps):
			case <-r.Context().Done():
				return
			}
		}
		io.Copy(w, strings.NewReader(document))
	}
}

const (
	slowStall = 2 * time.Second
	slowSteps = 20 // in a stall time
)

// Patient is a Bucket whose only attempt ends if nothing moves for less time than an answer of
// [Slow] takes. It is closed with the test.
func Patient(tb testing.TB, s storage.Store) *storage.Bucket {
	b := storage.New(s, &storage.Options{
		StallTimeout: slowStall, Retry: storage.RetryOptions{Attempts: 1},
	})
	tb.Cleanup(func() { b.Close() })
	return b
}
