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
				"AWS4 Credential=id, Signature=secret-three"},
			"X-Amz-Security-Token": {"token-four"},
			"User-Agent":           {"an-agent-to-be-told"},
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
