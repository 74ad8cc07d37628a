package conformance

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

var metadataChecks = []check{
	{
		name: "metadata/names", feature: Metadata,
		rule:   "rule 23: metadata names of [a-z0-9][a-z0-9._-]* come back as they are",
		covers: []string{"PutOptions.Metadata", "Object.Metadata"},
		run: func(ctx context.Context, e *env) error {
			return e.metadata(ctx, map[string]string{
				"a": "1", "0": "2", "a-b": "3", "a_b": "4", "a.b": "5", "9.8-7_6": "6",
				"content-type": "7", "etag": "8", "x-amz-meta-a": "9",
				"abcdefghijklmnopqrstuvwxyz": "10",
			})
		},
	},
	{
		name: "metadata/text", feature: Metadata,
		rule: "rule 23: metadata values are any UTF-8 text, and come back exactly",
		run: func(ctx context.Context, e *env) error {
			for _, m := range []map[string]string{
				{"plain": "hello, world; a=b", "quote": `"quoted" \ 'x'`, "percent": "%41 %zz %",
					"plus": "a+b"},
				{"latin": "grüße", "cjk": "日本語", "astral": "\U0001f600",
					"mixed": "a\u0301 \u202e \ufeff"},
				{"word": "=?UTF-8?q?gr=C3=BC=C3=9Fe?=", "encoded": "utf8b64:aGVsbG8",
					"almost": "utf8b64:", "base64": "aGVsbG8="},
			} {
				if err := e.metadata(ctx, m); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		name: "metadata/spaces", feature: Metadata,
		rule: "rule 23: spaces in metadata values come back exactly, outer ones, too, and so " +
			"does the empty value",
		run: func(ctx context.Context, e *env) error {
			return e.metadata(ctx,
				map[string]string{"before": " x", "after": "x ", "only": "   ", "inner": "a  b",
					"empty": "", "nbsp": "\u00a0x\u00a0"})
		},
	},
	{
		name: "metadata/limit", feature: Metadata,
		rule: "rule 23: 1 KiB of metadata in 16 entries is taken, whatever the text, beside the " +
			"write ID",
		run: func(ctx context.Context, e *env) error {
			for _, text := range []string{"x", "ü", "語", "\U0001f600", " "} {
				m := make(map[string]string)
				left := 1024
				for i := range 16 {
					name := fmt.Sprintf("name-%02d", i)
					n := (left/(16-i) - len(name)) / len(text)
					m[name] = strings.Repeat(text, n)
					left -= len(name) + n*len(text)
				}
				m[writeID] = strings.Repeat("i", 100)
				if err := e.metadata(ctx, m); err != nil {
					e.errorf("16 entries of %q: %w", text, err)
				}
			}
			one := map[string]string{"a": strings.Repeat("ü", 511)} // one entry of 1,023 bytes
			return e.metadata(ctx, one)
		},
	},
	{
		name: "metadata/none", feature: Metadata,
		rule: "rule 23: no metadata is a nil map",
		run: func(ctx context.Context, e *env) error {
			for _, m := range []map[string]string{nil, {}} {
				if _, err := e.put(ctx, e.key("k"), pattern(10, 1),
					&storage.PutOptions{Metadata: m}); err != nil {
					return err
				}
				o, err := e.stat(ctx, e.key("k"), nil)
				if err != nil {
					return err
				}
				if o.Metadata != nil {
					e.errorf("Stat: Metadata = %#v, want nil", o.Metadata)
				}
			}
			return nil
		},
	},
	{
		name: "metadata/random", feature: Metadata,
		rule: "rule 23: random metadata comes back exactly",
		run: func(ctx context.Context, e *env) error {
			r := e.rand()
			for range e.many(50, 5) {
				m := make(map[string]string)
				for left := 1024; len(m) < 16; {
					name, value := randomName(r), randomText(r)
					if left -= len(name) + len(value); left < 0 {
						break
					}
					m[name] = value
				}
				if err := e.metadata(ctx, m); err != nil {
					return err
				}
			}
			return nil
		},
	},
	{
		name: "metadata/write-id", feature: Metadata,
		rule: "rule 11: the entry of the write ID is stored and comes back from Get and Stat",
		run: func(ctx context.Context, e *env) error {
			return e.metadata(ctx,
				map[string]string{
					writeID: "AAAA*0123456789abcdef.fedcba9876543210.-_-_-_-_-_-_-_-_",
				})
		},
	},
}

// writeID is the entry that Bucket keeps for itself.
const writeID = "polystorewrite"

// metadata writes an object with metadata and notes what comes back.
func (e *env) metadata(ctx context.Context, m map[string]string) error {
	key := e.key("k")
	if _, err := e.put(ctx, key, pattern(10, 1),
		&storage.PutOptions{Metadata: maps.Clone(m)}); err != nil {
		return err
	}
	o, err := e.stat(ctx, key, nil)
	if err != nil {
		return err
	}
	_, r, err := e.get(ctx, key, nil)
	if err != nil {
		return err
	}
	if len(m) == 0 {
		m = nil
	}
	if diff := cmp.Diff(m, o.Metadata); diff != "" {
		e.errorf("Stat (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(m, r.Object.Metadata); diff != "" {
		e.errorf("Get (-want +got):\n%s", diff)
	}
	return nil
}

func randomName(r *rand.Rand) string {
	const (
		first = "abcdefghijklmnopqrstuvwxyz0123456789"
		rest  = first + "._-"
	)
	b := []byte{first[r.IntN(len(first))]}
	for range r.IntN(20) {
		b = append(b, rest[r.IntN(len(rest))])
	}
	return string(b)
}

// randomText is text without control characters.
func randomText(r *rand.Rand) string {
	var s strings.Builder
	for range r.IntN(40) {
		switch r.IntN(4) {
		case 0:
			s.WriteRune(rune(0xa0 + r.IntN(0x500)))
		case 1:
			s.WriteRune(rune(0x10000 + r.IntN(0x1000)))
		default:
			s.WriteRune(rune(0x20 + r.IntN(0x5f)))
		}
	}
	return s.String()
}
