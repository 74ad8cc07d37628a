package httpdriver

import (
	"net/http"
	"slices"
	"strings"
)

const concealed = "(redacted)"

// secretHeaders and secretParams are the fields of a request that are credentials, or are signed by
// them. The parameters are in lower case.
var (
	secretHeaders = [...]string{
		"Authorization", "Proxy-Authorization", "X-Amz-Security-Token",
		"X-Ms-Copy-Source", "X-Ms-Copy-Source-Authorization",
	}
	secretParams = []string{
		"sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature",
		"upload_id", "access_token",
	}
)

// Conceal returns text, which an answer to req says, without the credentials of req: a service, or
// what stands in front of it, may repeat what it was asked, and errors are for logs. req may be
// nil.
func Conceal(req *http.Request, text string) string {
	if req == nil || text == "" {
		return text
	}
	for _, name := range secretHeaders {
		for _, value := range req.Header[name] {
			text = conceal(text, value)
			for part := range strings.FieldsSeq(value) { // without its scheme
				_, signature, ok := strings.Cut(part, "Signature=")
				if ok {
					part = signature
				}
				text = conceal(text, part)
			}
		}
	}
	if req.URL == nil {
		return text
	}
	for pair := range strings.SplitSeq(req.URL.RawQuery, "&") {
		if name, raw, _ := strings.Cut(pair, "="); slices.Contains(secretParams,
			strings.ToLower(name)) {
			text = conceal(text, raw)
			for _, value := range req.URL.Query()[name] {
				text = conceal(text, value)
			}
		}
	}
	return text
}

// conceal leaves what is too short to be a secret: the scheme of an Authorization.
func conceal(text, secret string) string {
	if len(secret) < 8 {
		return text
	}
	return strings.ReplaceAll(text, secret, concealed)
}
