package s3

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// keyForm is the form of the keys in an answer that does not tell its EncodingType, although
// encoding-type=url was asked for.
type keyForm int

const (
	keysAsked   keyForm = iota // as asked for, unless they cannot be
	keysEncoded                // encoded
	keysPlain                  // as they are
)

// decoder undoes encoding-type=url. Where the answer does not say that it is encoded, form does,
// and otherwise the keys themselves: it counts as encoded if none of them has what encoding takes
// away, and if they then have the prefix that was asked for. The decoder is false for keys without
// the prefix: they are an answer to something else.
func decoder(
	told types.EncodingType, form keyForm, prefix string, keys []*string,
) (func(*string) string, bool) {
	if told == types.EncodingTypeUrl {
		form = keysEncoded
	}
	all := func(decode func(*string) string) bool {
		return !slices.ContainsFunc(keys, func(key *string) bool {
			return !strings.HasPrefix(decode(key), prefix)
		})
	}
	switch form {
	case keysPlain:
		return aws.ToString, all(aws.ToString)
	case keysEncoded:
		return unescape, all(unescape)
	}
	plain := slices.ContainsFunc(keys, func(key *string) bool {
		return !escaped(aws.ToString(key))
	})
	if !plain && all(unescape) {
		return unescape, true
	}
	return aws.ToString, all(aws.ToString)
}

// unescape undoes the encoding of a key; a key that has none stays as it is.
func unescape(key *string) string {
	if d, err := url.QueryUnescape(aws.ToString(key)); err == nil {
		return d
	}
	return aws.ToString(key)
}

// escaped reports whether s can be the encoding of a key. A plus without any percent sign is one
// that was not encoded more likely than a space that was: the services that write spaces so tell
// the EncodingType.
func escaped(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r)
	}) {
		return false
	}
	if !strings.Contains(s, "%") {
		return !strings.Contains(s, "+")
	}
	_, err := url.QueryUnescape(s)
	return err == nil
}
