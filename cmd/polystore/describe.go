package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/polystore/storage"
)

// objectJSON prints an object as a line of JSON: the Object as it is, without an ETag that is not
// known. A common prefix has its key only.
func (a *app) objectJSON(o *storage.Object) error {
	if o.IsPrefix {
		return a.json(struct {
			Key      string `json:"key"`
			IsPrefix bool   `json:"isPrefix"`
		}{o.Key, true})
	}
	c := *o
	c.ModTime = c.ModTime.UTC()
	if c.ETag == storage.ETagNone {
		c.ETag = ""
	}
	return a.json(&c)
}

// describe writes what is known of an object, a line each.
func describe(w io.Writer, o *storage.Object) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, value)
		}
	}
	line("key", printable(o.Key))
	line("size", strconv.FormatInt(o.Size, 10))
	if o.ETag != storage.ETagNone {
		line("etag", o.ETag)
	}
	line("version", o.VersionID)
	if !o.ModTime.IsZero() {
		line("modified", o.ModTime.UTC().Format(time.RFC3339Nano))
	}
	line("content type", o.ContentType)
	line("content encoding", o.ContentEncoding)
	line("content disposition", o.ContentDisposition)
	line("content language", o.ContentLanguage)
	line("cache control", o.CacheControl)
	line("storage class", o.StorageClass)
	if o.TagCount > 0 {
		line("tags", strconv.Itoa(o.TagCount))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Metadata)) {
		line("metadata "+name, o.Metadata[name])
	}
	for _, algorithm := range storage.Algorithms() {
		if sum := *algorithm.Of(&o.Checksums); sum != nil {
			line(strings.ToLower(algorithm.Name), fmt.Sprintf("%x", sum))
		}
	}
	return t.Flush()
}

// printable is a key as it may be shown on a terminal: quoted if it has characters that would move
// the cursor.
func printable(key string) string {
	for _, r := range key {
		if !strconv.IsPrint(r) {
			return strconv.Quote(key)
		}
	}
	return key
}
