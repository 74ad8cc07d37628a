package azure

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// delegation signs with user delegation keys: keys of the service for whom Entra ID vouches.
type delegation struct {
	client *service.Client
	key    atomic.Pointer[delegationKey] // the newest; nil: none yet
	asking chan struct{}                 // has room for the one who asks for a key
}

// delegationKey is good for signatures that end before expires.
type delegationKey struct {
	credential *sas.UserDelegationCredential
	expires    time.Time
}

func newDelegation(client *service.Client) *delegation {
	return &delegation{client: client, asking: make(chan struct{}, 1)}
}

// serves reports whether k is good for a signature that ends at until.
func (k *delegationKey) serves(until time.Time) bool { return k != nil && !k.expires.Before(until) }

// clockSkew is how far the service's clock may be behind ours. It gives no key that begins in the
// future or ends in more than a week.
const clockSkew = 5 * time.Minute

// credential returns a key for a signature that ends at until. It asks the service only where there
// is none, once for all who wait for it.
func (d *delegation) credential(
	ctx context.Context, until time.Time,
) (*sas.UserDelegationCredential, error) {
	if key := d.key.Load(); key.serves(until) {
		return key.credential, nil
	}
	select {
	case d.asking <- struct{}{}:
	case <-ctx.Done():
		return nil, &storage.Error{Err: ctx.Err()}
	}
	defer func() { <-d.asking }()
	if key := d.key.Load(); key.serves(until) {
		return key.credential, nil
	}
	key, err := d.ask(ctx, until)
	if err != nil {
		return nil, err
	}
	d.key.Store(key)
	return key.credential, nil
}

// ask asks for the longest key that there is, since one serves many signatures, and for a longer
// one where until asks for it.
func (d *delegation) ask(ctx context.Context, until time.Time) (*delegationKey, error) {
	now := time.Now().UTC()
	expires := now.Add(driver.MaxExpiry - clockSkew).Truncate(time.Second)
	if expires.Before(until) {
		expires = until
	}
	a := &attempt{inspect: wholeKey}
	a.Missing, a.Refused = storage.ErrPermission, storage.ErrPermission // no object was asked for
	credential, err := d.client.GetUserDelegationCredential(a.begin(ctx), service.KeyInfo{
		Start:  new(now.Add(-clockSkew).Format(time.RFC3339)),
		Expiry: new(expires.Format(time.RFC3339)),
	}, nil)
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	return &delegationKey{credential, expires}, nil
}

// wholeKey is an inspect that refuses a key without what the SDK signs with.
func wholeKey(resp *http.Response, body []byte) error {
	var key struct {
		SignedOid, SignedTid, SignedStart, SignedExpiry, SignedService, SignedVersion, Value string
	}
	if err := document(&key)(resp, body); err != nil {
		return err
	}
	if slices.Contains([]string{
		key.SignedOid, key.SignedTid, key.SignedStart, key.SignedExpiry, key.SignedService,
		key.SignedVersion, key.Value,
	}, "") {
		return httpdriver.ErrForeign
	}
	return nil
}
