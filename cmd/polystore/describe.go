package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/polystore/storage"
)

// description is an object in JSON. Sums are in hexadecimal, as sha256sum prints them.
type description struct {
	Key                string            `json:"key"`
	IsPrefix           bool              `json:"isPrefix,omitempty"`
	Size               *int64            `json:"size,omitempty"`
	ETag               string            `json:"etag,omitempty"`
	VersionID          string            `json:"versionId,omitempty"`
	ModTime            *time.Time        `json:"modTime,omitempty"`
	ContentType        string            `json:"contentType,omitempty"`
	ContentEncoding    string            `json:"contentEncoding,omitempty"`
	ContentDisposition string            `json:"contentDisposition,omitempty"`
	ContentLanguage    string            `json:"contentLanguage,omitempty"`
	CacheControl       string            `json:"cacheControl,omitempty"`
	StorageClass       string            `json:"storageClass,omitempty"`
	Metadata           map[string]string `json:"metadata,omitempty"`
	Checksums          map[string]string `json:"checksums,omitempty"`
}

func describe(o *storage.Object) description {
	d := description{
		Key: o.Key, IsPrefix: o.IsPrefix, VersionID: o.VersionID,
		ContentType: o.ContentType, ContentEncoding: o.ContentEncoding, ContentDisposition: o.ContentDisposition,
		ContentLanguage: o.ContentLanguage, CacheControl: o.CacheControl, StorageClass: o.StorageClass,
		Metadata: o.Metadata, Checksums: sums(o.Checksums),
	}
	if o.ETag != storage.ETagNone {
		d.ETag = o.ETag
	}
	if o.Size >= 0 && !o.IsPrefix {
		d.Size = &o.Size
	}
	if !o.ModTime.IsZero() {
		t := o.ModTime.UTC()
		d.ModTime = &t
	}
	return d
}

// sums are the checksums that are known, by name.
func sums(c storage.Checksums) map[string]string {
	known := make(map[string]string)
	for name, sum := range map[string][]byte{
		"crc32": c.CRC32, "crc32c": c.CRC32C, "crc64nvme": c.CRC64NVME, "md5": c.MD5, "sha1": c.SHA1, "sha256": c.SHA256,
	} {
		if sum != nil {
			known[name] = hex.EncodeToString(sum)
		}
	}
	return known
}

// print writes what is known, a line each.
func (d description) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, value)
		}
	}
	line("key", printable(d.Key))
	if d.Size != nil {
		line("size", strconv.FormatInt(*d.Size, 10))
	}
	line("etag", d.ETag)
	line("version", d.VersionID)
	if d.ModTime != nil {
		line("modified", d.ModTime.Format(time.RFC3339Nano))
	}
	line("content type", d.ContentType)
	line("content encoding", d.ContentEncoding)
	line("content disposition", d.ContentDisposition)
	line("content language", d.ContentLanguage)
	line("cache control", d.CacheControl)
	line("storage class", d.StorageClass)
	for _, name := range slices.Sorted(maps.Keys(d.Metadata)) {
		line("metadata "+name, d.Metadata[name])
	}
	for _, name := range slices.Sorted(maps.Keys(d.Checksums)) {
		line(name, d.Checksums[name])
	}
	return t.Flush()
}

// printable is a key as it may be shown on a terminal: quoted if it has characters that would move the cursor.
func printable(key string) string {
	for _, r := range key {
		if !strconv.IsPrint(r) {
			return strconv.Quote(key)
		}
	}
	return key
}
