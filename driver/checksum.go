package driver

import (
	"bytes"
	"context"
	"hash"
	"sync"

	"github.com/polystore/storage"
)

// Sums is a set of checksums: CRC32C | MD5.
type Sums uint8

// The checksums, in the order of [storage.Algorithms].
const (
	CRC32C Sums = 1 << iota
	CRC32
	CRC64NVME
	MD5
	SHA1
	SHA256

	AllSums Sums = 1<<iota - 1
)

// count is how many checksums there are.
const count = 6

// algorithms is never changed.
var algorithms = storage.Algorithms()

// Given returns the set of those that c has.
func Given(c *storage.Checksums) (s Sums) {
	for i := range algorithms {
		if *algorithms[i].Of(c) != nil {
			s |= 1 << i
		}
	}
	return s
}

// Has reports whether all of sums are in s.
func (s Sums) Has(sums Sums) bool { return s&sums == sums }

// Select returns the sums in s of those that c has.
func (s Sums) Select(c *storage.Checksums) (selected storage.Checksums) {
	for i := range algorithms {
		if s.Has(1 << i) {
			*algorithms[i].Of(&selected) = *algorithms[i].Of(c)
		}
	}
	return selected
}

// Hasher computes checksums. The zero value is ready, and it may be used concurrently. Keep one in
// a Store: it keeps the buffers.
type Hasher struct {
	// NewCRC64NVME makes the hash of that name, where there is a faster one than the standard
	// library's, which is twenty times slower than its other CRCs. It is not changed once the
	// Hasher is in use.
	NewCRC64NVME func() hash.Hash

	buffers sync.Pool // of *[]byte
}

// Digest computes several checksums over what is written to it.
type Digest struct {
	hashes [count]hash.Hash
	sums   storage.Checksums // what Checksums fills, without an allocation of its own
}

// New returns a Digest of the sums in which. A Write to it never fails.
func (h *Hasher) New(which Sums) *Digest {
	d := new(Digest)
	for i := range algorithms {
		switch s := Sums(1 << i); {
		case !which.Has(s):
		case s == CRC64NVME && h.NewCRC64NVME != nil:
			d.hashes[i] = h.NewCRC64NVME()
		default:
			d.hashes[i] = algorithms[i].New()
		}
	}
	return d
}

func (d *Digest) Write(p []byte) (int, error) {
	for _, h := range d.hashes {
		if h != nil {
			h.Write(p)
		}
	}
	return len(p), nil
}

// Checksums returns the sums of what was written so far.
func (d *Digest) Checksums() storage.Checksums {
	for i, h := range d.hashes {
		if h != nil {
			*algorithms[i].Of(&d.sums) = h.Sum(nil)
		}
	}
	return d.sums
}

// Verify is Checksums compared with the sums that want has. A sum that differs is ErrIntegrity.
func (d *Digest) Verify(want *storage.Checksums) (storage.Checksums, error) {
	d.Checksums()
	return d.sums, Verify(&d.sums, want)
}

// Sum reads p once, from its start, and rewinds it. It ends with ctx.
func (h *Hasher) Sum(ctx context.Context, p *Payload, which Sums) (storage.Checksums, error) {
	buf, ok := h.buffers.Get().(*[]byte)
	if !ok {
		buf = new(make([]byte, 128<<10))
	}
	defer h.buffers.Put(buf)
	d := h.New(which)
	if err := p.copyTo(ctx, d, *buf); err != nil {
		return storage.Checksums{}, err
	}
	return d.Checksums(), nil
}

// SumUnknown is [Hasher.Sum], unless known, which can be nil, has every sum in which: then it is
// the result, and p is not read.
func (h *Hasher) SumUnknown(
	ctx context.Context, p *Payload, which Sums, known *storage.Checksums,
) (storage.Checksums, error) {
	if known != nil && which&^Given(known) == 0 {
		return *known, nil
	}
	return h.Sum(ctx, p, which)
}

// SumBytes is [Hasher.Sum] for bytes in memory.
func (h *Hasher) SumBytes(ctx context.Context, b []byte, which Sums) (storage.Checksums, error) {
	d := h.New(which)
	if err := d.write(ctx, b); err != nil {
		return storage.Checksums{}, err
	}
	return d.Checksums(), nil
}

// VerifyBytes returns the CRC-32C of b, which is what whole reads are held against, and every sum
// that want has. One that differs from want's is ErrIntegrity. It is for drivers that keep objects
// themselves: the sums that the caller of a Put gave are verified before anything is visible.
func (h *Hasher) VerifyBytes(
	ctx context.Context, b []byte, want *storage.Checksums,
) (storage.Checksums, error) {
	d := h.New(CRC32C | Given(want))
	if err := d.write(ctx, b); err != nil {
		return storage.Checksums{}, err
	}
	return d.Verify(want)
}

func (d *Digest) write(ctx context.Context, b []byte) error {
	for len(b) > 0 {
		if err := ContextErr(ctx); err != nil {
			return err
		}
		n := min(step, len(b))
		d.Write(b[:n])
		b = b[n:]
	}
	return nil
}

// Verify compares the sums of want with those of have. A sum that differs is ErrIntegrity, with its
// name. A sum that have lacks cannot be verified, and is [errors.ErrUnsupported].
func Verify(have, want *storage.Checksums) error {
	for i := range algorithms {
		a := &algorithms[i]
		switch have, want := *a.Of(have), *a.Of(want); {
		case want == nil || bytes.Equal(have, want):
		case have == nil:
			return Unsupportedf("the %s of the whole object is not known", a.Name)
		default:
			return Mismatch(a.Name, have, want)
		}
	}
	return nil
}

// Mismatch returns the ErrIntegrity of the checksum called name.
func Mismatch(name string, got, want []byte) *storage.Error {
	return Errorf(storage.ErrIntegrity, "%s is %x, want %x", name, got, want)
}

// Keep returns have with the sums of verified that it lacks: what a Store shows of an upload whose
// sums Bucket has verified ([storage.PutOptions.Verified]).
func Keep(have, verified storage.Checksums) storage.Checksums {
	for _, a := range storage.Algorithms() {
		if sum := a.Of(&have); *sum == nil {
			*sum = *a.Of(&verified)
		}
	}
	return have
}
