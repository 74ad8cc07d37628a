package gcs

import (
	"fmt"

	"github.com/polystore/storage/driver"
)

// Format prints the options without their secrets, by every verb.
func (o Options) Format(f fmt.State, verb rune) {
	type plain Options
	o.Endpoint = driver.RedactURL(o.Endpoint)
	if o.PrivateKey != nil {
		o.PrivateKey = []byte{}
	}
	driver.Format(f, verb, plain(o))
}

// Format prints which bucket it is, by every verb: what is in the Store has secrets.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "gcs.Store(%s)", s.bucket) }
