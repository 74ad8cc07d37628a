package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/polystore/storage"
)

var signChecks = []check{
	{
		name: "sign/get", feature: SignURL,
		rule:   "SignURL: a signed GET gives the object to anyone",
		covers: []string{"SignOptions", "SignOptions.Method", "SignedURL.URL", "SignedURL.Method"},
		run: signed(func(ctx context.Context, e *env, key string, data []byte) error {
			for _, method := range []string{"", http.MethodGet} {
				u, err := e.sign(ctx, key, storage.SignOptions{
					Method:  method,
					Expires: time.Minute,
				})
				if err != nil {
					return err
				}
				if a := e.follow(ctx, u, nil); a.ok("GET") {
					e.same("the signed GET", a.body, data)
				}
			}
			return nil
		}),
	},
	{
		name: "sign/head", feature: SignURL,
		rule: "SignURL: a signed HEAD describes the object to anyone",
		run: signed(func(ctx context.Context, e *env, key string, data []byte) error {
			u, err := e.sign(ctx, key, storage.SignOptions{
				Method:  http.MethodHead,
				Expires: time.Minute,
			})
			if err != nil {
				return err
			}
			if a := e.follow(ctx, u, nil); a.ok("HEAD") && a.length != int64(len(data)) {
				e.errorf("Content-Length of the signed HEAD = %d, want %d", a.length, len(data))
			}
			return nil
		}),
	},
	{
		name: "sign/put", feature: SignURL,
		rule: "SignURL: a signed PUT writes the object for anyone",
		run: signed(func(ctx context.Context, e *env, key string, _ []byte) error {
			for _, k := range []string{key, e.key("new one+%41 ü")} {
				u, err := e.sign(ctx, k, storage.SignOptions{
					Method:  http.MethodPut,
					Expires: time.Minute,
				})
				if err != nil {
					return err
				}
				if a := e.follow(ctx, u, pattern(500, 5)); a.ok("PUT") {
					e.holds(ctx, k, pattern(500, 5))
				}
			}
			return nil
		}),
	},
	{
		name: "sign/delete", feature: SignURL,
		rule: "SignURL: a signed DELETE removes the object for anyone",
		run: signed(func(ctx context.Context, e *env, key string, _ []byte) error {
			u, err := e.sign(ctx, key, storage.SignOptions{
				Method:  http.MethodDelete,
				Expires: time.Minute,
			})
			if err != nil {
				return err
			}
			if a := e.follow(ctx, u, nil); a.ok("DELETE") {
				e.missing(ctx, key)
			}
			return nil
		}),
	},
	{
		name: "sign/tampered", feature: SignURL,
		rule: "SignURL: a signed URL whose signature was changed or left off is refused",
		run: forged(map[string]forgery{
			"no query": func(_ *storage.SignedURL, p *url.URL) { p.RawQuery = "" },
			"a changed query": func(_ *storage.SignedURL, p *url.URL) {
				p.RawQuery = bend(p.RawQuery)
			},
		}),
	},
	{
		name: "sign/other-key", feature: SignURL,
		rule: "SignURL: a signed URL is for one key: for another it is refused",
		run: forged(map[string]forgery{
			"another key": func(_ *storage.SignedURL, p *url.URL) {
				p.Path, p.RawPath = p.Path[:strings.LastIndex(p.Path, "/")]+"/other", ""
			},
		}),
	},
	{
		name: "sign/other-method", feature: SignURL,
		rule: "SignURL: a signed URL is for one method: by another it is refused, and changes " +
			"nothing",
		run: forged(map[string]forgery{
			"as a PUT":    func(u *storage.SignedURL, _ *url.URL) { u.Method = http.MethodPut },
			"as a DELETE": func(u *storage.SignedURL, _ *url.URL) { u.Method = http.MethodDelete },
		}),
	},
	{
		name: "sign/expires", feature: SignURL,
		rule:   "SignURL: a signed URL is refused after it has expired, and says when that is",
		covers: []string{"SignOptions.Expires", "SignedURL.Expires"},
		run: signed(func(ctx context.Context, e *env, key string, _ []byte) error {
			u, err := e.sign(ctx, key, storage.SignOptions{Method: http.MethodGet})
			if err != nil {
				return err
			}
			if left := time.Until(u.Expires); (left - 15*time.Minute).Abs() > time.Minute {
				e.errorf("without Expires a URL lives for %v, want 15 minutes", left)
			}
			u, err = e.sign(ctx, key, storage.SignOptions{
				Method:  http.MethodGet,
				Expires: time.Second,
			})
			if err != nil {
				return err
			}
			// Services count whole seconds, and their clock is another.
			wait := time.NewTimer(time.Until(u.Expires) + 1500*time.Millisecond)
			defer wait.Stop()
			select {
			case <-wait.C:
			case <-ctx.Done():
				return ctx.Err()
			}
			e.follow(ctx, u, nil).refused("an expired URL")
			return nil
		}),
	},
	{
		name: "sign/content-type", feature: SignURLHeaders,
		rule:   "SignURL: a PUT signed with a ContentType must carry it",
		covers: []string{"SignOptions.ContentType", "SignedURL.Header"},
		run: signed(func(ctx context.Context, e *env, key string, data []byte) error {
			u, err := e.sign(ctx, key, storage.SignOptions{
				Method:      http.MethodPut,
				Expires:     time.Minute,
				ContentType: "image/png",
			})
			if err != nil {
				return err
			}
			for _, t := range []string{"text/html", ""} {
				e.follow(ctx, with(u, "Content-Type", t),
					[]byte("forged")).refused(fmt.Sprintf("a PUT with the Content-Type %q", t))
			}
			e.holds(ctx, key, data)
			if a := e.follow(ctx, u, pattern(10, 5)); a.ok("PUT") {
				o, err := e.stat(ctx, key, nil)
				if e.got("Stat", err, nil) && o.ContentType != "image/png" {
					e.errorf("ContentType = %q", o.ContentType)
				}
			}
			return nil
		}),
	},
	{
		name: "sign/content-length", feature: SignURLHeaders,
		rule:   "SignURL: a PUT signed with a ContentLength must have it",
		covers: []string{"SignOptions.ContentLength"},
		run: signed(func(ctx context.Context, e *env, key string, data []byte) error {
			u, err := e.sign(ctx, key, storage.SignOptions{
				Method:        http.MethodPut,
				Expires:       time.Minute,
				ContentLength: 10,
			})
			if err != nil {
				return err
			}
			e.follow(ctx, with(u, "Content-Length", "11"),
				pattern(11, 5)).refused("a PUT of 11 bytes")
			e.holds(ctx, key, data)
			if a := e.follow(ctx, u, pattern(10, 5)); a.ok("PUT") {
				e.holds(ctx, key, pattern(10, 5))
			}
			return nil
		}),
	},
	{
		name: "sign/metadata", feature: SignURL,
		rule:   "SignURL: a PUT signed with Metadata carries it to the object",
		covers: []string{"SignOptions.Metadata"},
		run: signed(func(ctx context.Context, e *env, key string, _ []byte) error {
			u, err := e.sign(ctx, key, storage.SignOptions{
				Method:   http.MethodPut,
				Expires:  time.Minute,
				Metadata: map[string]string{"a": "1", "b": "ü"},
			})
			if err != nil {
				return err
			}
			if a := e.follow(ctx, u, pattern(10, 5)); a.ok("PUT") {
				o, err := e.stat(ctx, key, nil)
				if e.got("Stat", err, nil) && (o.Metadata["a"] != "1" || o.Metadata["b"] != "ü") {
					e.errorf("Metadata = %q", o.Metadata)
				}
			}
			return nil
		}),
	},
	{
		name: "sign/if-absent", feature: SignURLIfAbsent,
		rule:   "rule 10: a PUT signed with IfAbsent creates, and does not overwrite",
		covers: []string{"SignOptions.IfAbsent"},
		run: signed(func(ctx context.Context, e *env, key string, data []byte) error {
			u, err := e.sign(ctx, key, storage.SignOptions{
				Method:   http.MethodPut,
				Expires:  time.Minute,
				IfAbsent: true,
			})
			if err != nil {
				return err
			}
			e.follow(ctx, u, []byte("forged")).refused("a PUT with IfAbsent onto an object")
			e.holds(ctx, key, data)
			u, err = e.sign(ctx, e.key("new"), storage.SignOptions{
				Method:   http.MethodPut,
				Expires:  time.Minute,
				IfAbsent: true,
			})
			if err != nil {
				return err
			}
			if e.follow(ctx, u, pattern(10, 5)).ok("PUT") {
				e.holds(ctx, e.key("new"), pattern(10, 5))
			}
			return nil
		}),
	},
	{
		name: "sign/response-content-type", feature: SignURL,
		rule:   "SignURL: a GET signed with a ResponseContentType is answered with it",
		covers: []string{"SignOptions.ResponseContentType"},
		run: signed(func(ctx context.Context, e *env, key string, _ []byte) error {
			u, err := e.sign(ctx, key, storage.SignOptions{
				Expires:             time.Minute,
				ResponseContentType: "text/x-other",
			})
			if err != nil {
				return err
			}
			if a := e.follow(ctx, u, nil); a.ok("GET") &&
				a.header.Get("Content-Type") != "text/x-other" {
				e.errorf("Content-Type = %q", a.header.Get("Content-Type"))
			}
			return nil
		}),
	},
	{
		name: "sign/response-disposition", feature: SignURL,
		rule:   "SignURL: a GET signed with a ResponseDisposition is answered with it",
		covers: []string{"SignOptions.ResponseDisposition"},
		run: signed(func(ctx context.Context, e *env, key string, _ []byte) error {
			odd := e.key("dir (copy)/a+b c&d=e;f,g!h*i'j~k%25é.txt")
			if _, err := e.put(ctx, odd, pattern(10, 1), nil); err != nil {
				return err
			}
			for _, want := range []string{
				`attachment; filename="a b.txt"`,
				`attachment; filename="x&y=z+1;!.txt"; filename*=UTF-8''na%C3%AFve%20plan.txt`,
			} {
				for _, key := range []string{key, odd} {
					u, err := e.sign(ctx, key, storage.SignOptions{
						Expires: time.Minute, ResponseDisposition: want,
					})
					if err != nil {
						return err
					}
					if a := e.follow(ctx, u, nil); a.ok("GET") &&
						a.header.Get("Content-Disposition") != want {
						e.errorf("Content-Disposition = %q, want %q",
							a.header.Get("Content-Disposition"), want)
					}
				}
			}
			return nil
		}),
	},
	{
		name: "sign/version", feature: Versions, needs: []Feature{SignURL},
		rule:   "rule 13: a GET signed with a VersionID gives that version",
		covers: []string{"SignOptions.VersionID"},
		run: versioned(func(ctx context.Context, e *env, key string, first, _ *storage.Object) {
			u, err := e.sign(ctx, key, storage.SignOptions{
				Expires:   time.Minute,
				VersionID: first.VersionID,
			})
			if !e.got("SignURL", err, nil) {
				return
			}
			if a := e.follow(ctx, u, nil); a.ok("GET") {
				e.same("the signed GET", a.body, pattern(100, 1))
			}
		}),
	},
}

// signed is a check on an object whose key must be escaped in a URL.
func signed(
	fn func(ctx context.Context, e *env, key string, data []byte) error,
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		key, data := e.key("the object+%41 ü.txt"), pattern(1000, 1)
		if _, err := e.put(ctx, key, data, nil); err != nil {
			return err
		}
		return fn(ctx, e, key, data)
	}
}

// sign signs with the Store.
func (e *env) sign(
	ctx context.Context, key string, opts storage.SignOptions,
) (*storage.SignedURL, error) {
	u, err := e.store.SignURL(ctx, key, &opts)
	switch {
	case err != nil:
		return nil, fmt.Errorf("SignURL: %w", err)
	case u == nil || u.URL == "" || u.Method == "":
		return nil, fmt.Errorf("SignURL = a result without URL or Method, nil")
	case strings.Contains(u.String(), u.URL):
		e.errorf("SignedURL.String shows the URL")
	case opts.Method != "" && u.Method != opts.Method:
		e.errorf("SignURL for a %s is for a %s", opts.Method, u.Method)
	}
	return u, nil
}

// with is u with another header, or without it.
func with(u *storage.SignedURL, name, value string) *storage.SignedURL {
	c := *u
	h := http.Header(u.Header).Clone()
	if h == nil {
		h = make(http.Header)
	}
	if h.Set(name, value); value == "" {
		h.Del(name)
	}
	c.Header = h
	return &c
}

// A forgery changes a signed URL: u in place, its URL by p.
type forgery func(u *storage.SignedURL, p *url.URL)

// forged is a check that each forgery of a URL for a GET is refused.
func forged(forgeries map[string]forgery) func(context.Context, *env) error {
	return signed(func(ctx context.Context, e *env, key string, data []byte) error {
		if _, err := e.put(ctx, e.key("other"), []byte("other"), nil); err != nil {
			return err
		}
		u, err := e.sign(ctx, key, storage.SignOptions{
			Method:  http.MethodGet,
			Expires: time.Minute,
		})
		if err != nil {
			return err
		}
		for what, change := range forgeries {
			changed := *u
			p, err := url.Parse(u.URL)
			if err != nil {
				return fmt.Errorf("the signed URL does not parse")
			}
			change(&changed, p)
			changed.URL = p.String()
			var body []byte
			if changed.Method == http.MethodPut {
				body = []byte("forged")
			}
			e.follow(ctx, &changed, body).refused(what)
		}
		e.holds(ctx, key, data)
		return nil
	})
}

// bend changes the last character of a query.
func bend(query string) string {
	if query == "" {
		return "x=y"
	}
	last := byte('0')
	if query[len(query)-1] == last {
		last = '1'
	}
	return query[:len(query)-1] + string(last)
}

// answer is what following a signed URL gave.
type answer struct {
	e      *env
	err    error
	status int
	header http.Header
	body   []byte
	length int64
}

// follow makes the request of a signed URL with a client that knows nothing else.
func (e *env) follow(ctx context.Context, u *storage.SignedURL, body []byte) *answer {
	a := &answer{e: e}
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, u.Method, u.URL, r)
	if err != nil {
		a.err = fmt.Errorf("the signed URL makes no request") // the error would show the URL
		return a
	}
	for name, values := range u.Header {
		if http.CanonicalHeaderKey(name) != "Content-Length" { // the client's own
			req.Header[name] = values
		}
	}
	resp, err := e.opts.client().Do(req)
	if err != nil {
		a.err = fmt.Errorf("following the signed URL: %w", plain(err))
		return a
	}
	defer resp.Body.Close()
	a.status, a.header, a.length = resp.StatusCode, resp.Header, resp.ContentLength
	a.body, a.err = io.ReadAll(resp.Body)
	return a
}

// plain takes the URL, which is a secret, out of an error.
func plain(err error) error {
	if ue, ok := err.(*url.Error); ok {
		return ue.Err
	}
	return err
}

// ok notes an answer that is no success.
func (a *answer) ok(what string) bool {
	switch {
	case a.err != nil:
		a.e.errorf("%s: %w", what, a.err)
	case a.status < 200 || a.status > 299:
		a.e.errorf("%s: status %d: %.200s", what, a.status, a.body)
	default:
		return true
	}
	return false
}

// refused notes an answer that is no refusal.
func (a *answer) refused(what string) {
	switch {
	case a.err != nil:
		a.e.errorf("%s: %w", what, a.err)
	case a.status < 400 || a.status > 499:
		a.e.errorf("%s: status %d, want a refusal", what, a.status)
	}
}
