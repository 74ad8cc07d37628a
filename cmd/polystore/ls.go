package main

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/polystore/storage"
)

type lsCmd struct {
	URL       string `arg:"" help:"A bucket, a directory, or the beginning of keys."`
	Recursive bool   `short:"r" help:"Also what is below; no prefixes."`
	JSON      bool   `help:"One JSON object a line."`
}

func (c *lsCmd) Run(a *app) error {
	l, err := parseLocation(c.URL)
	if err != nil {
		return err
	}
	b, prefix, err := a.tree(l)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(a.stdout)
	n, err := c.list(a, b, prefix, out)
	if err == nil && n == 0 && prefix != "" {
		err = notFound("no key begins with %s", strconv.Quote(prefix))
	}
	return errors.Join(out.Flush(), err)
}

func (c *lsCmd) list(
	a *app, b *storage.Bucket, prefix string, out *bufio.Writer,
) (n int, err error) {
	opts := &storage.ListOptions{Prefix: prefix, Delimiter: "/", Concurrency: 2}
	if c.Recursive {
		opts.Delimiter = ""
	}
	for o, err := range b.List(a.ctx, opts) {
		if err != nil {
			return n, err
		}
		n++
		switch {
		case c.JSON:
			err = (&app{stdout: out}).objectJSON(o)
		case o.IsPrefix:
			_, err = fmt.Fprintf(out, "%20s  %12s  %s\n", "", "-", printable(o.Key))
		default:
			modified := o.ModTime.UTC().Format(time.RFC3339)
			_, err = fmt.Fprintf(out, "%20s  %12d  %s\n", modified, o.Size, printable(o.Key))
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
