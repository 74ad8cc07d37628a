package httpdriver

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/polystore/storage/driver"
)

const concealed = "(redacted)"

// maxMessage is how long a text may be that an error repeats. The messages of services are shorter
// by far, and to look for 500 credentials of a batch takes a text's length each time.
const maxMessage = 8 << 10

// secretHeaders and secretParams are the fields of a request that are credentials, or are signed by
// them, in lower case.
var (
	secretHeaders = []string{
		"authorization", "proxy-authorization", "x-amz-security-token",
		"x-ms-copy-source", "x-ms-copy-source-authorization",
	}
	secretParams = []string{
		"sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature",
		"upload_id", "access_token",
	}
)

// Conceal returns text, which an answer to req says, without the credentials of req: a service, or
// what stands in front of it, may repeat what it was asked, and errors are for logs. Percent
// escapes hide nothing from it. Of a text above 8 KiB, which is no message, only the length is
// told. req may be nil.
func Conceal(req *http.Request, text string) string {
	switch {
	case len(text) > maxMessage:
		return fmt.Sprintf("(a text of %d bytes)", len(text))
	case req == nil || text == "":
		return text
	}
	secrets := secretsOf(req)
	slices.SortFunc(secrets, func(a, b string) int { // what has another in it comes first
		return cmp.Compare(len(b), len(a))
	})
	for _, secret := range secrets {
		if len(secret) >= 8 { // unlike "Bearer"
			text = conceal(text, secret)
		}
	}
	return text
}

// concealError is [Conceal] for why there is no answer to req: net/http repeats the first line of
// what is none, and so of an echo.
func concealError(req *http.Request, err error) error {
	err = driver.WithoutURL(err)
	said := err.Error()
	if text := Conceal(req, said); text != said {
		return driver.NewCause(text, err)
	}
	return err
}

// conceal replaces secret in text, whatever of it is escaped there, and however often: what stands
// in front of a service may escape what it repeats once more.
func conceal(text, secret string) string {
	var b strings.Builder
	kept := 0 // text up to there is in b
	for i := 0; i < len(text); {
		n := standsFor(text[i:], secret)
		if n == 0 {
			i++
			continue
		}
		b.WriteString(text[kept:i])
		b.WriteString(concealed)
		i += n
		kept = i
	}
	if kept == 0 {
		return text
	}
	b.WriteString(text[kept:])
	return b.String()
}

// standsFor returns how many bytes text begins with that stand for secret; 0: none.
func standsFor(text, secret string) int {
	n := 0
	for i := range len(secret) {
		if n == len(text) {
			return 0
		}
		switch c, width := unescapedByte(text[n:]); secret[i] {
		case c:
			n += width
		case text[n]:
			n++
		default:
			return 0
		}
	}
	return n
}

// maxEscapes is how often a byte may be escaped: a text of nothing but escapes takes that much
// longer to look at.
const maxEscapes = 8

// unescapedByte returns what text begins with, as the escape of a byte is read until it is none,
// and how many bytes that takes. text is not empty.
func unescapedByte(text string) (c byte, width int) {
	c, width = text[0], 1
	for range maxEscapes {
		if c != '%' || len(text) < width+2 {
			break
		}
		high, low := hexDigit(text[width]), hexDigit(text[width+1])
		if high < 0 || low < 0 {
			break
		}
		c, width = byte(high<<4|low), width+2
	}
	return c, width
}

// hexDigit returns the value of a digit, negative for what is none.
func hexDigit(c byte) int {
	n := strings.IndexByte("0123456789ABCDEFabcdef", c)
	if n > 15 {
		n -= 6
	}
	return n
}

// secretsOf returns the credentials of req, and their parts that may show alone.
func secretsOf(req *http.Request) (secrets []string) {
	for name, values := range req.Header { // an SDK may write a name in any case
		if !slices.Contains(secretHeaders, strings.ToLower(name)) {
			continue
		}
		for _, value := range values {
			secrets = append(secrets, value)
			secrets = append(secrets, signaturesOf(value)...)
			_, query, _ := strings.Cut(value, "?") // of a source's URL
			secrets = append(secrets, paramsOf(query)...)
		}
	}
	if req.URL != nil {
		secrets = append(secrets, paramsOf(req.URL.RawQuery)...)
	}
	return secrets
}

// signaturesOf returns the parts of an Authorization: a token, or a signature behind its name or
// the account's.
func signaturesOf(value string) (secrets []string) {
	for part := range strings.FieldsSeq(value) {
		if _, signature, ok := strings.Cut(part, "Signature="); ok {
			part = signature
		}
		secrets = append(secrets, part)
		if _, signature, ok := strings.Cut(part, ":"); ok {
			secrets = append(secrets, signature)
		}
	}
	return secrets
}

// paramsOf returns the secrets of a query, as they stand there and unescaped.
func paramsOf(query string) (secrets []string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if !slices.Contains(secretParams, strings.ToLower(name)) {
			continue
		}
		secrets = append(secrets, value)
		if plain, err := url.QueryUnescape(value); err == nil {
			secrets = append(secrets, plain)
		}
	}
	return secrets
}
