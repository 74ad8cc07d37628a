package gcs

import (
	"encoding/json"
	"fmt"

	"github.com/polystore/storage/driver"
)

// plain are options without their methods.
type plain Options

// Format prints the options without their secrets, by every verb.
func (o Options) Format(f fmt.State, verb rune) { driver.Format(f, verb, o.redacted()) }

// MarshalJSON is what Format shows, for logs. What is code and no data is left out.
func (o Options) MarshalJSON() ([]byte, error) {
	return json.Marshal(o.redacted())
}

func (o Options) redacted() plain {
	o.Endpoint = driver.RedactURL(o.Endpoint)
	if o.PrivateKey != nil {
		o.PrivateKey = []byte{}
	}
	return plain(o)
}

// Format prints which bucket it is, by every verb: what is in the Store has secrets.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "gcs.Store(%s)", s.bucket) }
