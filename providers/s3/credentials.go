package s3

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/polystore/storage/driver/httpdriver"
)

// credentialsCache is the SDK's cache of credentials with the knowledge of which ones the service
// called expired.
type credentialsCache struct {
	cache   *aws.CredentialsCache
	source  httpdriver.CredentialSource
	waiters httpdriver.Waiters
	tidy    atomic.Pointer[tidied]

	mu         sync.Mutex
	dropped    string // the last that were dropped
	generation int    // counts the drops
	guess      bool   // the last drop was one, and nothing new has come since
}

// tidied are credentials as they came, and without what does not belong to them. They come again
// for every request.
type tidied struct {
	raw aws.Credentials
	aws.Credentials
	id      string
	guessed bool // they came for a guess
}

// signature says which credentials a request was signed with, and when.
type signature struct {
	id         string
	generation int
	ends       time.Time // of the credentials; zero: nobody knows
	temporary  bool
	guessed    bool
}

func newCredentialsCache(p aws.CredentialsProvider) *credentialsCache {
	cache, ok := p.(*aws.CredentialsCache)
	if !ok {
		cache = aws.NewCredentialsCache(p)
	}
	return &credentialsCache{cache: cache}
}

// Retrieve implements aws.CredentialsProvider.
func (c *credentialsCache) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c.mu.Lock()
	generation := c.generation
	c.mu.Unlock()
	asking, done := c.waiters.Wait(ctx, 0)
	v, err := c.cache.Retrieve(asking)
	done()
	if err != nil {
		return v, c.failure(err)
	}
	t, err := c.tidied(v)
	if err != nil {
		return v, c.failure(err)
	}
	c.source.Had()
	if a := httpdriver.FromContext[*attempt](ctx); a != nil {
		a.signed = signature{
			id:         t.id,
			generation: generation,
			temporary:  t.SessionToken != "",
			guessed:    t.guessed,
		}
		if t.CanExpire {
			a.signed.ends = t.Expires
		}
	}
	return t.Credentials, nil
}

func (c *credentialsCache) tidied(v aws.Credentials) (*tidied, error) {
	if t := c.tidy.Load(); t != nil && t.raw == v {
		return t, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tidy.Load(); t != nil && t.raw == v {
		return t, nil // tidied meanwhile
	}
	t := &tidied{raw: v, Credentials: v}
	err := trim(&t.Credentials, "the access key ID", "the secret key", "the session token")
	if err != nil {
		return nil, err
	}
	t.id = t.AccessKeyID + "\n" + t.SessionToken
	t.guessed, c.guess = c.guess, false
	c.tidy.Store(t)
	return t, nil
}

// expired notes that the service refused what s was signed with as expired, and reports whether
// another attempt may fare better.
func (c *credentialsCache) expired(s signature) bool { return c.drop(s, false) }

// mayHaveExpired is expired for an answer that has other reasons, too. Credentials can end before
// they say, where a clock is behind or their source extends what it cannot renew. Those that came
// for such a guess have not ended: a role is not assumed for every answer of another reason.
func (c *credentialsCache) mayHaveExpired(s signature) bool {
	return s.temporary && !s.guessed && c.drop(s, true)
}

// drop reports whether another attempt than s may fare better: credentials are dropped once, and if
// the same ones come back there are no better ones.
func (c *credentialsCache) drop(s signature, guess bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.id == c.dropped {
		return s.generation < c.generation // signed before they were dropped
	}
	c.dropped, c.guess = s.id, guess
	c.generation++
	c.cache.Invalidate()
	return true
}

// credentialsTimeout is how long a service that gives out credentials may take to be reached, and
// how long nothing may come from it. The SDK asks apart from the call that needs credentials, whose
// end does not end the request.
const credentialsTimeout = 5 * time.Second

// trim takes away what stands around the parts of v and does not belong to them; ErrInvalid, by
// name, where that would not make them right.
func trim(v *aws.Credentials, id, secret, token string) (err error) {
	for _, part := range [...]struct {
		name  string
		value *string
	}{{id, &v.AccessKeyID}, {secret, &v.SecretAccessKey}, {token, &v.SessionToken}} {
		if *part.value, err = httpdriver.TrimSecret(part.name, *part.value); err != nil {
			return err
		}
	}
	return nil
}

// trimStatic is trim for credentials that are known when the Store is opened: those of the options,
// of the environment and of the shared files.
func trimStatic(ctx context.Context, p aws.CredentialsProvider) error {
	if !aws.IsCredentialsProvider(p, credentials.StaticCredentialsProvider{}) {
		return nil
	}
	v, err := p.Retrieve(ctx)
	if err != nil {
		return nil // it is said when they are needed
	}
	return trim(&v, "AccessKeyID (AWS_ACCESS_KEY_ID)", "SecretAccessKey (AWS_SECRET_ACCESS_KEY)",
		"SessionToken (AWS_SESSION_TOKEN)")
}
