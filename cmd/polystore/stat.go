package main

import "github.com/polystore/storage"

type statCmd struct {
	URL       string  `arg:"" help:"The object."`
	VersionID version `name:"version-id" help:"Describe this version, if versions are kept."`
	JSON      bool    `help:"One JSON object."`
}

func (c *statCmd) Run(a *app) error {
	l, err := parseLocation(c.URL)
	if err != nil {
		return err
	}
	b, key, err := a.object(l)
	if err != nil {
		return err
	}
	o, err := b.Stat(a.ctx, key, &storage.StatOptions{VersionID: string(c.VersionID)})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.objectJSON(o)
	}
	return describe(a.stdout, o)
}
