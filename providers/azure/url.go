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
	for _, scheme := range [...]string{"az", "azblob"} {
		storage.Handle(scheme, storage.StoreOpener{Open: open}.OpenURL)
	}
	for _, scheme := range [...]string{"abfs", "abfss"} {
		storage.Handle(scheme, storage.StoreOpener{Open: open, TakesUser: true}.OpenURL)
	}
}

// open makes the Store of az://container?…, or of abfss://container@account.dfs.core.windows.net,
// the URLs of Hadoop; the parameters are the fields of Options under the names that users of other
// libraries know. Credentials have none.
func open(ctx context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
	o := &Options{
		Account:       params.String("storage_account"),
		Endpoint:      params.String("endpoint"),
		Domain:        params.String("domain"),
		Protocol:      params.String("protocol"),
		CDN:           params.Bool("cdn"),
		LocalEmulator: params.Bool("localemu"),
		Anonymous:     params.Bool("anonymous"),
		APIVersion:    params.String("api_version"),
	}
	if err := params.Err(); err != nil {
		return nil, err
	}
	name := u.Host
	if u.User != nil {
		name = u.User.Username()
		if o.Account != "" || o.Domain != "" || o.Endpoint != "" {
			return nil, driver.Invalidf(
				"the host of the URL says what the account is: no storage_account, domain or endpoint",
			)
		}
		account, domain, ok := strings.Cut(u.Host, ".")
		if !ok {
			return nil, driver.Invalidf("%s URL is not container@account.dfs.core.windows.net", u.Scheme)
		}
		// The same account has its blobs beside its file system.
		if rest, ok := strings.CutPrefix(domain, "dfs."); ok {
			domain = "blob." + rest
		}
		// Nothing in the environment has a say in what the host is.
		o.Account, o.Endpoint, o.Protocol = account, cmp.Or(
			o.Protocol, "https",
		)+"://"+account+"."+domain, ""
	}
	s, err := New(ctx, name, o)
	if err != nil {
		return nil, err // not s: a nil *Store is not a nil Store
	}
	return s, nil
}
