package file

import (
	"context"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

func init() {
	storage.Handle("file", storage.StoreOpener{OwnsPath: true, Open: open}.OpenURL)
}

// open opens file:///directory?create_dir=true. The whole path is the directory.
func open(_ context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
	create := params.Bool("create_dir")
	if err := params.Err(); err != nil {
		return nil, err
	}
	if u.Host != "" && u.Host != "localhost" {
		return nil, driver.Invalidf("file URL with the host %q: "+
			"the path is absolute and follows three slashes, file:///directory", u.Host)
	}
	if u.Path == "" {
		return nil, driver.Invalidf("file URL without a path")
	}
	dir := u.Path
	if runtime.GOOS == "windows" && len(dir) > 2 && dir[2] == ':' {
		dir = strings.TrimPrefix(dir, "/") // file:///C:/directory
	}
	return New(filepath.FromSlash(dir), &Options{CreateDir: create})
}
