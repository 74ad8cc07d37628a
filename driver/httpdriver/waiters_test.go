package httpdriver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// slowAnswer is a body of n bytes, one every pause.
type slowAnswer struct {
	ctx   context.Context
	n     int
	pause time.Duration
}

func (b *slowAnswer) Read(p []byte) (int, error) {
	if b.n == 0 {
		return 0, io.EOF
	}
	b.n--
	select {
	case <-time.After(b.pause):
		return copy(p, "x"), nil
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
}

func (b *slowAnswer) Close() error { return nil }

// tokenStore asks for a token before it answers.
type tokenStore struct {
	storage.Store
	token func(ctx context.Context) error
}

func (s *tokenStore) Stat(
	ctx context.Context, key string, _ *storage.StatOptions,
) (*storage.Object, error) {
	if err := s.token(ctx); err != nil {
		return nil, &storage.Error{Kind: storage.ErrUnavailable, Err: err}
	}
	return &storage.Object{Key: key}, nil
}

// A token that comes slowly is no stall, neither for the call that asked for it nor for those that
// wait for the same answer. One that comes no further is.
func TestSlowTokenIsNoStall(t *testing.T) {
	for name, pause := range map[string]time.Duration{"moves": time.Second, "stops": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := &http.Client{Transport: &CredentialsTransport{
					Base: roundTripper(func(req *http.Request) (*http.Response, error) {
						slow := &slowAnswer{req.Context(), 20, pause}
						return &http.Response{StatusCode: http.StatusOK, Body: slow}, nil
					}),
				}}
				var waiters Waiters
				asking := make(chan struct{}, 1)
				token := func(ctx context.Context) error {
					ctx, done := waiters.Wait(ctx, time.Minute)
					defer done()
					select {
					case asking <- struct{}{}:
					case <-ctx.Done():
						return ctx.Err()
					}
					defer func() { <-asking }()
					req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://x", nil)
					if err != nil {
						return err
					}
					resp, err := client.Do(req)
					if err != nil {
						return err
					}
					defer resp.Body.Close()
					_, err = io.ReadAll(resp.Body)
					return err
				}
				b := storage.New(&tokenStore{token: token}, &storage.Options{
					StallTimeout: 10 * time.Second, Retry: storage.RetryOptions{Attempts: 1},
				})
				defer b.Close()
				errs := make(chan error)
				for range 3 {
					go func() {
						_, err := b.Stat(t.Context(), "k", nil)
						errs <- err
					}()
				}
				for range 3 {
					err := <-errs
					if name == "moves" && err != nil {
						t.Errorf("a token that comes slowly: %v", err)
					}
					if name == "stops" && !errors.Is(err, storage.ErrUnavailable) {
						t.Errorf("a token that does not come: %v", err)
					}
				}
			})
		})
	}
}

// The context of those that wait ends when nothing has moved for their patience, and as a time-out.
func TestWaitersPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w Waiters
		start := time.Now()
		ctx, done := w.Wait(t.Context(), time.Second)
		other, otherDone := w.Wait(t.Context(), 0)
		defer otherDone()
		for range 5 {
			time.Sleep(900 * time.Millisecond)
			moved(other)
		}
		<-ctx.Done()
		if d := time.Since(start); d != 5500*time.Millisecond {
			t.Errorf("it ended after %v", d)
		}
		below, cancel := context.WithCancel(ctx)
		defer cancel()
		if err := ctx.Err(); err != context.DeadlineExceeded || context.Cause(below) != err {
			t.Errorf("%v, below it %v", err, context.Cause(below))
		}
		done()
		if ctx.Err() != context.DeadlineExceeded || other.Err() != nil {
			t.Errorf("afterwards: %v, %v", ctx.Err(), other.Err())
		}
	})
}
