package driver

import (
	"errors"

	"github.com/polystore/storage"
)

// GoneErr returns what a Delete says whose object is looked for before, and the look ended with
// err: nil where there is none, or ErrPrecondition if the Delete has an IfMatch.
func GoneErr(err error, ifMatch string) error {
	switch {
	case !errors.Is(err, storage.ErrNotExist):
		return err
	case ifMatch != "":
		return &storage.Error{Kind: storage.ErrPrecondition, Err: err}
	}
	return nil
}
