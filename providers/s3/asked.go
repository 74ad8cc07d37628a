package s3

import (
	"context"
	"errors"
	"net/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// checkAsked returns why there is nothing to ask for under key. The services differ in which keys
// they keep, and some take one for another: MinIO reads lead for /lead, versitygw a/b for a//b. So
// of a key that a write would refuse,
//
//   - what is known to be harmless is asked for,
//   - what the service is known to have in no key, or to take for another's, is ErrInvalidKey,
//   - anything else is asked for where a list shows it, and is ErrNotExist otherwise. That costs
//     the request of a list, until one has shown a key of the kind: then the service keeps them.
func (s *Store) checkAsked(ctx context.Context, key string) error {
	r := &s.profile.keys
	odd, reason := r.judge(key, s.virtualHost)
	odd &^= r.asked | oddXML | oddity(s.shown.Load())
	switch {
	case odd == 0:
		return nil
	case odd&(r.lost|oddLength) != 0:
		return s.invalidKey(key, reason)
	}
	there, err := driver.Lists(ctx, key, s.ListPage)
	if err == nil && !there {
		err = driver.Errorf(storage.ErrNotExist,
			"no list shows the key, which the service may take for another")
	}
	return err
}

// note learns from what a list shows which keys the service keeps.
func (s *Store) note(objects []*storage.Object) {
	if s.profile.keys.wary {
		return
	}
	var odd oddity
	for _, o := range objects {
		if !o.IsPrefix {
			more, _ := s.profile.keys.judge(o.Key, s.virtualHost)
			odd |= more
		}
	}
	// A service that has no keys above the bucket cannot show one. If something does all the same,
	// that is no reason to make requests whose path is one of another bucket.
	odd &^= s.profile.keys.lost & oddAbove
	if odd != 0 {
		s.shown.Or(uint32(odd))
	}
}

// checkSigned returns why a request by the method, which anybody can make then, would not be one
// for key.
func (s *Store) checkSigned(ctx context.Context, key, method string) error {
	if method == http.MethodPut {
		return s.checkKey(key)
	}
	err := s.checkAsked(ctx, key)
	if errors.Is(err, storage.ErrNotExist) {
		return s.invalidKey(key, "key that no list shows, and may be taken for another,")
	}
	return err
}

// lostKey says why no object can have key, or "".
func (s *Store) lostKey(key string) string {
	odd, reason := s.profile.keys.judge(key, s.virtualHost)
	if odd&(s.profile.keys.lost|oddLength)&^oddity(s.shown.Load()) == 0 {
		return ""
	}
	return reason
}
