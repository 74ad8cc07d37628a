package storage

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestCredit(t *testing.T) {
	c := credit{limit: 3}
	spent := 0
	for range 10 {
		if c.spend() {
			spent++
		}
	}
	if spent != 3 {
		t.Errorf("%d retries on a credit of 3", spent)
	}
	for range 9 {
		c.earn()
	}
	if c.spend() {
		t.Error("nine successes earn a retry, want ten")
	}
	c.earn()
	if !c.spend() || c.spend() {
		t.Error("ten successes do not earn exactly one retry")
	}
	for range 1000 {
		c.earn()
	}
	spent = 0
	for c.spend() {
		spent++
	}
	if spent != 3 {
		t.Errorf("%d retries after many successes, want 3", spent)
	}
	unlimited := credit{limit: -1}
	for range 1000 {
		if !unlimited.spend() {
			t.Fatal("a limit below zero limits")
		}
	}
}

func TestPause(t *testing.T) {
	type result struct {
		again bool
		took  time.Duration
	}
	pause := func(r RetryOptions, timeout time.Duration, n int, after time.Duration) (res result) {
		synctest.Test(t, func(t *testing.T) {
			b := New(nil, &Options{Retry: r})
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			start := time.Now()
			res.again = b.e.pause(ctx, b.e.closing.Done(), n, after)
			res.took = time.Since(start)
			b.e.end(ErrClosed)
		})
		return res
	}
	r := RetryOptions{MinDelay: 100 * time.Millisecond, MaxDelay: time.Second}
	longest := map[int]time.Duration{}
	for range 200 {
		for n, ceiling := range map[int]time.Duration{1: 100 * time.Millisecond,
			2: 200 * time.Millisecond, 4: 800 * time.Millisecond, 5: time.Second, 60: time.Second} {
			got := pause(r, time.Hour, n, 0)
			if !got.again || got.took > ceiling {
				t.Fatalf("pause %d = %+v, want at most %v", n, got, ceiling)
			}
			longest[n] = max(longest[n], got.took)
		}
	}
	if longest[1] < 50*time.Millisecond || longest[5] < 500*time.Millisecond {
		t.Errorf("the longest pauses of 200 are %v: no full jitter", longest)
	}
	for what, c := range map[string]struct {
		timeout, after time.Duration
		again          bool
		least, most    time.Duration
	}{
		"Retry-After": {time.Hour, 900 * time.Millisecond, true,
			900 * time.Millisecond, 900 * time.Millisecond},
		"Retry-After at MaxDelay":   {time.Hour, time.Second, true, time.Second, time.Second},
		"Retry-After over MaxDelay": {time.Hour, time.Second + 1, false, 0, 0},
		"past the deadline":         {500 * time.Millisecond, 900 * time.Millisecond, false, 0, 0},
	} {
		if got := pause(r, c.timeout, 1, c.after); got.again != c.again || got.took < c.least ||
			got.took > c.most {
			t.Errorf("%s: %+v, want %+v", what, got, c)
		}
	}
}

func TestPauseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(nil, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if b.e.pause(ctx, b.e.closing.Done(), 1, 10*time.Second) {
			t.Error("a cancelled pause asks for another attempt")
		}
		b.e.end(ErrClosed)
		start := time.Now()
		if !b.e.pause(t.Context(), b.e.closing.Done(), 1, 10*time.Second) ||
			time.Since(start) != 0 {
			t.Errorf("a pause of a closed Bucket took %v", time.Since(start))
		}
	})
}

func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(1000)
		start := time.Now()
		var wg sync.WaitGroup
		for range 10 { // ten times 500 bytes at 1,000 a second, and 100 ms of credit
			wg.Go(func() {
				if err := p.wait(t.Context(), 500); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took != 4900*time.Millisecond {
			t.Errorf("ten times 500 bytes at 1,000 a second took %v, want 4.9s", took)
		}
		time.Sleep(time.Hour) // of synctest: no more credit is saved up
		start = time.Now()
		for range 3 {
			if err := p.wait(t.Context(), 1000); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != 2900*time.Millisecond {
			t.Errorf("three times 1,000 bytes after an hour took %v, want 2.9s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.wait(ctx, 1); err == nil {
			t.Error("a cancelled wait is nil")
		}
		var none *pacer
		if err := none.wait(t.Context(), 1<<40); err != nil {
			t.Error(err)
		}
	})
}

func TestBudget(t *testing.T) {
	var m budget
	m.free.Store(100)
	if !m.take(60) || m.take(60) || !m.take(40) || m.take(1) {
		t.Error("100 bytes are not 60 and 40")
	}
	m.give(60)
	if !m.take(60) {
		t.Error("what was given back cannot be taken")
	}
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		fired := make(chan time.Duration, 2)
		w := &watch{d: 10 * time.Second}
		w.arm(func() { fired <- time.Since(start) })
		for range 3 {
			time.Sleep(9 * time.Second)
			w.touch()
		}
		time.Sleep(5 * time.Second)
		w.rest()
		time.Sleep(time.Hour) // the consumer's
		w.touch()
		synctest.Wait()
		if len(fired) != 0 {
			t.Fatalf("it fired after %v", <-fired)
		}
		touched := time.Since(start)
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(fired) != 1 {
			t.Fatalf("it fired %d times, want once", len(fired))
		}
		if at := <-fired; at != touched+10*time.Second {
			t.Errorf("touched last after %v, it fired after %v", touched, at)
		}
		w.stop()
		var none watch
		none.arm(nil)
		none.touch()
		none.rest()
		none.stop()
	})
}
