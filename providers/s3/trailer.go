package s3

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// A body whose sum goes behind it, in a trailer, is read once: the sum is made of the bytes on
// their way to the connection. S3 wants such a body in an encoding of its own, aws-chunked:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html.
//
// The trailer is not signed, and a header would be. That protects as much: the bytes are not signed
// either way, and who can alter bytes unseen can alter them so that their CRC stays.
const (
	trailedPayload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	trailedSum     = "x-amz-checksum-crc32c"
)

// trailedFrom is the size of bodies, in bytes, whose second read is worth sparing.
const trailedFrom = 1 << 20

// chunkSize is the size of chunks, in bytes, but for the last one of a body. AWS wants at least
// 8 KiB. MinIO takes up to 16 MiB, and holds each in memory.
const chunkSize = 1 << 20

// trails reports whether the sum of a body of size bytes, of which no sum is known, goes behind it.
func (s *Store) trails(size int64) bool {
	return s.profile.trailers && size >= trailedFrom && s.unsigned() && s.route != nil &&
		s.credentials != nil
}

// trail has the sum of the body go behind it.
func (r *request) trail() {
	r.trailed = &trailed{body: r.body, digest: new(driver.Hasher).New(driver.CRC32C)}
	r.trailed.chunk(r.body.Size())
	r.Set("X-Amz-Decoded-Content-Length", strconv.FormatInt(r.body.Size(), 10))
	r.Set("X-Amz-Trailer", trailedSum)
}

// setEncoding sets the encoding of an object, "" for none. The one of the request alone is before
// it, and no part of it.
func (r *request) setEncoding(object string) {
	if r.trailed != nil {
		object = strings.TrimSuffix("aws-chunked,"+object, ",")
	}
	r.Set("Content-Encoding", object)
}

// sums returns the sums of what was sent, which are sealed where they went ahead, given the header
// of the answer. An answer that came before the end, or to other bytes, is none.
func (r *request) sums(
	sealed storage.Checksums, answer http.Header,
) (storage.Checksums, error) {
	t := r.trailed
	switch {
	case t == nil:
		return sealed, nil
	case !t.whole():
		return storage.Checksums{}, r.Foreign("a success before the end of the body")
	}
	sums := t.digest.Checksums()
	got := decodeSum(header(answer, http.CanonicalHeaderKey(trailedSum)), len(sums.CRC32C))
	if got != nil && !bytes.Equal(got, sums.CRC32C) {
		return storage.Checksums{}, r.Foreign("a success of other bytes, by their CRC-32C")
	}
	return sums, nil
}

// trailed is a body in aws-chunked encoding: chunks, each behind its size in hexadecimal, an empty
// one, and the trailer. It is read once.
type trailed struct {
	body   *driver.Payload
	digest *driver.Digest
	left   int64  // bytes of the chunk that are still to come
	after  int64  // bytes of the body behind them
	ended  bool   // nothing comes behind the frame
	frame  []byte // what stands between the bytes and is still to come
	space  [64]byte
}

// Read fills p, so that what stands between the bytes costs no packet of its own, unless the body
// has less at hand.
func (t *trailed) Read(p []byte) (n int, err error) {
	for n < len(p) {
		switch {
		case len(t.frame) > 0:
			m := copy(p[n:], t.frame)
			t.frame = t.frame[m:]
			n += m
		case t.ended && n == 0:
			return 0, io.EOF
		case t.ended:
			return n, nil
		default:
			want := int(min(int64(len(p)-n), t.left))
			m, err := t.body.Read(p[n : n+want])
			t.digest.Write(p[n : n+m])
			n += m
			if t.left -= int64(m); t.left == 0 {
				t.frame = append(t.space[:0], "\r\n"...)
				t.chunk(t.after)
			}
			if err != nil || m < want {
				return n, err
			}
		}
	}
	return n, nil
}

// chunk begins a chunk where rest bytes of the body are still to come, and with none the end.
func (t *trailed) chunk(rest int64) {
	t.left = min(rest, chunkSize)
	t.after = rest - t.left
	f := t.frame
	if f == nil {
		f = t.space[:0]
	}
	f = append(strconv.AppendInt(f, t.left, 16), "\r\n"...)
	if t.left == 0 {
		f = append(f, trailedSum+":"...)
		f = append(append(f, httpdriver.EncodeSum(t.digest.Checksums().CRC32C)...), "\r\n\r\n"...)
		t.ended = true
	}
	t.frame = f
}

// whole reports whether all was read.
func (t *trailed) whole() bool { return t.ended && len(t.frame) == 0 }

// size is that of the encoded body, in bytes.
func (t *trailed) size() int64 {
	framed := func(size int64) int64 {
		return int64(len(strconv.FormatInt(size, 16))+len("\r\n\r\n")) + size
	}
	size := t.body.Size()
	const end = len("0\r\n" + trailedSum + ":" + "AAAAAA==" + "\r\n\r\n")
	total := size/chunkSize*framed(chunkSize) + int64(end)
	if last := size % chunkSize; last > 0 {
		total += framed(last)
	}
	return total
}
