package hostile

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// Offline is a client for openers: a request by it is an error of the test.
func Offline(tb testing.TB) *http.Client {
	return &http.Client{Transport: answering(func(r *http.Request) *http.Response {
		tb.Errorf("opening made a request to %s", r.URL.Host)
		return &http.Response{StatusCode: http.StatusTeapot, Body: http.NoBody, Request: r}
	})}
}

// mark is what must not show of an URL.
const mark = "pl4nted-s3cret"

// told are parameters whose value an error may say: choices that there are not, and files that
// cannot be read. None is a secret.
var told = []string{
	"provider", "protocol", "api_version", "region", "profile", "ssetype", "private_key_path",
	"credentials_file",
}

// Opener fuzzes the opener of scheme, which makes no request. rest is what begins behind the
// scheme: it is given what the fuzzer has made, and returns "" for what must not be opened. What is
// planted in an URL as the password of its user, as the value of a parameter that is no choice, or
// as the password or the query of an endpoint is in no error.
func Opener(f *testing.F, scheme string, open storage.Opener, rest func(string) string) {
	for _, text := range [...]string{
		"//bucket", "//bucket/p/?prefix=a/", "/dir?create_dir=true", "?%zz", "//b?a=1;b",
		"//b?a=1&a=2",
		"//b?region=us-east-1&endpoint=http://127.0.0.1:1", "//c@a.dfs.core.windows.net/p", "",
		"//b?use_path_style=x&batch_size=y", "//b?storage_account=a&protocol=ftp", "//b:x/",
		"//[::1",
		"//b?provider=r2&accelerate&fips", "//b?emulator&anonymous&access_id=x",
	} {
		for _, name := range [...]string{"sig", "accelerate", "domain", "access_id", "batch_size"} {
			f.Add(text, name)
		}
	}
	var m storage.Mux
	m.Handle(scheme, open)
	f.Fuzz(func(t *testing.T, text, name string) {
		behind := rest(text)
		if behind == "" {
			t.Skip()
		}
		for _, raw := range planted(scheme+":"+behind, name) {
			b, err := m.Open(t.Context(), raw)
			if err == nil {
				b.Close()
				continue
			}
			if strings.Contains(err.Error(), mark) {
				t.Errorf("Open(%q): %v", raw, err)
			}
		}
	})
}

// planted are raw, and URLs like it with a mark.
func planted(raw, name string) []string {
	all := []string{raw}
	with := func(name, value string) {
		separator := "?"
		if strings.Contains(raw, "?") {
			separator = "&"
		}
		before, fragment, _ := strings.Cut(raw, "#")
		value = url.QueryEscape(value)
		all = append(all, before+separator+url.QueryEscape(name)+"="+value+fragment)
	}
	if !slices.Contains(told, name) {
		with(name, mark)
	}
	with("endpoint", "https://user:"+mark+"@127.0.0.1:1/?sig="+mark)
	if scheme, behind, ok := strings.Cut(raw, "://"); ok {
		all = append(all, scheme+"://user:"+mark+"@"+behind)
	}
	return all
}
