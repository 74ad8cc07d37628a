package httpdriver

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestConceal(t *testing.T) {
	req := &http.Request{
		URL: &url.URL{RawQuery: "a=b&sig=secret%2Bone&X-Amz-Security-Token=token-one"},
		Header: http.Header{
			"Authorization": {"Bearer token-two",
				"AWS4 Credential=id, Signature=secret-three", "SharedKey account:secret-five"},
			"X-Amz-Security-Token": {"token-four"},
			"User-Agent":           {"an-agent-to-be-told"},
			// As the SDK of Azure writes them.
			"x-ms-copy-source":               {"https://host/b/k?se=2026&sig=secret%2Fsix%3D"},
			"x-ms-copy-source-authorization": {"Bearer token-seven"},
		},
	}
	for text, want := range map[string]string{
		"":                                      "",
		"nothing of it":                         "nothing of it",
		"sig=secret%2Bone, an-agent-to-be-told": "sig=(redacted), an-agent-to-be-told",
		"signed secret+one":                     "signed (redacted)",
		"token-one and token-two":               "(redacted) and (redacted)",
		"Bearer token-two":                      "(redacted)",
		"Signature=secret-three!":               "Signature=(redacted)!",
		"token-four":                            "(redacted)",
		"not secret-five":                       "not (redacted)",
		"from https://host/b/k?se=2026&sig=secret%2Fsix%3D": "from (redacted)",
		"from /b/k?se=2026&sig=secret%2Fsix%3D":             "from /b/k?se=2026&sig=(redacted)",
		"from /b/k, signed secret/six=":                     "from /b/k, signed (redacted)",
		"from /b/k?se=2026&sig=secret%2fsix%3d":             "from /b/k?se=2026&sig=(redacted)",
		"for token-seven":                                   "for (redacted)",
		"twice secret%252Bone, secret%252bone":              "twice (redacted), (redacted)",
		"in turns secret%2525252Bone or secret/six%3d":      "in turns (redacted) or (redacted)",
		"Bearer%20token-two, %74oken-one":                   "(redacted), (redacted)",
		"%25 secret%2 secret% %":                            "%25 secret%2 secret% %",
	} {
		if got := Conceal(req, text); got != want {
			t.Errorf("Conceal(%q) = %q, want %q", text, got, want)
		}
	}
	for _, req := range []*http.Request{nil, {}} {
		if got := Conceal(req, "text"); got != "text" {
			t.Errorf("Conceal of no request = %q", got)
		}
	}
}

// A text that is no message is not repeated, so that a flood of it costs nothing.
func TestConcealLongText(t *testing.T) {
	req := &http.Request{URL: &url.URL{RawQuery: "sig=secret%2Bone"}}
	for n, want := range map[int]string{
		8 << 10: strings.Repeat(" ", 8<<10), 8<<10 + 1: "(a text of 8193 bytes)",
	} {
		for _, req := range []*http.Request{req, nil} {
			if got := Conceal(req, strings.Repeat(" ", n)); got != want {
				t.Errorf("Conceal of %d bytes is %.30q of %d bytes", n, got, len(got))
			}
		}
	}
}

// However often a secret is escaped, and whatever is around it, it is concealed.
func FuzzConceal(f *testing.F) {
	f.Add("a+b/c%d=", "%", "%2", uint8(2))
	f.Add("%25%25%25%2", "25", "25", uint8(1))
	f.Fuzz(func(t *testing.T, secret, before, behind string, times uint8) {
		if len(secret) < 8 || strings.ContainsAny(secret, "% ") ||
			strings.Contains(before+behind, "%") {
			t.Skip()
		}
		req := &http.Request{URL: &url.URL{RawQuery: "sig=" + url.QueryEscape(secret)}}
		said := secret
		for range times % 5 {
			said = url.QueryEscape(said)
		}
		text := before + said + behind
		if len(text) <= maxMessage && !strings.Contains(Conceal(req, text), concealed) {
			t.Errorf("Conceal leaves %q in %q", secret, text)
		}
	})
}
