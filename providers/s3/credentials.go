package s3

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// credentialsCache is the SDK's cache of credentials with the knowledge of which ones the service
// called expired.
type credentialsCache struct {
	cache *aws.CredentialsCache

	mu         sync.Mutex
	dropped    string // the last that were dropped
	generation int    // counts the drops
}

// signature says which credentials a request was signed with, and when.
type signature struct {
	id         string
	generation int
	ends       time.Time // of the credentials; zero: nobody knows
	temporary  bool
}

// credentialsError is a failure to get credentials, as opposed to one of the request that needs
// them.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return "no credentials: " + plainText(e.err) }
func (e *credentialsError) Unwrap() error { return e.err }

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
	v, err := c.cache.Retrieve(ctx)
	if err != nil {
		return v, &credentialsError{err}
	}
	if a := httpdriver.FromContext[*attempt](ctx); a != nil {
		a.signed = signature{
			id: v.AccessKeyID + "\n" + v.SessionToken, generation: generation,
			temporary: v.SessionToken != "",
		}
		if v.CanExpire {
			a.signed.ends = v.Expires
		}
	}
	return v, nil
}

// expired notes that the service refused what s was signed with as expired, and reports whether
// another attempt may fare better: credentials are dropped once, and if the same ones come back
// there are no better ones.
func (c *credentialsCache) expired(s signature) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.id == c.dropped {
		return s.generation < c.generation // signed before they were dropped
	}
	c.dropped = s.id
	c.generation++
	c.cache.Invalidate()
	return true
}

// metadataTimeout bounds a request to the EC2 metadata service, retries included. It answers in
// milliseconds where there is one; where there is none, the lack of credentials must not take long
// to notice.
const metadataTimeout = 2 * time.Second

// boundedMetadata is the last link of the default chain.
type boundedMetadata struct{ client *imds.Client }

func (b boundedMetadata) GetMetadata(
	ctx context.Context, in *imds.GetMetadataInput, opts ...func(*imds.Options),
) (*imds.GetMetadataOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	out, err := b.client.GetMetadata(ctx, in, opts...)
	if err != nil {
		return nil, driver.NewCause(
			"neither the environment nor the shared files have any, and no EC2 metadata service answered",
			err,
		)
	}
	defer out.Content.Close()
	content, err := io.ReadAll(out.Content) // before the time is over
	if err != nil {
		return nil, err
	}
	out.Content = io.NopCloser(bytes.NewReader(content))
	return out, nil
}

func boundMetadata(o *ec2rolecreds.Options) {
	o.Client = boundedMetadata{imds.New(imds.Options{HTTPClient: credentialsClient()})}
}

// credentialsTimeout bounds a request to any service that gives out credentials. The SDK makes it
// apart from the call that needs them, whose end does not end it.
const credentialsTimeout = 5 * time.Second

// credentialsClient is for the services that give out credentials: rare and small requests, so no
// connection is kept that a Close would have to close.
func credentialsClient() *awshttp.BuildableClient {
	c := awshttp.NewBuildableClient().WithTimeout(credentialsTimeout)
	return c.WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true })
}
