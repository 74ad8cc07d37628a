package driver

import (
	"context"
	"net/url"

	"github.com/polystore/storage"
)

func init() { storage.Handle("table", storage.StoreOpener{Open: open}.OpenURL) }

// open opens table://, a fresh table each time: a real driver would connect to u.Host here. Params.Err is asked before
// anything is done: a parameter that nobody took is an error.
func open(_ context.Context, _ *url.URL, params *storage.Params) (storage.Store, error) {
	if err := params.Err(); err != nil {
		return nil, err
	}
	return New(new(Table))
}
