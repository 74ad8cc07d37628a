package driver

import (
	"fmt"
	"strings"
)

const redacted = "(redacted)"

// Redact returns what stands for a secret where options are printed: nothing of it but whether
// there is one.
func Redact(secret string) string {
	if secret == "" {
		return ""
	}
	return redacted
}

// RedactURL returns an address without what is no part of one, and could be a secret that somebody
// put into the wrong place: a user with a password, a query.
func RedactURL(address string) string {
	address, _, query := strings.Cut(address, "?")
	if query {
		address += "?" + redacted
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		scheme, rest = "", address
	}
	authority, path, slash := strings.Cut(rest, "/")
	if i := strings.LastIndex(authority, "@"); i >= 0 {
		authority = redacted + authority[i:]
	}
	if slash {
		authority += "/" + path
	}
	if ok {
		return scheme + "://" + authority
	}
	return authority
}

// Format prints v, options without their methods and without their secrets, as %v with the flags
// that are asked for. It is for the Format method of options, which covers all verbs: by one that
// does not fit, such as %s, package fmt would print what is behind pointers.
func Format(f fmt.State, verb rune, v any) {
	format := "%v"
	if verb == 'v' {
		format = fmt.FormatString(f, verb)
	}
	fmt.Fprintf(f, format, v)
}
