package storage

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func FuzzMetadataValue(f *testing.F) {
	for _, v := range []string{
		"", " ", "plain", "two  spaces", " outer ", "tab\there", "grüß dich", "日本", encodedPrefix,
		encodedPrefix + "!", "=?utf-8?q?x?=", "=?", "a\x7f",
		"utf8b64:YQ", "line\nbreak",
	} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if !utf8.ValidString(v) {
			t.Skip("not text")
		}
		wire := EncodeMetadataValue(v)
		if !headerSafe(wire) || wire == "" {
			t.Errorf("EncodeMetadataValue(%q) = %q, which no header carries", v, wire)
		}
		if back := DecodeMetadataValue(wire); back != v {
			t.Errorf("%q became %q and came back as %q", v, wire, back)
		}
	})
}

// What others wrote stays as it is, also where it looks encoded.
func TestDecodeMetadataValueOfOthers(t *testing.T) {
	for _, v := range []string{
		"plain", "=?UTF-8?B?w7w=?=", "=?utf-8?q?=C3=BC_b?=", "=?broken", "utf8b64:", "utf8b64:%%%",
		"utf8b64:_w", "utf8b64:w7w", "utf8b64:YWJjZGVmZw", "UTF8B64:w7w",
		encodedPrefix + base64.RawURLEncoding.EncodeToString([]byte("plain\x00\x00\x00\x00")),
	} {
		if got := DecodeMetadataValue(v); got != v {
			t.Errorf("DecodeMetadataValue(%q) = %q", v, got)
		}
	}
	// A value that needs no encoding was not encoded here, whatever its checksum.
	sum := crc32.Checksum([]byte("plain"), crc32.MakeTable(crc32.Castagnoli))
	sealed := binary.BigEndian.AppendUint32([]byte("plain"), sum)
	v := encodedPrefix + base64.RawURLEncoding.EncodeToString(sealed)
	if got := DecodeMetadataValue(v); got != v {
		t.Errorf("DecodeMetadataValue(%q) = %q", v, got)
	}
}

func TestCheckMetadata(t *testing.T) {
	got, err := checkMetadata(map[string]string{"A-b.c_9": " v ", "0": "ü"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"a-b.c_9": " v ", "0": "ü"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, m := range []map[string]string{
		{"": "v"}, {"-a": "v"}, {".a": "v"}, {"_a": "v"}, {"a b": "v"}, {"ä": "v"}, {"a:": "v"},
		{"a\n": "v"},
		{"a": "x\ny"}, {"a": "x\x00"}, {"a": "\x7f"}, {"a": "\u0085"}, {"a": "\xff"},
		{"a": "1", "A": "2"},
		{writeIDName: "v"}, {strings.ToUpper(writeIDName): "v"},
	} {
		if got, err := checkMetadata(m); !errors.Is(err, ErrInvalid) {
			t.Errorf("checkMetadata(%q) = %v, %v, want %v", m, got, err, ErrInvalid)
		}
	}
	if got, err := checkMetadata(nil); got != nil || err != nil {
		t.Errorf("checkMetadata(nil) = %v, %v", got, err)
	}
}

func TestCheckHeaders(t *testing.T) {
	if _, err := (headers{ContentType: "text/plain; charset=utf-8",
		CacheControl: "no-cache"}).check(); err != nil {
		t.Error(err)
	}
	for _, h := range []headers{
		{ContentType: "a\r\nb"}, {ContentEncoding: " gzip"},
		{ContentDisposition: "attachment; filename=ü"}, {ContentLanguage: "de\t"},
		{CacheControl: "x "}, {StorageClass: "\x00"}, {Metadata: map[string]string{"?": "v"}},
	} {
		if _, err := h.check(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v, want %v", h, err, ErrInvalid)
		}
	}
	for _, tags := range []map[string]string{{"": "v"}, {"a": "\n"}, {"\xff": "v"}} {
		if _, err := checkTags(tags); !errors.Is(err, ErrInvalid) {
			t.Errorf("tags %q: %v, want %v", tags, err, ErrInvalid)
		}
	}
}

// FuzzHeaderSafe holds headerSafe against the words of its rule.
func FuzzHeaderSafe(f *testing.F) {
	f.Add("a b")
	f.Add(" a")
	f.Fuzz(func(t *testing.T, v string) {
		want := v == strings.TrimFunc(v, unicode.IsSpace)
		for _, r := range v {
			want = want && r >= 0x20 && r <= 0x7e
		}
		if got := headerSafe(v); got != want {
			t.Errorf("headerSafe(%q) = %v", v, got)
		}
	})
}
