package gcs

import (
	"context"
	"net/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Delete makes one DELETE of the XML API, which tells a missing bucket from a missing object.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	if err := s.checkAsked(key); err != nil {
		return err
	}
	if s.emulator && opts.IfMatch != "" {
		return driver.Unsupportedf(
			"conditional Delete on an emulator: fake-gcs-server ignores the condition",
		)
	}
	if err := checkMatch(opts.IfMatch); err != nil {
		return err
	}
	a := writing()
	h := make(http.Header)
	if opts.IfMatch != "" {
		h.Set(generationHeader, generationOf(opts.IfMatch))
	}
	err := s.sendDelete(ctx, a, request{
		method: http.MethodDelete, url: s.xmlObject(key), header: h,
	})
	e, _ := err.(*storage.Error)
	if s.emulator && e != nil && e.Status == http.StatusMethodNotAllowed {
		// Google's own testbench has no DELETE in its XML API.
		err = s.sendDelete(ctx, writing(), request{
			method: http.MethodDelete, url: s.jsonObject(key), header: make(http.Header),
		})
		e, _ = err.(*storage.Error)
	}
	switch {
	case e == nil || e.Kind != storage.ErrNotExist:
		return err
	case opts.IfMatch != "":
		e.Kind = storage.ErrPrecondition
		return e
	}
	return nil
}
