package gcs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Requests of a resumable session:
// https://cloud.google.com/storage/docs/performing-resumable-uploads.

// cancelled is the status of a session that was ended by DELETE.
const cancelled = 499

// createSession begins a session with its condition. The service may refuse the condition now, or
// at the end, or both: a refusal now is kept for CompleteUpload, and the parts then go nowhere.
func (s *Store) createSession(
	ctx context.Context, attrs *attributes, opts *storage.PutOptions,
) (string, error) {
	u := &session{key: attrs.Name, refusal: storage.ErrPrecondition}
	if opts.IfAbsent {
		u.refusal = storage.ErrExist
	}
	if checkMatch(opts.IfMatch) != nil {
		u.refuse()
		s.sessions.add(u)
		return u.id, nil
	}
	a := writing().ofBucket().inSession(http.StatusPreconditionFailed)
	q := url.Values{"uploadType": {"resumable"}}
	if g := condition(opts.IfAbsent, opts.IfMatch, a); g != "" {
		q.Set(ifGeneration, g)
	}
	r := request{method: http.MethodPost, url: withQuery(s.jsonUploads(), q)}
	if err := r.setJSON(attrs); err != nil {
		return "", err
	}
	resp, err := s.send(ctx, a, r)
	if err != nil {
		return "", err
	}
	httpdriver.Drain(resp)
	if resp.StatusCode == http.StatusPreconditionFailed {
		u.refuse()
	} else if u.target = sessionTarget(resp.Header.Get("Location")); u.target == "" {
		return "", a.Foreign("a resumable session without a URI")
	}
	s.sessions.add(u)
	return u.id, nil
}

// putSession sends a part that begins at offset of the object, and returns its tail, which is not
// sent yet. Whatever went before, the service is sent what it does not have, and nothing else.
func (s *Store) putSession(
	ctx context.Context, u *session, src *driver.Source, size, offset int64,
) (tail []byte, err error) {
	whole := size - size%chunk
	end := offset + whole
	for {
		kept := u.has()
		if kept == unknown {
			if s.emulator {
				return nil, errUnasked()
			}
			var made *resource
			if kept, made, err = s.advance(ctx, u, nil, "*/*", ""); err != nil {
				return nil, err
			}
			if made != nil {
				return nil, errMade()
			}
		}
		if kept >= end {
			break
		}
		if kept < offset {
			return nil, lost(kept, offset)
		}
		body := src.Section(kept-offset, whole)
		now, made, err := s.advance(ctx, u, body, fmt.Sprintf("%d-%d/*", kept, end-1), "")
		if err != nil {
			return nil, err
		}
		if made != nil {
			return nil, errMade()
		}
		if now <= kept {
			return nil, driver.Errorf(
				storage.ErrUnavailable,
				"the service takes nothing more of the part",
			)
		}
	}
	if tail, err = io.ReadAll(src.Section(whole, size)); err != nil {
		return nil, &storage.Error{Err: err}
	}
	return tail, nil
}

// completeSession sends the tail, with the CRC32C of the whole, which the service checks before it
// makes the object. After an attempt without an answer it asks first.
func (s *Store) completeSession(
	ctx context.Context, u *session, parts []*storage.Part, sums storage.Checksums,
) (*storage.Object, error) {
	tail, size, err := u.whole(parts)
	if err != nil {
		return nil, err
	}
	hash := ""
	if sums.CRC32C != nil {
		hash = "crc32c=" + httpdriver.EncodeSum(sums.CRC32C)
	}
	kept := u.has()
	if kept == unknown {
		if s.emulator {
			return nil, errUnasked()
		}
		var made *resource
		if kept, made, err = s.advance(ctx, u, nil, fmt.Sprintf("*/%d", size), hash); err != nil {
			return nil, err
		}
		if made != nil {
			return made.written(u.key), nil
		}
	}
	from := size - int64(len(tail))
	if kept < from {
		return nil, lost(kept, from)
	}
	src, err := driver.NewSource(bytes.NewReader(tail), int64(len(tail)))
	if err != nil {
		return nil, err
	}
	span := fmt.Sprintf("%d-%d/%d", kept, size-1, size)
	if kept == size {
		span = fmt.Sprintf("*/%d", size)
	}
	_, made, err := s.advance(ctx, u, src.Section(kept-from, int64(len(tail))), span, hash)
	if err != nil {
		return nil, err
	}
	if made == nil { // the next attempt goes on from there
		return nil, driver.Errorf(
			storage.ErrUnavailable,
			"the service has not completed the upload",
		)
	}
	return made.written(u.key), nil
}

// errUnasked is the error of a session on an emulator of which nobody knows how much there is.
// fake-gcs-server takes the question for the end of the upload, and makes an object of what it has;
// bytes that are sent again it takes twice.
func errUnasked() error {
	return driver.Errorf(storage.ErrNotExist,
		"an answer was lost, and an emulator cannot be asked how much it has: the session is over")
}

// errMade is the error of a session of which the service has made an object before its end was
// sent.
func errMade() error {
	return &storage.Error{
		Kind: storage.ErrUnavailable, InDoubt: true,
		Err: errors.New("the service has made an object of an upload that is not complete"),
	}
}

// lost is the error of a session that has less than was acknowledged: it cannot be gone on with.
func lost(kept, had int64) error {
	return driver.Errorf(storage.ErrNotExist, "the session has %d bytes, it had %d", kept, had)
}

// advance makes one request of a session, to send bytes or, without a body, to ask, and notes what
// it learns: how much the service now has, or the object, if it was made. span is the
// Content-Range.
func (s *Store) advance(
	ctx context.Context, u *session, body *driver.Payload, span, hash string,
) (kept int64, made *resource, err error) {
	a := writing().inSession(http.StatusPermanentRedirect)
	a.Body, a.Refused = body, u.refusal
	r := request{
		method: http.MethodPut, url: s.endpoint + u.target,
		header: http.Header{"Content-Range": {"bytes " + span}},
	}
	if body != nil {
		r.body, r.size = body, body.Size()
	}
	if hash != "" {
		r.header.Set(hashHeader, hash)
	}
	before := u.has()
	u.keeps(unknown)
	resp, err := s.send(ctx, a, r)
	if err != nil {
		switch e, _ := err.(*storage.Error); {
		case e == nil:
		case e.Status == http.StatusPreconditionFailed:
			u.refuse()
		case e.Status == cancelled:
			e.Kind = storage.ErrNotExist
			fallthrough
		case e.Kind == storage.ErrNotExist:
			s.sessions.remove(u)
		case s.emulator && !e.InDoubt: // nothing was taken, and it cannot be asked
			u.keeps(before)
		}
		return 0, nil, err
	}
	defer httpdriver.Drain(resp)
	if resp.StatusCode != http.StatusPermanentRedirect {
		made = &resource{Size: -1}
		if err := json.NewDecoder(resp.Body).Decode(made); err != nil {
			return 0, nil, s.fail(ctx, a, err)
		}
		if made.isNone() {
			return 0, nil, a.Foreign(noObject)
		}
		s.sessions.remove(u)
		return 0, made, nil
	}
	if kept, err = parseKept(resp.Header.Get("Range")); err != nil {
		return 0, nil, &storage.Error{Kind: storage.ErrUnavailable, Err: err}
	}
	u.keeps(kept)
	return kept, nil, nil
}

// parseKept reads "bytes=0-last"; nothing is kept where there is no such header.
func parseKept(v string) (int64, error) {
	if v == "" {
		return 0, nil
	}
	last, ok := strings.CutPrefix(v, "bytes=0-")
	n, err := strconv.ParseUint(last, 10, 62)
	if !ok || err != nil {
		return 0, fmt.Errorf("malformed Range %q", v)
	}
	return int64(n) + 1, nil
}

// abortSession cancels a session.
func (s *Store) abortSession(ctx context.Context, u *session) error {
	u.abandon()
	if u.target != "" {
		a := writing().inSession(cancelled)
		err := s.sendDelete(ctx, a, request{method: http.MethodDelete, url: s.endpoint + u.target})
		if e, ok := err.(*storage.Error); ok && e.Kind == storage.ErrNotExist {
			err = nil
		}
		if err != nil {
			return err
		}
	}
	s.sessions.remove(u)
	return nil
}
