package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/polystore/storage"
)

type signCmd struct {
	URL    string `arg:"" help:"The object."`
	Method string `default:"GET" enum:"GET,HEAD,PUT,DELETE" help:"GET, HEAD, PUT or DELETE."`

	Expires       time.Duration `default:"15m" help:"How long the URL is valid."`
	ContentType   string        `help:"PUT: the request must carry it."`
	ContentLength int64         `help:"PUT: the request must have this many bytes."`

	Meta pairs `short:"m" mapsep:"none" placeholder:"NAME=VALUE" help:"PUT: metadata to send."`

	IfAbsent            bool    `help:"PUT: only if there is no such object."`
	VersionID           version `name:"version-id" help:"GET, HEAD: this version."`
	ResponseContentType string  `help:"GET, HEAD: the answer's Content-Type."`
	ResponseDisposition string  `help:"GET, HEAD: the answer's Content-Disposition."`
	JSON                bool    `help:"One JSON object."`
}

func (c *signCmd) Run(a *app) error {
	l, err := parseLocation(c.URL)
	if err != nil {
		return err
	}
	if c.Expires <= 0 {
		return usage("--expires is not positive")
	}
	b, key, err := a.object(l)
	if err != nil {
		return err
	}
	u, err := b.SignURL(a.ctx, key, &storage.SignOptions{
		Method: c.Method, Expires: c.Expires,
		ContentType: c.ContentType, ContentLength: c.ContentLength, Metadata: c.Meta,
		IfAbsent:            c.IfAbsent,
		VersionID:           string(c.VersionID),
		ResponseContentType: c.ResponseContentType, ResponseDisposition: c.ResponseDisposition,
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.json(struct {
			Method  string      `json:"method"`
			URL     string      `json:"url"`
			Header  http.Header `json:"header,omitempty"`
			Expires time.Time   `json:"expires"`
		}{u.Method, u.URL, u.Header, u.Expires.UTC()})
	}
	// The URL alone is the output, for $(polystore sign …); what must be sent with it is for the
	// reader.
	for _, name := range slices.Sorted(maps.Keys(u.Header)) {
		for _, v := range u.Header[name] {
			fmt.Fprintf(a.stderr, "send with it: %s: %s\n", name, v)
		}
	}
	_, err = fmt.Fprintln(a.stdout, u.URL)
	return err
}
