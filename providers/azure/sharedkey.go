package azure

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// signer makes signatures with the key of an account:
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key. They are those of
// the SDK, which takes fifty allocations for each.
type signer struct {
	account string
	mac     *httpdriver.MAC
}

// newSigner makes the signer of an account. The key is in base64.
func newSigner(account, key string) (*signer, error) {
	decoded, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, driver.Invalidf("Key is not the base64 of an account's key")
	}
	return &signer{account, httpdriver.NewMAC(decoded)}, nil
}

// sign sets the date of a request and its signature. u has no parameters but a version, and size is
// that of the body.
func (s *signer) sign(r *request, u *url.URL, size int64) {
	r.Set("x-ms-date", time.Now().UTC().Format(http.TimeFormat))
	var space [1 << 10]byte
	text := s.appendSigned(space[:0], r, u, size)
	signature := s.mac.Sum(text)
	text = append(space[:0], "SharedKey "...)
	text = append(append(text, s.account...), ':')
	r.Set("Authorization", string(base64.StdEncoding.AppendEncode(text, signature[:])))
}

// appendSigned appends what the signature is over: the method, twelve lines for fields of the
// header, the fields of Azure, and the URL.
func (s *signer) appendSigned(b []byte, r *request, u *url.URL, size int64) []byte {
	b = append(append(b, r.method...), '\n')
	for _, name := range [...]string{
		"Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type",
		"Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range",
	} {
		if name == "Content-Length" && size > 0 {
			b = strconv.AppendInt(b, size, 10)
		}
		for _, f := range r.All() {
			if f.Name == name {
				b = append(b, f.Value...)
			}
		}
		b = append(b, '\n')
	}
	var space [24]httpdriver.Field
	fields := space[:0]
	for _, f := range r.All() {
		if strings.HasPrefix(f.Name, "x-ms-") {
			f.Name = strings.ToLower(f.Name)
			fields = append(fields, f)
		}
	}
	slices.SortFunc(fields, func(a, b httpdriver.Field) int { return compareNames(a.Name, b.Name) })
	for _, f := range fields {
		b = append(append(b, f.Name...), ':')
		b = append(append(b, f.Value...), '\n')
	}
	b = append(append(b, '/'), s.account...)
	b = append(b, u.EscapedPath()...)
	if version, ok := strings.CutPrefix(u.RawQuery, versionParam+"="); ok {
		plain, _ := url.QueryUnescape(version) // which was escaped
		b = append(append(b, "\n"+versionParam+":"...), plain...)
	}
	return b
}

// compareNames compares names in lower case in the order in which they are signed. Hyphens do not
// count in it, and the underscore comes before the digits.
func compareNames(a, b string) int {
	for i, j := 0, 0; ; i, j = i+1, j+1 {
		for i < len(a) && a[i] == '-' {
			i++
		}
		for j < len(b) && b[j] == '-' {
			j++
		}
		switch {
		case i == len(a) || j == len(b):
			return (len(a) - i) - (len(b) - j)
		case a[i] != b[j]:
			return weight(a[i]) - weight(b[j])
		}
	}
}

func weight(c byte) int {
	if c == '_' {
		return '0' - 1
	}
	return int(c)
}
