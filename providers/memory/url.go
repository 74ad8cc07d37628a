package memory

import (
	"context"
	"net/url"
	"sync"

	"github.com/polystore/storage"
)

func init() { storage.Handle("mem", NewOpener(nil)) }

// NewOpener returns the opener of mem://name with base for the Stores that it makes, for a
// [storage.Mux] of one's own. Who opens a name again gets the Store that is there, as it was made.
// base may be nil, and must not be changed afterwards.
func NewOpener(base *Options) storage.Opener {
	open := func(_ context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
		return open(u, params, base)
	}
	return storage.StoreOpener{Open: open}.OpenURL
}

// named are the buckets of mem://name, which all who open a name in this process share.
var named = struct {
	sync.Mutex
	stores map[string]*Store
}{stores: make(map[string]*Store)}

func open(u *url.URL, params *storage.Params, base *Options) (storage.Store, error) {
	if err := params.Err(); err != nil {
		return nil, err
	}
	if u.Host == "" {
		return New(base)
	}
	named.Lock()
	defer named.Unlock()
	s := named.stores[u.Host]
	if s == nil {
		var err error
		if s, err = New(base); err != nil {
			return nil, err
		}
		named.stores[u.Host] = s
	}
	return s, nil
}
