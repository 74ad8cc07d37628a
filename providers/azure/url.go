package azure

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

func init() {
	for _, scheme := range [...]string{"az", "azblob", "abfs", "abfss"} {
		storage.Handle(scheme, NewOpener(nil))
	}
}

// NewOpener returns the opener of az://container?… and of Hadoop's
// abfss://container@account.dfs.core.windows.net, with base under what the URL says, for a
// [storage.Mux] of one's own: a transport, credentials. base may be nil, and must not be changed
// afterwards.
func NewOpener(base *Options) storage.Opener {
	if base == nil {
		base = new(Options)
	}
	open := func(ctx context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
		return open(ctx, u, params, *base)
	}
	plain := storage.StoreOpener{Open: open}.OpenURL
	hadoop := storage.StoreOpener{Open: open, TakesUser: true}.OpenURL
	return func(ctx context.Context, u *url.URL) (*storage.Bucket, error) {
		if strings.HasPrefix(u.Scheme, "abfs") {
			return hadoop(ctx, u)
		}
		return plain(ctx, u)
	}
}

// open makes the Store. The parameters are the fields of Options under the names that users of
// other libraries know. Credentials have none.
func open(
	ctx context.Context, u *url.URL, params *storage.Params, o Options,
) (storage.Store, error) {
	var given Options // by the URL, of what names the account
	params.SetString(&given.Account, "storage_account")
	params.SetString(&given.Endpoint, "endpoint")
	params.SetString(&given.Domain, "domain")
	params.SetString(&o.Protocol, "protocol")
	params.SetBool(&o.CDN, "cdn")
	params.SetBool(&o.LocalEmulator, "localemu")
	params.SetBool(&o.Anonymous, "anonymous")
	params.SetString(&o.APIVersion, "api_version")
	if err := params.Err(); err != nil {
		return nil, err
	}
	name := u.Host
	if u.User == nil {
		o.Account = cmp.Or(given.Account, o.Account)
		o.Endpoint = cmp.Or(given.Endpoint, o.Endpoint)
		o.Domain = cmp.Or(given.Domain, o.Domain)
	} else {
		name = u.User.Username()
		if given.Account != "" || given.Domain != "" || given.Endpoint != "" {
			return nil, driver.Invalidf(
				"the host of the URL says what the account is: " +
					"no storage_account, domain or endpoint",
			)
		}
		account, domain, ok := strings.Cut(u.Host, ".")
		if !ok {
			return nil, driver.Invalidf(
				"%s URL is not container@account.dfs.core.windows.net", u.Scheme,
			)
		}
		// The same account has its blobs beside its file system.
		if rest, ok := strings.CutPrefix(domain, "dfs."); ok {
			domain = "blob." + rest
		}
		// Nothing else has a say in what the host is, a protocol that is none included.
		if err := checkProtocol(o.Protocol); err != nil {
			return nil, err
		}
		o.Account, o.Domain = account, ""
		o.Endpoint, o.Protocol = cmp.Or(o.Protocol, "https")+"://"+account+"."+domain, ""
	}
	s, err := New(ctx, name, &o)
	if err != nil {
		return nil, err // not s: a nil *Store is not a nil Store
	}
	return s, nil
}
