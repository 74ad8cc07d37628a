package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

var multipartChecks = []check{
	{
		name: "multipart/complete", feature: Multipart,
		rule: "rule 1: an upload becomes visible at CompleteUpload, whole, and not before",
		covers: []string{"PartOptions", "PartOptions.Offset", "PartOptions.Last", "Part.Number",
			"Part.ETag", "Part.Size"},
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := u.send(ctx, u.size, 1000); err != nil {
				return err
			}
			e.missing(ctx, u.key)
			e.listed(ctx, "")
			if _, err := u.complete(ctx, nil); err != nil {
				return err
			}
			e.holds(ctx, u.key, u.data)
			e.listed(ctx, "", e.short(u.key))
			e.ranged(ctx, u.key, u.data, storage.GetOptions{Offset: int64(u.size - 10), Length: 20},
				u.size-10, 20)
			e.reported(ctx, u.key, u.data)
			return nil
		}),
	},
	{
		name: "multipart/result", feature: Multipart,
		rule: "rule 4: CompleteUpload returns the ETag of the Stat that follows",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := u.send(ctx, 1000); err != nil {
				return err
			}
			o, err := u.complete(ctx, nil)
			if err != nil {
				return err
			}
			s, err := e.stat(ctx, u.key, nil)
			if err == nil {
				e.sameResult("CompleteUpload", o, s)
			}
			return err
		}),
	},
	{
		name: "multipart/any-order", feature: Multipart,
		rule: "rule 1: parts that are sent at the same time and in any order make the object " +
			"in the order of their numbers",
		covers: []string{"PartLimits.Parallel"},
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if !u.limits.Parallel {
				return notRun("parts are sent one after the other: PartLimits.Parallel is false")
			}
			n := e.many(4, 3)
			data := pattern((n-1)*u.size+500, 8)
			parts := make([]*storage.Part, n)
			parallel(n, func(i int) {
				i = n - 1 - i
				from, to := i*u.size, min((i+1)*u.size, len(data))
				p, err := u.part(ctx, i+1, data[from:to], int64(from), i == n-1)
				if e.got(fmt.Sprintf("PutPart %d", i+1), err, nil) {
					parts[i] = p
				}
			})
			if slices.Contains(parts, nil) {
				return nil
			}
			u.parts = parts
			if _, err := u.complete(ctx, nil); err != nil {
				return err
			}
			e.holds(ctx, u.key, data)
			return nil
		}),
	},
	{
		name: "multipart/same-number", feature: Multipart,
		rule: "rule 1: a part that is sent again replaces the one with its number",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if _, err := u.part(ctx, 1, pattern(1000, 1), 0, true); err != nil {
				return err
			}
			p, err := u.part(ctx, 1, pattern(700, 2), 0, true)
			if err != nil {
				return err
			}
			u.parts = []*storage.Part{p}
			if _, err := u.complete(ctx, nil); err != nil {
				return err
			}
			e.holds(ctx, u.key, pattern(700, 2))
			return nil
		}),
	},
	{
		name: "multipart/same-part", feature: Multipart,
		rule: "rule 1: where PutPart promises it, the same bytes that are sent again have the " +
			"same ETag, and the upload is completed by either answer",
		covers: []string{"Part.Repeatable"},
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			data := pattern(1000, 1)
			first, err := u.part(ctx, 1, data, 0, true)
			if err != nil {
				return err
			}
			again, err := u.part(ctx, 1, data, 0, true)
			if err != nil {
				return err
			}
			u.parts = []*storage.Part{again}
			if first.Repeatable {
				u.parts[0] = first
				if again.ETag != first.ETag {
					e.errorf("PutPart of the same bytes = %+v, and before it was %+v", again, first)
				}
			}
			if _, err := u.complete(ctx, nil); err != nil {
				return err
			}
			e.holds(ctx, u.key, data)
			return nil
		}),
	},
	{
		name: "multipart/part-at-once", feature: Multipart,
		rule: "rule 1: a part that is sent twice at the same time is one part, and an answer to " +
			"it completes the upload",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			return e.partAtOnce(ctx, u, nil)
		}),
	},
	{
		name: "multipart/if-absent-at-once", feature: MultipartConditions,
		rule: "rule 1: a part of an upload with IfAbsent that is sent twice at the same time is " +
			"one part, and an answer to it completes the upload",
		run: onUpload(&storage.PutOptions{IfAbsent: true},
			func(ctx context.Context, e *env, u *upload) error {
				return e.partAtOnce(ctx, u, &storage.PutOptions{IfAbsent: true})
			}),
	},
	{
		name: "multipart/headers", feature: Multipart,
		rule: "rule 6: an object that was written in parts has the headers and metadata of its " +
			"upload, and nothing of the old object",
		run: func(ctx context.Context, e *env) error {
			opts := &storage.PutOptions{Metadata: map[string]string{"a": "grüße",
				writeID: "AAAA*x"}}
			for _, h := range headers {
				h.put(opts, h.value)
			}
			return onUpload(opts, func(ctx context.Context, e *env, u *upload) error {
				if _, err := e.put(ctx, u.key, pattern(10, 1),
					&storage.PutOptions{Metadata: map[string]string{"old": "1"}}); err != nil {
					return err
				}
				if err := u.send(ctx, 1000); err != nil {
					return err
				}
				if _, err := u.complete(ctx, opts); err != nil {
					return err
				}
				o, err := e.stat(ctx, u.key, nil)
				if err != nil {
					return err
				}
				for _, h := range headers {
					if h.get(o) != h.value {
						e.errorf("%s = %q, want %q", h.name, h.get(o), h.value)
					}
				}
				if diff := cmp.Diff(opts.Metadata, o.Metadata); diff != "" {
					e.errorf("metadata (-want +got):\n%s", diff)
				}
				return nil
			})(ctx, e)
		},
	},
	{
		name: "multipart/storageclass", feature: StorageClass, needs: []Feature{Multipart},
		rule: "rule 6: an object that was written in parts has the StorageClass of its upload",
		run: func(ctx context.Context, e *env) error {
			opts := &storage.PutOptions{StorageClass: e.storageClass()}
			o, err := e.inParts(ctx, opts)
			if err != nil {
				return err
			}
			return e.isClass("Stat", o.StorageClass, opts.StorageClass)
		},
	},
	{
		name: "multipart/tags", feature: Tags, needs: []Feature{Multipart},
		rule: "rule 6: Tags of an upload are taken, and are no metadata",
		run: func(ctx context.Context, e *env) error {
			tags := map[string]string{"project": "x 1"}
			o, err := e.inParts(ctx, &storage.PutOptions{
				Tags: tags, Metadata: map[string]string{"a": "1"},
			})
			if err != nil {
				return err
			}
			if diff := cmp.Diff(map[string]string{"a": "1"}, o.Metadata); diff != "" {
				e.errorf("metadata beside tags (-want +got):\n%s", diff)
			}
			e.tagged(ctx, o.Key, tags)
			return nil
		},
	},
	{
		name: "multipart/long-part", feature: Multipart,
		rule: "rule 3: a part whose body is longer than its size is ErrInvalid",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			_, err := e.store.PutPart(ctx, u.key, u.id, 1, bytes.NewReader(pattern(1001, 1)), 1000,
				&storage.PartOptions{Last: true})
			e.got("PutPart of a body that is too long", err, storage.ErrInvalid)
			e.missing(ctx, u.key)
			return nil
		}),
	},
	{
		name: "multipart/short-part", feature: Multipart,
		rule: "rule 3: a part whose body is shorter than its size is io.ErrUnexpectedEOF",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			body := bytes.NewReader(pattern(900, 1))
			_, err := e.store.PutPart(ctx, u.key, u.id, 1, body, 1000,
				&storage.PartOptions{Last: true})
			e.got("PutPart of 900 of 1000 bytes", err, io.ErrUnexpectedEOF)
			return nil
		}),
	},
	{
		name: "multipart/failing-part", feature: Multipart,
		rule: "rule 3: an error of a part's source is the error of PutPart",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			body := &failingBody{Reader: bytes.NewReader(pattern(1000, 1)), at: 500}
			_, err := e.store.PutPart(ctx, u.key, u.id, 1, body, 1000,
				&storage.PartOptions{Last: true})
			e.got("PutPart of a source that fails", err, errSource)
			return nil
		}),
	},
	{
		name: "multipart/part-sums", feature: Multipart,
		rule: "rule 14: a part under PartOptions.Checksums of other bytes is ErrIntegrity, there " +
			"or at CompleteUpload, or they are ignored",
		covers: []string{"PartOptions.Checksums"},
		run:    onUpload(nil, sumsOfAnotherPart),
	},
	{
		name: "multipart/summed-ahead", feature: Multipart, alone: true,
		rule: "rule 14: SumPart returns sums of the bytes, or none without a read, makes no " +
			"request, and PutPart takes them",
		run: onUpload(nil, sumsMadeAhead),
	},
	{
		name: "multipart/wrong-part", feature: Multipart,
		rule: "rule 1: CompleteUpload with a part that was not sent makes no object",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			if err := u.send(ctx, 1000); err != nil {
				return err
			}
			made := *u.parts[0]
			made.Number = 2
			_, err := e.store.CompleteUpload(ctx, u.key, u.id, []*storage.Part{u.parts[0], &made},
				&storage.PutOptions{})
			if err == nil {
				e.errorf("CompleteUpload with a part 2 that was never sent succeeded")
			}
			e.missing(ctx, u.key)
			return nil
		}),
	},
	{
		name: "multipart/limits", feature: Multipart,
		rule: "rule 5: PartLimits leave room for an object of 5 TiB or the service's own limit",
		covers: []string{"PartLimits.Min", "PartLimits.Max", "PartLimits.Multiple",
			"PartLimits.MaxObject", "PartLimits.Count", "PartLimits.Equal"},
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			l := u.limits
			room := l.MaxObject
			if room == 0 {
				room = 5 << 40
			}
			switch {
			case l.Min < 0 || l.Max < max(l.Min, 1) || l.Multiple < 0 || l.MaxObject < 0:
				e.errorf("PartLimits = %+v", l)
			case l.Max < room/int64(l.Count):
				e.errorf("%d parts of at most %d bytes make no object of %d bytes", l.Count,
					l.Max, room)
			}
			return nil
		}),
	},
	{
		name: "multipart/if-absent", feature: MultipartConditions,
		rule: "rule 10: IfAbsent holds at CompleteUpload",
		run: onUpload(&storage.PutOptions{IfAbsent: true},
			func(ctx context.Context, e *env, u *upload) error {
				opts := &storage.PutOptions{IfAbsent: true}
				if err := u.send(ctx, 1000); err != nil {
					return err
				}
				if _, err := u.complete(ctx, opts); err != nil {
					return err
				}
				second, err := e.begin(ctx, u.key, opts)
				if err != nil {
					return err
				}
				if err := second.send(ctx, 500); err != nil {
					return err
				}
				_, err = second.complete(ctx, opts)
				e.got("CompleteUpload with IfAbsent on an object", err, storage.ErrExist)
				e.holds(ctx, u.key, u.data)
				return nil
			}),
	},
	{
		name: "multipart/if-match", feature: MultipartConditions,
		rule: "rule 10: IfMatch holds at CompleteUpload",
		run: onUpload(nil, func(ctx context.Context, e *env, u *upload) error {
			old, err := e.put(ctx, u.key, []byte("first"), nil)
			if err != nil {
				return err
			}
			now, err := e.put(ctx, u.key, []byte("second"), nil)
			if err != nil {
				return err
			}
			for _, step := range []struct {
				tag  string
				want error
			}{{old.ETag, storage.ErrPrecondition}, {storage.ETagNone, storage.ErrPrecondition},
				{now.ETag, nil}} {
				opts := &storage.PutOptions{IfMatch: step.tag}
				next, err := e.begin(ctx, u.key, opts)
				if err != nil {
					return err
				}
				if err := next.send(ctx, 800); err != nil {
					return err
				}
				_, err = next.complete(ctx, opts)
				e.got(fmt.Sprintf("CompleteUpload with IfMatch %s", step.tag), err, step.want)
				if step.want != nil {
					e.holds(ctx, u.key, []byte("second"))
				} else {
					e.holds(ctx, u.key, next.data)
				}
			}
			return nil
		}),
	},
	{
		name: "multipart/if-match-missing", feature: MultipartConditions,
		rule: "rule 9: CompleteUpload with IfMatch on a missing object is ErrPrecondition and " +
			"creates nothing",
		run: onUpload(&storage.PutOptions{IfMatch: `"00000000000000000000000000000000"`},
			func(ctx context.Context, e *env, u *upload) error {
				if err := u.send(ctx, 1000); err != nil {
					return err
				}
				_, err := u.complete(ctx,
					&storage.PutOptions{IfMatch: `"00000000000000000000000000000000"`})
				e.got("CompleteUpload with IfMatch on a missing object", err,
					storage.ErrPrecondition)
				e.missing(ctx, u.key)
				return nil
			}),
	},
	{
		name: "multipart/race", feature: MultipartConditions,
		rule: "rule 8: IfAbsent succeeds for exactly one of any number of concurrent uploads",
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			if e.store.PartLimits(&storage.PutOptions{IfAbsent: true}).Count == 0 {
				return errNoMultipart
			}
			e.oneWinner(ctx, key, 64, func(i int, data []byte) error {
				opts := &storage.PutOptions{IfAbsent: true}
				u, err := e.begin(ctx, key, opts)
				if err != nil {
					return err
				}
				p, err := u.part(ctx, 1, data, 0, true)
				if err != nil {
					return err
				}
				u.parts = []*storage.Part{p}
				_, err = u.complete(ctx, opts)
				return err
			})
			return nil
		},
	},
	{
		name: "multipart/refused-stays", feature: MultipartConditions, needs: []Feature{ListParts},
		rule: "rule 11: a refused CompleteUpload leaves the upload, to be aborted or completed " +
			"otherwise",
		run: onUpload(&storage.PutOptions{IfAbsent: true},
			func(ctx context.Context, e *env, u *upload) error {
				opts := &storage.PutOptions{IfAbsent: true}
				if err := u.send(ctx, 1000); err != nil {
					return err
				}
				if _, err := e.put(ctx, u.key, []byte("another's"), nil); err != nil {
					return err
				}
				for range 2 {
					_, err := u.complete(ctx, opts)
					e.got("CompleteUpload with IfAbsent on an object", err, storage.ErrExist)
				}
				page, err := e.store.ListPartsPage(ctx, u.key, u.id, &storage.ListPartsOptions{})
				if e.got("ListPartsPage after a refused CompleteUpload", err, nil) &&
					len(page.Parts) != 1 {
					e.errorf("%d parts after a refused CompleteUpload, want 1", len(page.Parts))
				}
				return nil
			}),
	},
	{
		name: "multipart/checksums", feature: MultipartChecksums,
		rule: "rule 14: a checksum of the whole object is verified at CompleteUpload, before " +
			"anything becomes visible",
		covers: []string{"Part.Checksums"},
		run: func(ctx context.Context, e *env) error {
			data := pattern(1000, 1)
			for _, step := range []struct {
				of   []byte
				want error
			}{{data, nil}, {pattern(1000, 2), storage.ErrIntegrity}} {
				opts := &storage.PutOptions{
					Checksums: storage.Checksums{CRC32C: sums(step.of).CRC32C},
				}
				key := e.key(fmt.Sprint(step.want == nil))
				u, err := e.begin(ctx, key, opts)
				if err != nil {
					return err
				}
				p, err := u.part(ctx, 1, data, 0, true)
				if err != nil {
					return err
				}
				for _, a := range algorithms {
					if got := *a.field(&p.Checksums); got != nil && !bytes.Equal(got, a.sum(data)) {
						e.errorf("%s of the part = %x, want %x", a.name, got, a.sum(data))
					}
				}
				u.parts = []*storage.Part{p}
				_, err = u.complete(ctx, opts)
				if !e.got("CompleteUpload with a checksum", err, step.want) {
					continue
				}
				if step.want == nil {
					e.holds(ctx, key, data)
				} else {
					e.missing(ctx, key)
				}
			}
			return nil
		},
	},
}

// errNoMultipart is how a driver without multipart says so: its PartLimits have no Count.
var errNoMultipart = fmt.Errorf("PartLimits.Count is 0: %w", errors.ErrUnsupported)

// upload is an upload of a check.
type upload struct {
	e       *env
	key, id string
	limits  storage.PartLimits
	size    int // of a part that is not the last

	data  []byte // what was sent so far
	parts []*storage.Part
}

// begin begins an upload.
func (e *env) begin(ctx context.Context, key string, opts *storage.PutOptions) (*upload, error) {
	if opts == nil {
		opts = new(storage.PutOptions)
	}
	limits := e.store.PartLimits(opts)
	id, err := e.store.CreateUpload(ctx, key, opts)
	switch {
	case limits.Count == 0 && !errors.Is(err, errors.ErrUnsupported):
		return nil, fmt.Errorf("PartLimits.Count is 0, and CreateUpload = %q, %v", id, err)
	case limits.Count == 0:
		return nil, errNoMultipart
	case err != nil:
		return nil, fmt.Errorf("CreateUpload: %w", err)
	case id == "":
		return nil, errors.New("CreateUpload returned an empty upload ID")
	}
	size := max(limits.Min, 64<<10)
	if m := limits.Multiple; m > 0 {
		size = (size + m - 1) / m * m
	}
	return &upload{e: e, key: key, id: id, limits: limits, size: int(size)}, nil
}

// part sends a part.
func (u *upload) part(
	ctx context.Context, number int, data []byte, offset int64, last bool,
) (*storage.Part, error) {
	p, err := u.e.store.PutPart(ctx, u.key, u.id, number, bytes.NewReader(data), int64(len(data)),
		&storage.PartOptions{Offset: offset, Last: last})
	switch {
	case err != nil:
		return nil, fmt.Errorf("PutPart %d of %d bytes: %w", number, len(data), err)
	case p == nil || p.Number != number || p.Size != int64(len(data)):
		return nil, fmt.Errorf("PutPart %d of %d bytes = %+v, nil", number, len(data), p)
	}
	return p, nil
}

// send sends parts of these sizes, the last of them as the last.
func (u *upload) send(ctx context.Context, sizes ...int) error {
	for i, n := range sizes {
		data := pattern(n, uint64(100+i))
		p, err := u.part(ctx, i+1, data, int64(len(u.data)), i == len(sizes)-1)
		if err != nil {
			return err
		}
		u.data = append(u.data, data...)
		u.parts = append(u.parts, p)
	}
	return nil
}

// complete completes the upload.
func (u *upload) complete(ctx context.Context, opts *storage.PutOptions) (*storage.Object, error) {
	if opts == nil {
		opts = new(storage.PutOptions)
	}
	o, err := u.e.store.CompleteUpload(ctx, u.key, u.id, u.parts, opts)
	switch {
	case err != nil:
		return nil, fmt.Errorf("CompleteUpload: %w", err)
	case o == nil || o.ETag == "":
		return nil, fmt.Errorf("CompleteUpload = %+v, nil", o)
	}
	return o, nil
}

// inParts writes an object in one part and describes it.
func (e *env) inParts(ctx context.Context, opts *storage.PutOptions) (*storage.Object, error) {
	u, err := e.begin(ctx, e.key("the upload"), opts)
	if err != nil {
		return nil, err
	}
	if err := u.send(ctx, 1000); err != nil {
		return nil, err
	}
	if _, err := u.complete(ctx, opts); err != nil {
		return nil, err
	}
	return e.stat(ctx, u.key, nil)
}

// partAtOnce sends the first of two parts twice at the same time, as an attempt that was given up
// and the next one do. Where the ETag of a part is not Repeatable, only one answer may complete the
// upload.
func (e *env) partAtOnce(ctx context.Context, u *upload, opts *storage.PutOptions) error {
	data := pattern(u.size+500, 1)
	var firsts [2]*storage.Part
	var errs [2]error
	parallel(2, func(i int) {
		firsts[i], errs[i] = u.part(ctx, 1, data[:u.size], 0, false)
	})
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	last, err := u.part(ctx, 2, data[u.size:], int64(u.size), true)
	if err != nil {
		return err
	}
	u.parts = []*storage.Part{firsts[0], last}
	if _, err = u.complete(ctx, opts); err != nil && !firsts[0].Repeatable {
		u.parts[0] = firsts[1]
		_, err = u.complete(ctx, opts)
	}
	if err != nil {
		return err
	}
	e.holds(ctx, u.key, data)
	return nil
}

// onUpload is a check on one upload.
func onUpload(
	opts *storage.PutOptions, fn func(ctx context.Context, e *env, u *upload) error,
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		u, err := e.begin(ctx, e.key("the upload"), opts)
		if err != nil {
			return err
		}
		return fn(ctx, e, u)
	}
}
