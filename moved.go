package storage

import "context"

// Moved tells the Bucket for which a method of a Store was called that bytes of the request moved,
// in either direction, so that StallTimeout begins anew. ctx is the context of that method, or one
// that was made of it. The Bucket knows of the bytes of bodies. A driver tells of all others: those
// of lists, of documents, of errors, and of what it asks for a token. Package driver/httpdriver
// does. Without a Bucket Moved does nothing.
func Moved(ctx context.Context) {
	if a := attemptOf(ctx); a != nil {
		a.watch.note()
	}
}

// Moving is Moved for what nobody tells of, such as bytes that the system still holds while the
// other side takes them slowly. While nothing else moves, the Bucket calls moved several times in
// each StallTimeout, until the method has returned and its body is closed. moved reports whether
// something moved since it was called before. It must not block.
func Moving(ctx context.Context, moved func() bool) {
	if a := attemptOf(ctx); a != nil {
		a.wake()
		a.watch.ask(moved)
	}
}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}
