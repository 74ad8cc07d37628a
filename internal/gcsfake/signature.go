package gcsfake

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The two algorithms of V4 signatures.
const (
	algorithmRSA  = "GOOG4-RSA-SHA256"
	algorithmHMAC = "GOOG4-HMAC-SHA256"
)

// signature is a V4 signature of a request, from its query or its Authorization header.
//
// access-control/signed-urls; authentication/signatures; authentication/canonical-requests.
type signature struct {
	algorithm  string
	credential string // ACCESS ID/DATE/LOCATION/storage/goog4_request
	date       string // 20060102T150405Z
	expires    time.Duration
	headers    []string // names, lower case
	sum        []byte
	inQuery    bool
}

const (
	unsignedPayload = "UNSIGNED-PAYLOAD"

	signedDate = "20060102T150405Z"
	maxExpiry  = 7 * 24 * time.Hour
	maxSkew    = 15 * time.Minute
)

func isSigned(q *request) bool {
	return q.query.Has("X-Goog-Signature") || q.query.Has("X-Goog-Algorithm") ||
		strings.HasPrefix(q.Header.Get("Authorization"), "GOOG4-")
}

func errSignature(status int, code, message, details string) error {
	return &apiError{status: status, reason: "forbidden", code: code, message: message,
		details: details}
}

// verifySignature refuses what was not signed as it is, or is used before or after its time, and a
// signed URL for what there is none: the JSON API, and any POST but the one that begins a resumable
// upload (access-control/signed-urls; authentication/canonical-requests).
func (s *Server) verifySignature(q *request, isJSON bool) error {
	sig, err := parseSignature(q)
	if err != nil {
		return err
	}
	if sig.inQuery && (isJSON || q.Method == http.MethodPost &&
		q.Header.Get("X-Goog-Resumable") != "start") {
		return errSignature(403, "AccessDenied", "Access denied.",
			"A signed URL cannot be used for this request.")
	}
	signed, err := time.Parse(signedDate, sig.date)
	if err != nil {
		return errSignature(400, "InvalidArgument", "Invalid argument.", "Invalid X-Goog-Date: "+
			sig.date)
	}
	now := s.now()
	switch {
	case sig.expires <= 0 || sig.expires > maxExpiry:
		return errSignature(400, "AuthorizationQueryParametersError",
			"X-Goog-Expires must be a number between 1 and 604800 seconds.", "")
	case now.Before(signed.Add(-maxSkew)), !sig.inQuery && now.After(signed.Add(maxSkew)):
		return errSignature(403, "RequestTimeTooSkewed",
			"The difference between the request time and the server's time is too large.", "")
	case sig.inQuery && !now.Before(signed.Add(sig.expires)):
		return errSignature(400, "ExpiredToken", "The provided token has expired.",
			"Request signature expired at: "+signed.Add(sig.expires).Format(time.RFC3339))
	}
	if err := sig.checkHeaders(q); err != nil {
		return err
	}
	id, scope, _ := strings.Cut(sig.credential, "/")
	parts := strings.Split(scope, "/")
	if len(parts) != 4 || parts[0] != sig.date[:8] || parts[2] != "storage" ||
		parts[3] != "goog4_request" {
		return errSignature(400, "InvalidArgument", "Invalid argument.",
			"Invalid credential scope: "+scope)
	}
	// Google's hosts have no port, and Google's Go client signs none where there is one, as here.
	for _, host := range []string{q.Host, (&url.URL{Host: q.Host}).Hostname()} {
		canonical := sha256.Sum256([]byte(sig.canonicalRequest(q, host)))
		toSign := strings.Join([]string{sig.algorithm, sig.date, scope,
			hex.EncodeToString(canonical[:])}, "\n")
		if err = s.verifySum(sig, id, parts[:3], toSign); err == nil {
			return nil
		}
	}
	return err
}

func (s *Server) verifySum(sig *signature, id string, scope []string, toSign string) error {
	key, secret := s.options.Signers[id], s.options.HMACSecrets[id]
	var valid bool
	switch {
	case sig.algorithm == algorithmRSA && key != nil:
		sum := sha256.Sum256([]byte(toSign))
		valid = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig.sum) == nil
	case sig.algorithm == algorithmHMAC && secret != "":
		derived := []byte("GOOG4" + secret)
		for _, v := range append(slices.Clone(scope), "goog4_request") {
			derived = hmacSum(derived, v)
		}
		valid = hmac.Equal(hmacSum(derived, toSign), sig.sum)
	default:
		return errSignature(403, "InvalidAccessKeyId",
			"The User Id you provided does not exist in our records.", id)
	}
	if !valid {
		return errSignature(403, "SignatureDoesNotMatch",
			"Access denied. The request signature we calculated does not match the signature you "+
				"provided. "+
				"Check your Google secret key and signing method.", toSign)
	}
	return nil
}

func hmacSum(key []byte, v string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(v))
	return h.Sum(nil)
}

// parseSignature reads the parameters of a signed URL, or the header "GOOG4-… Credential=…,
// SignedHeaders=…, Signature=…".
func parseSignature(q *request) (*signature, error) {
	sig := &signature{inQuery: q.query.Has("X-Goog-Algorithm")}
	get := func(name string) string { return q.query.Get("X-Goog-" + name) }
	sig.algorithm, sig.date = get("Algorithm"), get("Date")
	if !sig.inQuery {
		var rest string
		sig.algorithm, rest, _ = strings.Cut(q.Header.Get("Authorization"), " ")
		fields := map[string]string{}
		for v := range strings.SplitSeq(rest, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(v), "=")
			fields[name] = value
		}
		get = func(name string) string { return fields[name] }
		sig.date, sig.expires = q.Header.Get("X-Goog-Date"), maxSkew
	} else if n, ok := parseOffset(get("Expires")); ok && n <= int64(maxExpiry/time.Second) {
		sig.expires = time.Duration(n) * time.Second
	}
	sig.credential = get("Credential")
	sig.headers = strings.Split(get("SignedHeaders"), ";")
	var err error
	if sig.sum, err = hex.DecodeString(get("Signature")); err != nil || len(sig.sum) == 0 {
		return nil, errSignature(403, "SignatureDoesNotMatch", "Access denied.",
			"The signature is not in hexadecimal.")
	}
	return sig, nil
}

// checkHeaders: the host and every x-goog header of the request have to be signed, and what is
// signed has to be there (authentication/canonical-requests#about-headers).
func (sig *signature) checkHeaders(q *request) error {
	if !slices.Contains(sig.headers, "host") {
		return errSignature(400, "MalformedSecurityHeader", "Your request has a malformed header.",
			"host is not signed.")
	}
	for name := range q.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-goog-") &&
			!slices.Contains(sig.headers, name) && !unsignable[name] {
			return errSignature(400, "MalformedSecurityHeader",
				"Your request has a malformed header.",
				name+": Header was included in the request, but not in signedheaders.")
		}
	}
	for _, name := range sig.headers {
		if name != "host" && name != "content-length" && q.Header.Get(name) == "" {
			return errSignature(400, "MalformedSecurityHeader",
				"Your request has a malformed header.",
				name+": Header was included in signedheaders, but not in the request.")
		}
	}
	return nil
}

// unsignable are headers that client libraries add by themselves after a URL was signed.
var unsignable = map[string]bool{"x-goog-api-client": true, "x-goog-gcs-idempotency-token": true}

// canonicalRequest is the text that was signed (authentication/canonical-requests).
func (sig *signature) canonicalRequest(q *request, host string) string {
	payload := or(q.Header.Get("X-Goog-Content-Sha256"), unsignedPayload)
	return strings.Join([]string{
		q.Method, canonicalPath(q.URL), canonicalQuery(q.query), sig.canonicalHeaders(q, host),
		strings.Join(sig.headers, ";"), payload,
	}, "\n")
}

// canonicalPath has every byte escaped that is neither unreserved nor a slash, however the client
// wrote it.
func canonicalPath(u *url.URL) string { return strings.ReplaceAll(escape(u.Path), "%2F", "/") }

func canonicalQuery(query url.Values) string {
	var pairs []string
	// of names, not of pairs: a= is before a-b=
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if name == "X-Goog-Signature" {
			continue
		}
		for _, v := range slices.Sorted(slices.Values(query[name])) {
			pairs = append(pairs, escape(name)+"="+escape(v))
		}
	}
	return strings.Join(pairs, "&")
}

func (sig *signature) canonicalHeaders(q *request, host string) string {
	var b strings.Builder
	for _, name := range sig.headers {
		v := strings.Join(q.Header.Values(name), ",")
		switch name {
		case "host":
			v = host
		case "content-length":
			v = strconv.FormatInt(q.ContentLength, 10)
		}
		b.WriteString(name + ":" + strings.Join(strings.Fields(v), " ") + "\n")
	}
	return b.String()
}

// escape leaves only the unreserved characters of RFC 3986.
func escape(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") }
