package httpdriver

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const concealed = "(redacted)"

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
// what stands in front of it, may repeat what it was asked, and errors are for logs. req may be
// nil.
func Conceal(req *http.Request, text string) string {
	if req == nil || text == "" {
		return text
	}
	secrets := secretsOf(req)
	slices.SortFunc(secrets, func(a, b string) int { // what has another in it comes first
		return cmp.Compare(len(b), len(a))
	})
	for _, secret := range secrets {
		if len(secret) >= 8 { // unlike "Bearer"
			text = strings.ReplaceAll(text, secret, concealed)
		}
	}
	return text
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

// escapes are those of an URL. Some programs write them in lower case.
var escapes = regexp.MustCompile("%[0-9A-Fa-f]{2}")

// paramsOf returns the secrets of a query, as they stand there, with the escapes of others, and
// unescaped.
func paramsOf(query string) (secrets []string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if !slices.Contains(secretParams, strings.ToLower(name)) {
			continue
		}
		secrets = append(secrets, value,
			escapes.ReplaceAllStringFunc(value, strings.ToLower),
			escapes.ReplaceAllStringFunc(value, strings.ToUpper))
		if plain, err := url.QueryUnescape(value); err == nil {
			secrets = append(secrets, plain)
		}
	}
	return secrets
}
