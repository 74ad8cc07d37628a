package azure

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

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
	o.Key = driver.Redact(o.Key)
	o.SASToken = driver.Redact(o.SASToken)
	o.ConnectionString = driver.Redact(o.ConnectionString)
	for _, address := range [...]*string{&o.Account, &o.Endpoint, &o.Domain} {
		*address = driver.RedactURL(*address)
	}
	if o.Credential != nil {
		o.Credential = unprinted{}
	}
	return plain(o)
}

// unprinted stands for a credential, which may print itself.
type unprinted struct{ azcore.TokenCredential }

func (unprinted) Format(f fmt.State, _ rune) { io.WriteString(f, driver.Redact("credential")) }

// Format prints which container it is, by every verb: what is in the Store has secrets.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "azure.Store(%s)", s.name) }
