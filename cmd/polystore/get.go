package main

type getCmd struct {
	readFlags
	transferFlags
	URL     string  `arg:"" help:"The object."`
	Dest    string  `arg:"" optional:"" default:"." help:"A file, a directory (default .), or -."`
	IfMatch version `placeholder:"ETAG" help:"Only this version."`
	JSON    bool    `help:"Print the object as one JSON object."`
}

func (c *getCmd) Run(a *app) error {
	src, err := parseLocation(c.URL)
	if err != nil {
		return err
	}
	dst, err := parseLocation(c.Dest)
	if err != nil {
		return err
	}
	if src.stdio {
		return usage("get reads an object, not standard input: use put")
	}
	if !dst.stdio && dst.path == "" {
		return usage("get writes a file or -: use cp between URLs")
	}
	if dst.stdio && c.JSON {
		return usage("--json would be mixed with the object's bytes")
	}
	t := &transfer{app: a, read: c.options(), json: c.JSON}
	t.read.IfMatch = string(c.IfMatch)
	return t.run(c.transferFlags, src, dst, t.one)
}
