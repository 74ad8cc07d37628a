package main

import (
	"mime"
	"path"

	"github.com/polystore/storage"
)

// headerFlags are what an object is given beside its bytes.
type headerFlags struct {
	ContentType        string `help:"Default: by the extension of the name."`
	ContentEncoding    string `help:"How the bytes are encoded."`
	ContentDisposition string `help:"What a browser does with it."`
	ContentLanguage    string `help:"The language of the text."`
	CacheControl       string `help:"How long it may be cached."`

	Meta pairs `short:"m" mapsep:"none" placeholder:"NAME=VALUE" help:"Metadata. Repeatable."`
	Tag  pairs `mapsep:"none" placeholder:"NAME=VALUE" help:"Labels beside the object. Repeatable."`

	StorageClass string `help:"The service's name for it."`
}

// pairs are the values of a flag that is repeatable, by name.
type pairs map[string]string

// given reports whether anything is that a copy would otherwise take from its source.
func (f *headerFlags) given() bool {
	texts := f.ContentType + f.ContentEncoding + f.ContentDisposition + f.ContentLanguage +
		f.CacheControl
	return texts != "" || len(f.Meta)+len(f.Tag) > 0
}

// putOptions are the options of a write under key.
func (f *headerFlags) putOptions(key string) *storage.PutOptions {
	o := &storage.PutOptions{
		ContentType: f.ContentType, ContentEncoding: f.ContentEncoding,
		ContentDisposition: f.ContentDisposition, ContentLanguage: f.ContentLanguage,
		CacheControl: f.CacheControl,
		Metadata:     f.Meta, Tags: f.Tag, StorageClass: f.StorageClass,
	}
	if o.ContentType == "" {
		o.ContentType = mime.TypeByExtension(path.Ext(key))
	}
	return o
}

// writeFlags are the conditions of a write.
type writeFlags struct {
	IfAbsent bool    `xor:"condition" help:"Only if there is no such object."`
	IfMatch  version `xor:"condition" placeholder:"ETAG" help:"Only over this version."`
}

func (f writeFlags) given() bool { return f.IfAbsent || f.IfMatch != "" }

type putCmd struct {
	headerFlags
	writeFlags
	transferFlags
	Source string `arg:"" help:"A file, or - for standard input."`
	URL    string `arg:"" help:"The object. If it ends in a slash, the file's name is added."`
	JSON   bool   `help:"Print the object as one JSON object."`
}

func (c *putCmd) Run(a *app) error {
	src, err := parseLocation(c.Source)
	if err != nil {
		return err
	}
	dst, err := parseLocation(c.URL)
	if err != nil {
		return err
	}
	if !src.stdio && src.path == "" {
		return usage("put takes a file or -: use cp between URLs")
	}
	t := &transfer{app: a, headers: c.headerFlags, write: c.writeFlags, json: c.JSON}
	return t.run(c.transferFlags, src, dst, t.one)
}
