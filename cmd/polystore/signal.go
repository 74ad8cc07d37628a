package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// cleaning is how long the cleaning up after a signal goes on before the user is told of it.
const cleaning = 500 * time.Millisecond

// signalError is the end of the command's context by a signal.
type signalError struct{ signal os.Signal }

func (e *signalError) Error() string {
	if e.signal == os.Interrupt {
		return "interrupted"
	}
	return e.signal.String()
}

// code is what a shell says of a command that a signal has ended.
func (e *signalError) code() int {
	if s, ok := e.signal.(syscall.Signal); ok {
		return exitSignal + int(s)
	}
	return exitFailed
}

// untilSignal returns a context that the first signal cancels, with a signalError as its cause. The
// second signal ends the process at once. still is called if the command cleans up for a while.
func untilSignal(parent context.Context, still func()) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as nohup has it, and a shell for a job in the background
			signal.Notify(signals, s)
		}
	}
	var wg sync.WaitGroup
	stopped := make(chan struct{})
	wg.Go(func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(&signalError{s})
		case <-stopped:
			return
		}
		t := time.NewTimer(cleaning)
		defer t.Stop()
		select {
		case <-t.C:
			still()
		case <-stopped:
		}
	})
	return ctx, func() {
		close(stopped)
		wg.Wait()
		signal.Stop(signals)
		cancel(nil)
	}
}

// interruptedError is what a command returned that a signal has ended.
type interruptedError struct {
	signal *signalError
	err    error
}

func (e *interruptedError) Error() string {
	if errors.Is(e.err, e.signal) || errors.Is(e.err, errReported) {
		return e.signal.Error()
	}
	return e.signal.Error() + ": " + oneLine(e.err)
}

// interrupted is err as the end of a command whose context is ctx. One that succeeded in spite of
// the signal has succeeded.
func interrupted(ctx context.Context, err error) error {
	var s *signalError
	if err == nil || !errors.As(context.Cause(ctx), &s) {
		return err
	}
	return &interruptedError{s, err}
}
