package storage

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Opener opens the URLs of a scheme. The result depends only on the URL and the environment of the
// process: nothing carries over from one URL to the next. u has no password and no fragment.
// Drivers make an Opener with [StoreOpener].
type Opener func(ctx context.Context, u *url.URL) (*Bucket, error)

// Mux opens URLs by their scheme. The zero value is ready for use. Its methods may be called
// concurrently.
type Mux struct {
	mu      sync.RWMutex
	openers map[string]Opener
}

// DefaultMux is the Mux that [Open], [OpenWith] and [Handle] use. A provider package registers its
// schemes with it when it is imported.
var DefaultMux Mux

// Handle registers a scheme with [DefaultMux].
func Handle(scheme string, o Opener) { DefaultMux.Handle(scheme, o) }

// Open opens a bucket by URL with [DefaultMux] and the default Options. See [Mux.Open] for the form
// of the URL.
func Open(ctx context.Context, rawURL string) (*Bucket, error) {
	return DefaultMux.Open(ctx, rawURL)
}

// OpenWith opens a bucket by URL with [DefaultMux] and opts, which may be nil. Closing the Bucket
// closes its Store.
func OpenWith(ctx context.Context, rawURL string, opts *Options) (*Bucket, error) {
	return DefaultMux.OpenWith(ctx, rawURL, opts)
}

// Handle registers the opener of a scheme. It panics if the scheme is already registered.
func (m *Mux) Handle(scheme string, o Opener) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, twice := m.openers[scheme]; twice {
		panic("storage: scheme " + strconv.Quote(scheme) + " is registered twice")
	}
	if m.openers == nil {
		m.openers = make(map[string]Opener)
	}
	m.openers[scheme] = o
}

// Schemes returns the registered schemes, sorted.
func (m *Mux) Schemes() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := make([]string, 0, len(m.openers))
	for scheme := range m.openers {
		s = append(s, scheme)
	}
	slices.Sort(s)
	return s
}

// Open opens a bucket by URL: scheme://bucket/prefix?parameter=value. The path after the bucket is
// a prefix and gets a trailing slash if it has none. The parameter prefix= is used as it is. A
// scheme can give the path another meaning, as file does; its package says so.
//
// Unknown parameters, repeated parameters and credentials in the URL are errors. No error contains
// a secret of the URL.
func (m *Mux) Open(ctx context.Context, rawURL string) (*Bucket, error) {
	return m.OpenWith(ctx, rawURL, nil)
}

// OpenWith is Open with opts in place of the options that the opener of the scheme uses. opts may
// be nil.
func (m *Mux) OpenWith(ctx context.Context, rawURL string, opts *Options) (*Bucket, error) {
	b, err := m.open(ctx, rawURL)
	if err != nil {
		e := asError(err)
		e.Op, e.InDoubt = "Open", false
		return nil, e
	}
	if opts != nil {
		b = &Bucket{e: newEngine(b.e.raw, opts), prefix: b.prefix, owner: b.owner}
	}
	return b, nil
}

func (m *Mux) open(ctx context.Context, rawURL string) (*Bucket, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		// The error repeats the URL or a piece of it, and that may be of a secret: the "port" of
		// s3://id:sec/ret@bucket.
		return nil, invalid("not a URL of the form scheme://bucket/prefix?parameter=value")
	}
	m.mu.RLock()
	open, ok := m.openers[u.Scheme]
	m.mu.RUnlock()
	if !ok {
		return nil, m.unknownScheme(u.Scheme)
	}
	if _, password := u.User.Password(); password {
		return nil, errCredentials()
	}
	if u.Fragment != "" || u.Opaque != "" {
		return nil, invalid("a URL must begin with %s:// and have no fragment", u.Scheme)
	}
	return open(ctx, u)
}

// providers are the packages of this module that register schemes.
var providers = map[string]string{
	"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "azblob": "azure",
	"abfs": "azure", "abfss": "azure", "file": "file", "mem": "memory",
}

func (m *Mux) unknownScheme(scheme string) error {
	if p, ok := providers[scheme]; ok {
		return invalid(
			"unknown scheme %q (forgotten import of github.com/polystore/storage/providers/%s?)",
			scheme, p)
	}
	if known := m.Schemes(); len(known) > 0 {
		return invalid(
			"unknown scheme %q, known are %s (forgotten import?)",
			scheme, strings.Join(known, ", "))
	}
	return invalid("unknown scheme %q (forgotten import of a provider?)", scheme)
}

func errCredentials() error {
	return invalid("the URL contains credentials: " +
		"use the provider's environment variables or its Options")
}

// StoreOpener makes an [Opener], its method OpenURL, from a function that opens a Store. It parses
// the query, turns the path and prefix= into a prefix, and refuses every parameter that Open did
// not take.
type StoreOpener struct {
	// Open opens the Store. u has no query; params has the parameters without prefix=. Open takes
	// the parameters that it knows from params and then checks params.Err before it does anything
	// else.
	Open func(ctx context.Context, u *url.URL, params *Params) (Store, error)

	// OwnsPath leaves the path to Open. Otherwise the path after the bucket is a prefix, which Open
	// does not see.
	OwnsPath bool

	// OwnsQuery leaves the parameter prefix= to Open.
	OwnsQuery bool

	// TakesUser allows a user name in the URL, as in abfss://container@account…
	TakesUser bool
}

// OpenURL opens the URL. It is an [Opener].
func (o StoreOpener) OpenURL(ctx context.Context, u *url.URL) (*Bucket, error) {
	if u.User != nil && !o.TakesUser {
		return nil, errCredentials()
	}
	params, err := newParams(u.RawQuery)
	if err != nil {
		return nil, invalid("%w", err)
	}
	own := *u
	own.RawQuery, own.ForceQuery = "", false
	prefix := ""
	if !o.OwnsQuery {
		prefix = params.String("prefix")
	}
	if !o.OwnsPath {
		if path := strings.TrimPrefix(own.Path, "/"); path != "" {
			if prefix != "" {
				return nil, invalid("a prefix in the path and prefix= exclude each other")
			}
			prefix = strings.TrimSuffix(path, "/") + "/"
		}
		own.Path, own.RawPath = "", ""
	}
	if prefix != "" {
		if err := validKey(prefix); err != nil {
			return nil, invalid("prefix: %w", err)
		}
	}
	s, err := o.Open(ctx, &own, params)
	if err != nil {
		return nil, err
	}
	b := New(s, nil)
	if err := params.Err(); err != nil { // an Open that forgot to ask
		b.Close()
		return nil, err
	}
	if prefix != "" {
		b = b.Prefix(prefix)
		b.owner = true
	}
	return b, nil
}
