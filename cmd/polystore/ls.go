package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/polystore/storage"
)

type lsCmd struct {
	jobsFlag

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
	opts := &storage.ListOptions{Prefix: prefix, Delimiter: "/", Concurrency: int(c.Jobs)}
	if c.Recursive {
		opts.Delimiter = ""
	}
	w := &listing{app: a, bucket: b, prefix: prefix, out: out, shown: make(map[string]bool)}
	for o, err := range b.List(a.ctx, opts) {
		if err != nil {
			return n, err
		}
		n++
		if c.JSON {
			err = (&app{stdout: out}).objectJSON(o)
		} else {
			err = w.line(o)
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// listing writes a list for people to read, who see directories where a bucket has markers.
type listing struct {
	app    *app
	bucket *storage.Bucket
	prefix string
	out    io.Writer
	shown  map[string]bool // markers without a slash, whose common prefix may follow
}

func (l *listing) line(o *storage.Object) error {
	if o.Key == l.prefix && strings.HasSuffix(o.Key, "/") && o.Size == 0 && !o.IsPrefix {
		return nil // the directory that is listed
	}
	if o.IsPrefix && l.shown[o.Key] {
		delete(l.shown, o.Key)
		return nil
	}
	marker, err := l.app.isMarker(l.bucket, o)
	switch {
	case err != nil:
		return err
	case marker && !strings.HasSuffix(o.Key, "/"):
		l.shown[o.Key+"/"] = true
		return l.directory(o.Key + "/")
	case marker || o.IsPrefix:
		return l.directory(o.Key)
	}
	modified := o.ModTime.UTC().Format(time.RFC3339)
	_, err = fmt.Fprintf(l.out, "%20s  %12d  %s\n", modified, o.Size, printable(o.Key))
	return err
}

func (l *listing) directory(name string) error {
	_, err := fmt.Fprintf(l.out, "%20s  %12s  %s\n", "", "-", printable(name))
	return err
}
