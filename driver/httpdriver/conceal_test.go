package httpdriver

import (
	"net/http"
	"net/url"
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
