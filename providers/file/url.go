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

func init() { storage.Handle("file", NewOpener(nil)) }

// NewOpener returns the opener of file:///directory?create_dir=true&file_mode=640&dir_mode=750 (in
// octal) with base under what the URL says, for a [storage.Mux] of one's own. The whole path is the
// directory. base may be nil, and must not be changed afterwards.
func NewOpener(base *Options) storage.Opener {
	if base == nil {
		base = new(Options)
	}
	open := func(_ context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
		return open(u, params, *base)
	}
	return storage.StoreOpener{OwnsPath: true, Open: open}.OpenURL
}

func open(u *url.URL, params *storage.Params, o Options) (storage.Store, error) {
	params.SetBool(&o.CreateDir, "create_dir")
	if err := setMode(&o.FileMode, params, "file_mode"); err != nil {
		return nil, err
	}
	if err := setMode(&o.DirMode, params, "dir_mode"); err != nil {
		return nil, err
	}
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
	return New(filepath.FromSlash(dir), &o)
}
