package main

import "github.com/polystore/storage"

type cpCmd struct {
	headerFlags
	writeFlags
	transferFlags
	jobsFlag

	Source string `arg:"" help:"A file or an object, or with -r a directory or a prefix; or -."`
	Dest   string `arg:"" help:"Where to; the source's name is added to a directory or URL/; or -."`

	Recursive     bool     `short:"r" help:"All that is below, under the same names."`
	SourceIfMatch version  `placeholder:"ETAG" help:"Only this version of the source."`
	VersionID     version  `name:"version-id" help:"Copy this version of the source."`
	AllowLoss     []string `enum:"tags,class" help:"What a copy may lack."`
	JSON          bool     `help:"Print each object that was written, one JSON object a line."`
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
		app: a, headers: c.headerFlags, write: c.writeFlags, json: c.JSON, loss: c.AllowLoss,
		read: &storage.GetOptions{IfMatch: string(c.SourceIfMatch), VersionID: string(c.VersionID)},
	}
	if dst.stdio && c.JSON {
		return usage("--json would be mixed with the object's bytes")
	}
	if !c.Recursive {
		return t.run(c.transferFlags, src, dst, t.one)
	}
	switch {
	case src.stdio || dst.stdio:
		return usage("- is not a directory")
	case c.IfMatch != "" || c.SourceIfMatch != "" || c.VersionID != "":
		return usage("a version is for one object, not for -r")
	}
	t.jobs = int(c.Jobs)
	return t.run(c.transferFlags, src, dst, t.tree)
}
