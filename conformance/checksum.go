package conformance

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"hash/crc64"
	"slices"
	"strings"

	"github.com/polystore/storage"
)

// algorithm is a field of storage.Checksums.
type algorithm struct {
	name    string
	feature Feature
	field   func(*storage.Checksums) *[]byte
	sum     func([]byte) []byte
}

var algorithms = []algorithm{
	{"CRC32", ChecksumCRC32, func(c *storage.Checksums) *[]byte { return &c.CRC32 },
		func(b []byte) []byte {
			h := crc32.NewIEEE()
			h.Write(b)
			return h.Sum(nil)
		}},
	{"CRC32C", ChecksumCRC32C, func(c *storage.Checksums) *[]byte { return &c.CRC32C },
		func(b []byte) []byte {
			h := crc32.New(crc32.MakeTable(crc32.Castagnoli))
			h.Write(b)
			return h.Sum(nil)
		}},
	{"CRC64NVME", ChecksumCRC64NVME, func(c *storage.Checksums) *[]byte { return &c.CRC64NVME },
		func(b []byte) []byte {
			h := crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))
			h.Write(b)
			return h.Sum(nil)
		}},
	{"MD5", ChecksumMD5, func(c *storage.Checksums) *[]byte { return &c.MD5 },
		func(b []byte) []byte {
			s := md5.Sum(b)
			return s[:]
		}},
	{"SHA1", ChecksumSHA1, func(c *storage.Checksums) *[]byte { return &c.SHA1 },
		func(b []byte) []byte {
			s := sha1.Sum(b)
			return s[:]
		}},
	{"SHA256", ChecksumSHA256, func(c *storage.Checksums) *[]byte { return &c.SHA256 },
		func(b []byte) []byte {
			s := sha256.Sum256(b)
			return s[:]
		}},
}

// checksumChecks has, for each algorithm, a check that a right sum is taken and a wrong one
// refused.
func checksumChecks() []check {
	var checks []check
	for _, a := range algorithms {
		checks = append(checks, check{
			name: "checksum/" + strings.ToLower(a.name), feature: a.feature,
			rule: fmt.Sprintf("rule 14: a %s that the caller gives is verified before anything "+
				"becomes visible", a.name),
			covers: []string{"PutOptions.Checksums", "Checksums." + a.name},
			run: func(ctx context.Context, e *env) error {
				old, data := pattern(50, 1), pattern(70_000, 2)
				if _, err := e.put(ctx, e.key("old"), old, nil); err != nil {
					return err
				}
				right := new(storage.PutOptions)
				*a.field(&right.Checksums) = a.sum(data)
				if _, err := e.put(ctx, e.key("right"), data, right); err != nil {
					return err
				}
				e.holds(ctx, e.key("right"), data)
				e.reported(ctx, e.key("right"), data)

				wrong := new(storage.PutOptions)
				*a.field(&wrong.Checksums) = a.sum(old)
				for _, name := range []string{"old", "new"} {
					_, err := e.put(ctx, e.key(name), data, wrong)
					e.got("Put with a wrong "+a.name, err, storage.ErrIntegrity)
				}
				e.holds(ctx, e.key("old"), old)
				e.missing(ctx, e.key("new"))
				return nil
			},
		})
	}
	return append(checks, check{
		name: "checksum/reported", feature: Reads,
		rule:   "rule 14: a checksum that Get or Stat reports is the one of the stored bytes",
		covers: []string{"Object.Checksums"},
		run: func(ctx context.Context, e *env) error {
			told := 0
			for i, size := range []int{0, 9, 100_000} {
				if _, err := e.put(ctx, e.key("k"), pattern(size, uint64(i)), nil); err != nil {
					return err
				}
				told += e.reported(ctx, e.key("k"), pattern(size, uint64(i)))
			}
			if told == 0 {
				return &lacking{"the service reports no checksum"}
			}
			return nil
		},
	})
}

// reported notes checksums of key that are not those of data, and counts those that there are.
func (e *env) reported(ctx context.Context, key string, data []byte) (told int) {
	o, err := e.stat(ctx, key, nil)
	if !e.got("Stat", err, nil) {
		return 0
	}
	_, r, err := e.get(ctx, key, nil)
	if !e.got("Get", err, nil) {
		return 0
	}
	for _, a := range algorithms {
		for i, o := range []*storage.Object{o, r.Object} {
			got := *a.field(&o.Checksums)
			if got == nil {
				continue
			}
			if told++; !bytes.Equal(got, a.sum(data)) {
				e.errorf("%s of %s = %x, want %x", a.name, []string{"Stat", "Get"}[i], got,
					a.sum(data))
			}
		}
	}
	return told
}

// sums is every checksum of data.
func sums(data []byte) storage.Checksums {
	var c storage.Checksums
	for _, a := range algorithms {
		*a.field(&c) = slices.Clone(a.sum(data))
	}
	return c
}
