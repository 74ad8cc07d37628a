package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// careless keeps what a fault in it says, and not what it was asked for.
type careless struct {
	storage.FullStore
	fault string
}

func (c *careless) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	o := *opts
	switch {
	case c.fault == "loses changes" && strings.HasSuffix(key, indexKey) && o.IfMatch != "":
		o.IfMatch = ""
		if _, err := io.Copy(io.Discard, body); err != nil {
			return nil, err
		}
		data := []byte("[]")
		return c.FullStore.Put(ctx, key, bytes.NewReader(data), int64(len(data)), &o)
	case c.fault == "gives names twice" && strings.HasSuffix(key, "ana.txt"):
		o.IfAbsent = false
	case c.fault == "has no conditions" && (o.IfAbsent || o.IfMatch != ""):
		return nil, &storage.Error{Kind: storage.ErrPermission}
	case c.fault == "alters objects" && strings.HasSuffix(key, "ana.txt") && size > 0:
		return c.FullStore.Put(ctx, key, strings.NewReader(strings.Repeat("x", int(size))), size,
			&o)
	}
	return c.FullStore.Put(ctx, key, body, size, &o)
}

func (c *careless) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	p, err := c.FullStore.ListPage(ctx, opts)
	if err == nil && c.fault == "lists too little" && len(p.Objects) > 0 {
		p.Objects = p.Objects[1:]
	}
	return p, err
}

// What the program says of a store that does not keep it is an error with a sentence.
func TestPlayFails(t *testing.T) {
	for fault, want := range map[string]string{
		"":                  "",
		"loses changes":     "lost a change",
		"gives names twice": "should have been refused the second time",
		"has no conditions": "should have been created",
		"alters objects":    "should be what ana sent",
		"lists too little":  "and should list",
	} {
		m, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		bucket := storage.New(&careless{m, fault}, nil)
		server, err := serve(&inbox{bucket: bucket})
		if err != nil {
			t.Fatal(err)
		}
		err = play(t.Context(), bucket, server, io.Discard)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("a store that %q: %v, want %q", fault, err, want)
		}
		server.close()
		if err := bucket.Close(); err != nil {
			t.Error(err)
		}
	}
}
