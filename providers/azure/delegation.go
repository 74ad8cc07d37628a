package azure

import (
	"context"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
)

// delegation signs with user delegation keys: keys of the service for whom Entra ID vouches.
type delegation struct {
	client *service.Client

	mu  sync.Mutex
	key delegationKey // the newest
}

// delegationKey is good for signatures that end before expires.
type delegationKey struct {
	credential *sas.UserDelegationCredential
	expires    time.Time
}

// clockSkew is how far the service's clock may be behind ours.
const clockSkew = 5 * time.Minute

// credential returns a key for a signature that ends at until, and asks the service for one only if it has none.
func (d *delegation) credential(ctx context.Context, until time.Time) (*sas.UserDelegationCredential, error) {
	d.mu.Lock()
	key := d.key
	d.mu.Unlock()
	if key.credential != nil && !key.expires.Before(until) {
		return key.credential, nil
	}
	// The longest that there is: a key serves many signatures.
	now := time.Now().UTC()
	start, expires := now.Add(-clockSkew).Format(time.RFC3339), now.Add(maxExpiry).Truncate(time.Second)
	a := new(attempt)
	credential, err := d.client.GetUserDelegationCredential(a.begin(ctx), service.KeyInfo{
		Start: &start, Expiry: new(expires.Format(time.RFC3339)),
	}, nil)
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.key.expires.Before(expires) {
		d.key = delegationKey{credential, expires}
	}
	return credential, nil
}
