package hostile

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/stub"
)

// Service is a service that works, for Secret.
type Service struct {
	URL     string
	Client  *http.Client
	Dialect fault.Service
}

// faults are those of conformance/fault that an HTTP driver can meet.
func faults() map[string]fault.Fault {
	f := map[string]fault.Fault{
		"nothing": fault.None(), "unsent": fault.Unsent(), "throttled": fault.Throttle(time.Second),
		"lost": fault.Lost(), "twice": fault.Twice(), "no host": fault.NoHost(),
		"page": fault.Page(), "page after all": fault.Page().Carried(), "failed": fault.Failed200(),
		"skewed": fault.Skewed(), "expired": fault.Expired(), "cut": fault.Cut(3),
		"reset": fault.Reset(3), "short": fault.Short(3), "long": fault.Long(9),
		"length": fault.Length(9), "range": fault.Range(7), "flip": fault.Flip(3),
		"flip sent": fault.FlipSent(3), "hang": fault.Hang(), "stall": fault.Stall(1),
		"late": fault.Late(), "waiting": fault.HangWaiting(), "sending": fault.HangSending(3),
		"refused": fault.Refuse(&storage.Error{Kind: storage.ErrPermission}),
		"doubt":   fault.Doubt(),
		"delay":   fault.Delay(time.Millisecond), "drip": fault.Drip(time.Millisecond),
		"at": fault.At(3, func() {}), "late by": fault.LateBy(time.Millisecond),
	}
	for _, status := range [...]int{301, 304, 307, 400, 401, 403, 404, 408, 409, 412, 416, 429, 500,
		501, 502, 503} {
		f[fmt.Sprint(status)] = fault.Status(status, "Code", "Location", "http://other/")
	}
	for _, name := range [...]string{"Content-Range", "ETag", "Last-Modified", "Content-Length"} {
		f["no "+name], f["odd "+name] = fault.Header(name, ""), fault.Header(name, "%\x7f odd")
	}
	return f
}

// Secret checks that nothing shows the provider's secrets, whatever goes wrong: not an error nor
// any error below it, not a panic, not a Tracer's calls and requests, not a log, not a value of any
// exported type that a call returned.
func (p *Provider) Secret(t *testing.T, at Service) {
	forms := p.forms()
	var running sync.WaitGroup
	room := make(chan struct{}, 8)
	for name, f := range faults() {
		running.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			p.secret(t, at, &witness{forms: forms, tb: t}, name, f)
		})
	}
	running.Wait()
}

// secret makes every call under one fault.
func (p *Provider) secret(t *testing.T, at Service, seen *witness, name string, f fault.Fault) {
	transport := &fault.Transport{Base: at.Client.Transport, Service: at.Dialect}
	s, err := p.Open(t.Context(), at.URL, &http.Client{Transport: transport})
	if err != nil {
		t.Error(err)
		return
	}
	o, patience := Options(), time.Second
	if o.StallTimeout = patience / 10; name == "nothing" { // then all is to succeed
		o.StallTimeout, patience = 0, time.Minute
	}
	o.Tracer = seen
	b := storage.New(s, o)
	under := func(call func(ctx context.Context)) {
		transport.Reset()
		transport.Add(fault.Rule{Fault: f, Times: fault.Always})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		call(ctx)
	}
	for _, call := range Calls() {
		under(func(ctx context.Context) {
			seen.err(name+": "+call.Name, call.Do(ctx, b, t.TempDir()))
		})
	}
	under(func(ctx context.Context) {
		shown(ctx, b, func(v any) { seen.value(fmt.Sprintf("%s, %T", name, v), v) })
	})
	under(func(ctx context.Context) {
		text, err := brokenOff(ctx, b, t.TempDir())
		if name == "nothing" && text == "" {
			t.Errorf("an upload that is broken off leaves no state: %v", err)
		}
		seen.text(name+": a state", text)
	})
	under(func(ctx context.Context) {
		text, err := suspended(ctx, b)
		if name == "nothing" && text == "" && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Suspend: %v", err)
		}
		seen.err(name+": Suspend", err)
		seen.text(name+": a token", text)
	})
	under(func(ctx context.Context) {
		v, err := panicked(ctx, b)
		seen.err(name+": a source that panics", err)
		if v != nil && v != "the caller's own" {
			t.Errorf("%s: a source that panics: %v", name, v)
		}
		seen.value(name+": the panic", v)
	})
	b.Close()
	transport.Wait()
	seen.text(name+": the log", seen.log.String())
}

// brokenOff is the state file of an upload that is given up behind its first part.
func brokenOff(ctx context.Context, b *storage.Bucket, dir string) (string, error) {
	source, state := filepath.Join(dir, "source"), filepath.Join(dir, "state")
	parts := bytes.Repeat(large, 4) // of any service
	if err := os.WriteFile(source, parts, 0o600); err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	_, err := b.UploadFile(ctx, key, source, &storage.PutOptions{
		StateFile: state, Concurrency: 1, Progress: func(storage.Progress) { cancel() },
	})
	text, _ := os.ReadFile(state)
	return string(text), err
}

// suspended is the token of a Writer, and what it says.
func suspended(ctx context.Context, b *storage.Bucket) (string, error) {
	w := b.NewWriter(ctx, key, nil)
	defer w.Close()
	if _, err := w.Write(large); err != nil {
		return "", err
	}
	text, err := w.Suspend()
	if err != nil {
		return "", err
	}
	said, err := base64.RawURLEncoding.DecodeString(text)
	return text + " " + string(said), err
}

// Told checks that an answer that repeats the request, as one for people to look for a mistake
// does, brings no secret of it into an error.
func (p *Provider) Told(t *testing.T) {
	at := stub.New(t, func(w http.ResponseWriter, r *stub.Request) {
		var said strings.Builder
		r.Request.Header.Write(&said)
		text := r.RequestURI + " " + strings.Join(strings.Fields(said.String()), " ")
		text += " " + unescaped(text)
		w.Header().Set("X-Ms-Error-Code", "AuthenticationFailed")
		w.WriteHeader(http.StatusForbidden)
		if strings.Contains(r.URL.Path, "/b/") {
			v, _ := json.Marshal(text)
			fmt.Fprintf(w, `{"error":{"message":%s}}`, v)
			return
		}
		io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>")
		w.Write([]byte(strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(text)))
		io.WriteString(w, "</Message></Error>")
	})
	b := p.bucket(t, at.URL, at.Client())
	seen := &witness{forms: p.forms(), tb: t, shallow: true}
	for _, call := range Calls() {
		seen.err(call.Name, call.Do(t.Context(), b, t.TempDir()))
	}
}

// unescaped is what an URL and its parameters say, in any text.
func unescaped(text string) string {
	return escapes.ReplaceAllStringFunc(text, func(escape string) string {
		b, _ := hex.DecodeString(escape[1:])
		return string(b)
	})
}

var escapes = regexp.MustCompile("%[0-9A-Fa-f]{2}")

// signature is one in a text: a parameter of an URL, or of an Authorization.
var signature = regexp.MustCompile(
	`(?i)\b(sig|signature|x-amz-signature|x-goog-signature)=[^\s&"(]`)

// forms are the secrets as they may show.
func (p *Provider) forms() (forms []string) {
	for _, secret := range p.Secrets {
		forms = append(forms, secret, url.QueryEscape(secret),
			base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprintf("%x", secret))
	}
	return forms
}

// witness looks for secrets, and signatures, in what it is told.
type witness struct {
	storage.Tracer
	tb      testing.TB
	forms   []string
	shallow bool // what is below an error is an SDK's

	mu  sync.Mutex
	log bytes.Buffer
}

func (w *witness) logger() storage.Tracer {
	return storage.LogTracer(slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{
		Level: slog.LevelDebug,
	})))
}

func (w *witness) StartCall(ctx context.Context, c *storage.Call) context.Context {
	w.value("Call", c)
	return ctx
}

func (w *witness) StartRequest(ctx context.Context, r *storage.Request) context.Context {
	w.value("Request", r)
	return ctx
}

func (w *witness) EndCall(ctx context.Context, c *storage.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logger().EndCall(ctx, c)
	w.value("Call "+c.Op, c)
	w.value("Call "+c.Op, *c)
	w.err("Call "+c.Op, c.Err)
}

func (w *witness) EndRequest(ctx context.Context, r *storage.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logger().EndRequest(ctx, r)
	w.value("Request "+r.Op, r)
	w.value("Request "+r.Op, *r)
	w.err("Request "+r.Op, r.Err)
}

func (w *witness) text(what, text string) {
	if at := signature.FindStringIndex(text); at != nil {
		w.tb.Errorf("%s: a signature is in …%.300s", what, text[max(at[0]-150, 0):])
		return
	}
	for _, form := range w.forms {
		if i := strings.Index(text, form); i >= 0 {
			w.tb.Errorf("%s: %q is in …%.300s", what, form, text[max(i-150, 0):])
			return
		}
	}
}

func (w *witness) value(what string, v any) {
	formats := []string{"%v", "%+v", "%#v"}
	switch v.(type) {
	case string, error, fmt.Stringer, fmt.Formatter:
		// Of anything else they print what its pointers lead to, while others change it.
		formats = append(formats, "%s", "%q")
	}
	for _, format := range formats {
		w.text(what+" by "+format, fmt.Sprintf(format, v))
	}
	if _, ok := v.(*storage.SignedURL); ok {
		return // its JSON is for handing it out
	}
	if text, err := json.Marshal(v); err == nil {
		w.text(what+" as JSON", string(text))
	}
}

// err looks at an error and at every one below it.
func (w *witness) err(what string, err error) {
	if err == nil {
		return
	}
	w.value(fmt.Sprintf("%s, %T", what, err), err)
	w.text(what, err.Error())
	if w.shallow {
		return
	}
	if e, ok := err.(*storage.Error); ok {
		w.err(what, e.Err)
		return
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		w.err(what, e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			w.err(what, err)
		}
	}
	var asked *url.Error
	if errors.As(err, &asked) {
		w.text(what+", its URL", asked.Error())
	}
}
