package main

import "github.com/polystore/storage"

type cpCmd struct {
	headerFlags
	writeFlags
	Source        string  `arg:"" help:"A file, an object, or with -r a directory or what is below a URL; - is standard input."`
	Dest          string  `arg:"" help:"Where to; a directory, and a URL that ends in a slash, take the source's name; - is standard output."`
	Recursive     bool    `short:"r" help:"All that is below, under the same names."`
	Jobs          int     `short:"j" default:"8" help:"With -r: how many at once."`
	SourceIfMatch version `placeholder:"ETAG" help:"Only this version of the source."`
	VersionID     version `name:"version-id" help:"Copy this version, of a bucket that keeps versions."`
	JSON          bool    `help:"Print each object that was written, one JSON object a line."`
}

func (c *cpCmd) Run(a *app) error {
	src, err := parseLocation(c.Source)
	if err != nil {
		return err
	}
	dst, err := parseLocation(c.Dest)
	if err != nil {
		return err
	}
	t := &transfer{
		app: a, headers: c.headerFlags, write: c.writeFlags, json: c.JSON,
		read: &storage.GetOptions{IfMatch: string(c.SourceIfMatch), VersionID: string(c.VersionID)},
	}
	if dst.stdio && c.JSON {
		return usage("--json would be mixed with the object's bytes")
	}
	if !c.Recursive {
		return t.one(src, dst)
	}
	switch {
	case src.stdio || dst.stdio:
		return usage("- is not a directory")
	case c.IfMatch != "" || c.SourceIfMatch != "" || c.VersionID != "":
		return usage("a version is for one object, not for -r")
	case c.Jobs < 1:
		return usage("--jobs is less than 1")
	}
	return t.tree(src, dst, c.Jobs)
}
