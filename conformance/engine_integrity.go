package conformance

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

var integrityChecks = []check{
	{
		name: "engine/corrupt-byte", feature: Engine, needs: []Feature{ChecksumCRC32C},
		rule: "rule 14: a wrong byte in a whole read is ErrIntegrity, where the service gives a " +
			"CRC of the whole object",
		run: reading(func(ctx context.Context, r *rig, p readPath, name string, data []byte) error {
			if !p.sums {
				return nil
			}
			if err := r.summed(ctx, name, data); err != nil {
				return err
			}
			for _, at := range []int64{0, readPart - 1} {
				r.script("Get", fault.Flip(at))
				_, err := p.read(ctx, r, name)
				r.got(fmt.Sprintf("%s with byte %d wrong", p.name, at), err, storage.ErrIntegrity)
			}
			r.faults.Reset()
			got, err := p.read(ctx, r, name)
			if r.got(p.name+" with every byte right", err, nil) {
				r.same(p.name, got, data)
			}
			return nil
		}),
	},
	{
		name: "engine/corrupt-resumed", feature: Engine, needs: []Feature{ChecksumCRC32C},
		rule: "rule 14: the sum is over the whole read, also when it broke and went on",
		run: rigged(func(ctx context.Context, r *rig) error {
			data := pattern(readSize, 1)
			if err := r.summed(ctx, "k", data); err != nil {
				return err
			}
			r.script("Get", fault.Cut(1000), fault.Cut(1000), fault.Flip(7))
			_, err := r.b.ReadAll(ctx, "k", nil)
			r.got("ReadAll that broke twice, then a wrong byte", err, storage.ErrIntegrity)
			r.script("Get", fault.Cut(1000), fault.Cut(1000))
			got, err := r.b.ReadAll(ctx, "k", nil)
			if r.got("ReadAll that broke twice", err, nil) {
				r.same("ReadAll that broke twice", got, data)
			}
			return nil
		}),
	},
	{
		name: "engine/checksum-of-a-stream", feature: Engine, needs: []Feature{ChecksumCRC32C},
		rule: "rule 14: a caller's checksum that does not fit the bytes is ErrIntegrity, and " +
			"nothing becomes visible",
		run: rigged(func(ctx context.Context, r *rig) error {
			for i, data := range [][]byte{pattern(100, 1), r.large(1)} {
				name := fmt.Sprint("k", i)
				for _, right := range []bool{false, true} {
					sum := castagnoliOf(data)
					if !right {
						sum[0] ^= 1
					}
					what := fmt.Sprintf("Put of a stream of %d bytes, its CRC32C right: %v",
						len(data), right)
					o, err := r.b.Put(ctx, name, onlyRead{bytes.NewReader(data)},
						&storage.PutOptions{Checksums: storage.Checksums{CRC32C: sum}})
					if right {
						r.wrote(ctx, what, name, o, err, data)
						continue
					}
					r.got(what, err, storage.ErrIntegrity)
					r.missing(ctx, r.key(name))
					r.noUploads(what)
				}
			}
			return nil
		}),
	},
}

// summed writes an object whose CRC32C the service knows.
func (r *rig) summed(ctx context.Context, name string, data []byte) error {
	sum := castagnoliOf(data)
	if _, err := r.put(ctx, r.key(name), data,
		&storage.PutOptions{Checksums: storage.Checksums{CRC32C: sum}}); err != nil {
		return err
	}
	o, err := r.stat(ctx, r.key(name), nil)
	if err == nil && o.Checksums.CRC32C == nil {
		return &lacking{"the service reports no CRC32C"}
	}
	if err == nil && !bytes.Equal(o.Checksums.CRC32C, sum) {
		err = fmt.Errorf("Stat after Put with CRC32C %x: CRC32C %x", sum, o.Checksums.CRC32C)
	}
	return err
}

func castagnoliOf(data []byte) []byte {
	sum := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
	return []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}
}
