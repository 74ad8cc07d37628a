package s3

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"

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
	o.AccessKeyID = driver.Redact(o.AccessKeyID)
	o.SecretAccessKey = driver.Redact(o.SecretAccessKey)
	o.SessionToken = driver.Redact(o.SessionToken)
	o.Endpoint = driver.RedactURL(o.Endpoint)
	if o.Credentials != nil {
		o.Credentials = unprinted{}
	}
	return plain(o)
}

// unprinted stands for credentials, which may print themselves.
type unprinted struct{ aws.CredentialsProvider }

func (unprinted) Format(f fmt.State, _ rune) { io.WriteString(f, driver.Redact("credentials")) }

// Format prints which bucket it is, by every verb: what is in the Store has secrets.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "s3.Store(%s)", s.bucket) }
