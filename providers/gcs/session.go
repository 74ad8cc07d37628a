package gcs

import (
	"context"
	"crypto/rand"
	"net/url"
	"slices"
	"sync"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// session is a resumable upload, https://cloud.google.com/storage/docs/resumable-uploads, with what
// has to be known of it between calls.
//
// The service takes its pieces in multiples of 256 KiB, one after the other, and makes the object
// by itself when the last byte is there. A part that is the last is therefore sent less its tail,
// which stays here until CompleteUpload. So the object appears when it is completed and not before,
// and an upload takes up to 256 KiB of memory after its last part.
type session struct {
	id, key string
	// path and query of the session's URI, which whoever has it can write to: it is shown nowhere
	target  string
	refusal error         // the kind of a refused condition
	turn    chan struct{} // has an element while a part is sent, or the end

	mu      sync.Mutex
	refused bool            // the condition was: no request is made any more
	parts   []*storage.Part // that the service, or tail, has
	size    int64           // of the parts together
	kept    int64           // bytes that the service has; unknown: it has to be asked
	tail    []byte          // of the last part
	ended   bool            // there was a last part
}

// unknown is how much the service has after a request that got no definite answer.
const unknown = -1

// sessions are those of a Store.
type sessions struct {
	mu   sync.Mutex
	open map[string]*session
}

func (s *sessions) add(u *session) {
	u.id, u.turn = "r"+rand.Text(), make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = make(map[string]*session)
	}
	s.open[u.id] = u
}

func (s *sessions) get(key, id string) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.open[id]; u != nil && u.key == key {
		return u, nil
	}
	return nil, driver.Errorf(storage.ErrNotExist, "no such upload in this Store")
}

func (s *sessions) remove(u *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, u.id)
}

func (s *sessions) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = nil
}

// sessionTarget is what of a session's URI is kept: requests go to the Store's endpoint, not to
// whatever host an answer names. It is empty where there is no such URI.
func sessionTarget(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.RawQuery == "" || u.Path == "" || u.Path[0] != '/' {
		return ""
	}
	return u.RequestURI()
}

// place finds out what is to be done with a part: it is there already, and then returned, or it
// goes behind the others. The same part may come again, because the Bucket did not learn that it
// was taken; another one in its place can be taken only while the service has nothing of it.
func (u *session) place(
	part *storage.Part, opts *storage.PartOptions,
) (there *storage.Part, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := len(u.parts)
	if n > 0 && part.Number == n {
		old := u.parts[n-1]
		if old.Size == part.Size && old.ETag == part.ETag && opts.Last == u.ended {
			c := *old
			return &c, nil
		}
		if at := u.size - old.Size; u.kept == at || u.refused {
			u.parts, u.size, u.tail, u.ended = u.parts[:n-1], at, nil, false
			n--
		} else {
			return nil, driver.Unsupportedf("replacing a part of a resumable session that was sent")
		}
	}
	switch {
	case part.Number != n+1 || opts.Offset != u.size || u.ended:
		return nil, driver.Invalidf(
			"part %d at %d: a resumable session has %d parts of %d bytes, and takes them in order",
			part.Number, opts.Offset, n, u.size,
		)
	case !opts.Last && part.Size%chunk != 0:
		return nil, driver.Invalidf(
			"a part of %d bytes: every one but the last is a multiple of %d", part.Size, chunk,
		)
	}
	return nil, nil
}

// enter waits for the turn of a call that sends, and leave ends it: a part that is asked for twice
// at the same time is sent once.
func (u *session) enter(ctx context.Context) error {
	select {
	case u.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return driver.ContextErr(ctx)
	}
}

func (u *session) leave() { <-u.turn }

// took notes a part.
func (u *session) took(part *storage.Part, tail []byte, last bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	p := *part
	u.parts = append(u.parts, &p)
	u.size += p.Size
	u.tail, u.ended = tail, last
}

// abandon frees what the session holds: an abort that fails for good is not repeated, and services
// can be away for long.
func (u *session) abandon() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts, u.tail, u.ended = nil, nil, true
}

func (u *session) has() int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.kept
}

func (u *session) keeps(n int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.kept = n
}

// refuse notes that the condition does not hold, and says so.
func (u *session) refuse() *storage.Error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.refused = true
	return &storage.Error{Kind: u.refusal}
}

func (u *session) isRefused() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.refused
}

// whole returns what is left to send of an upload that is made of parts; they must be the ones that
// were sent.
func (u *session) whole(parts []*storage.Part) (tail []byte, size int64, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	same := slices.EqualFunc(parts, u.parts, func(x, y *storage.Part) bool {
		return x.Number == y.Number && x.Size == y.Size && x.ETag == y.ETag
	})
	if !same {
		return nil, 0, driver.Invalidf("the parts are not the %d that were sent", len(u.parts))
	}
	return u.tail, u.size, nil
}

// page lists the parts.
func (u *session) page(opts *storage.ListPartsOptions) (*storage.PartPage, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := make([]*storage.Part, len(u.parts))
	for i, p := range u.parts {
		c := *p
		all[i] = &c
	}
	return driver.PartsPage(all, opts, maxObject/chunk)
}
