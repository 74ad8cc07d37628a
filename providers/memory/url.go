package memory

import (
	"context"
	"net/url"
	"sync"

	"github.com/polystore/storage"
)

func init() { storage.Handle("mem", storage.StoreOpener{Open: open}.OpenURL) }

// named are the buckets of mem://name, which all who open a name in this process share.
var named = struct {
	sync.Mutex
	stores map[string]*Store
}{stores: make(map[string]*Store)}

func open(_ context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
	if err := params.Err(); err != nil {
		return nil, err
	}
	if u.Host == "" {
		return New(nil)
	}
	named.Lock()
	defer named.Unlock()
	s := named.stores[u.Host]
	if s == nil {
		var err error
		if s, err = New(nil); err != nil {
			return nil, err
		}
		named.stores[u.Host] = s
	}
	return s, nil
}
