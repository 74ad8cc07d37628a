package main

import (
	"io"

	"github.com/polystore/storage"
)

// readFlags choose what is read of an object.
type readFlags struct {
	Offset    int64   `help:"Begin at this byte; --offset=-n: the last n bytes."`
	Length    int64   `help:"Read this many bytes; 0: to the end."`
	VersionID version `name:"version-id" help:"Read this version, of a bucket that keeps versions."`
}

func (f readFlags) options() *storage.GetOptions {
	return &storage.GetOptions{Offset: f.Offset, Length: f.Length, VersionID: string(f.VersionID)}
}

type catCmd struct {
	readFlags
	bandwidthFlag
	URL []string `arg:"" help:"Objects."`
}

// Run prints the objects one after the other and stops at the first that fails: what follows would
// not be where it belongs.
func (c *catCmd) Run(a *app) error {
	a.bandwidth = c.Bandwidth
	for _, arg := range c.URL {
		l, err := parseLocation(arg)
		if err != nil {
			return err
		}
		if _, err := a.print(a.stdout, l, c.options()); err != nil {
			return err
		}
	}
	return nil
}

// print copies an object to w.
func (a *app) print(w io.Writer, l location, opts *storage.GetOptions) (*storage.Object, error) {
	b, key, err := a.object(l)
	if err != nil {
		return nil, err
	}
	r, err := b.Get(a.ctx, key, opts)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return r.Object(), err
}
