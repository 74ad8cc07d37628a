package instants

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/polystore/storage"
)

const stall = 30 * time.Second

// patient retries as soon as it can: the pauses are a nanosecond at most.
var patient = &storage.Options{
	StallTimeout: stall, NoHedging: true,
	Retry: storage.RetryOptions{Attempts: 2, MinDelay: 1},
}

// rounded takes those pauses off.
func rounded(times []time.Duration) []time.Duration {
	for i := range times {
		times[i] = times[i].Truncate(time.Microsecond)
	}
	return times
}

// TestStallOfAnswer has a service that takes a request and says nothing.
func TestStallOfAnswer(t *testing.T) {
	hangs := func(_ driver, _ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	play(t, patient, nil, hangs, func(t *testing.T, _ driver, b *storage.Bucket, s *service) {
		_, err := b.Stat(t.Context(), "k", nil)
		ended := time.Since(s.start).Truncate(time.Microsecond)
		want := []time.Duration{0, stall}
		if asked := rounded(s.times()); !errors.Is(err, storage.ErrUnavailable) ||
			ended != 2*stall || !slices.Equal(asked, want) {
			t.Errorf("asked at %v, %v at %v; want %v and an end at %v", asked, err, ended, want,
				2*stall)
		}
	})
}

// TestStallOfBody has a service whose bytes come slowly, which is no stall, and then none any more.
// What is left is asked for when nothing has come for the time, counted from the last byte.
func TestStallOfBody(t *testing.T) {
	data := []byte("0123456789")
	trickles := func(d driver, n int, w http.ResponseWriter, r *http.Request) {
		if n == 2 {
			d.head(w, len(data)-3)
			w.Header().Set("Content-Range", "bytes 3-9/10")
			w.WriteHeader(http.StatusPartialContent)
			w.Write(data[3:])
			return
		}
		d.head(w, len(data))
		for i := range 3 {
			w.Write(data[i : i+1])
			http.NewResponseController(w).Flush()
			if i < 2 {
				time.Sleep(stall - 1)
			}
		}
		<-r.Context().Done()
	}
	play(t, patient, nil, trickles, func(t *testing.T, _ driver, b *storage.Bucket, s *service) {
		r, err := b.Get(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got, err := io.ReadAll(r)
		want := []time.Duration{0, (2*(stall-1) + stall).Truncate(time.Microsecond)}
		if asked := rounded(s.times()); err != nil || !bytes.Equal(got, data) ||
			!slices.Equal(asked, want) {
			t.Errorf("%q, %v; asked at %v, want %v", got, err, asked, want)
		}
	})
}

// TestStallOfRequest has a service that reads half a body and no more.
func TestStallOfRequest(t *testing.T) {
	data := make([]byte, 1<<20)
	stops := func(_ driver, _ int, _ http.ResponseWriter, r *http.Request) {
		for range 4 {
			time.Sleep(stall - 1)
			io.CopyN(io.Discard, r.Body, int64(len(data)/8))
		}
		<-r.Context().Done()
	}
	play(t, &storage.Options{StallTimeout: stall, Retry: storage.RetryOptions{Attempts: 1}}, nil,
		stops, func(t *testing.T, _ driver, b *storage.Bucket, s *service) {
			_, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil)
			took, want := time.Since(s.start), 4*(stall-1)+stall
			if !errors.Is(err, storage.ErrUnavailable) || took != want {
				t.Errorf("%v after %v, want an end after %v", err, took, want)
			}
		})
}
