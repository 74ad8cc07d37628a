package main

import "errors"

// version is the value of a flag that names one, by its ETag or its ID. It is not empty: --if-match
// "$ETAG" must not become a write without a condition where the variable is not set.
type version string

func (v *version) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("is empty")
	}
	*v = version(text)
	return nil
}
