package s3

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

const defaultRegion = "us-east-1"

// connect makes the SDK's client from the options and what the environment and the shared files
// say.
func (s *Store) connect(ctx context.Context, o *Options) error {
	cfg, err := load(ctx, o)
	if err != nil {
		return err
	}
	if err := trimStatic(ctx, cfg.Credentials); err != nil {
		return err
	}
	endpoint := o.Endpoint
	if endpoint == "" {
		// What AWS_ENDPOINT_URL and the profile say, in the SDK's own order.
		endpoint = aws.ToString(s3.NewFromConfig(cfg).Options().BaseEndpoint)
	}
	if endpoint, err = o.withScheme(endpoint); err != nil {
		return err
	}
	if s.profile, err = profileOf(o.Provider, endpoint != ""); err != nil {
		return err
	}
	if o.SSE != "" && !s.profile.encryption {
		return driver.Unsupportedf("SSE on %s, which ignores it", s.profile.name)
	}
	if limit := s.profile.batchLimit(); s.batch > limit {
		return driver.Invalidf("BatchSize %d, on %s at most %d", s.batch, s.profile.name, limit)
	}
	region := cfg.Region
	if s.arn && o.Region == "" {
		// None in that of a multi-region access point
		region = cmp.Or(strings.Split(s.bucket, ":")[3], region, defaultRegion)
	}
	if s.region, endpoint, err = s.profile.locate(o, region, endpoint); err != nil {
		return err
	}
	s.virtualHost = !o.PathStyle && (o.VirtualHost || !s.profile.pathStyle)
	s.tls = strings.HasPrefix(endpoint, "https:") || endpoint == "" && !o.DisableHTTPS
	s.loopback = loopback(endpoint)
	s.http = s.httpClient(o, cfg)
	newClient := func(region string, signed bool) *s3.Client {
		return s3.NewFromConfig(cfg, func(so *s3.Options) {
			so.Region = region
			if endpoint != "" {
				so.BaseEndpoint = &endpoint
			}
			so.Credentials = aws.AnonymousCredentials{}
			if signed {
				so.Credentials = s.credentials
			}
			so.HTTPClient = s.http
			so.UsePathStyle = !s.virtualHost
			so.UseAccelerate = o.Accelerate
			// Or it would overrule an endpoint's https
			so.EndpointOptions.DisableHTTPS = o.DisableHTTPS && endpoint == ""
			if o.DualStack {
				so.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
			}
			if o.FIPS {
				so.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
			}
			// The one retry loop is the Bucket's. The middleware stays: it learns the clock's skew.
			so.Retryer = aws.NopRetryer{}
			// WhenSupported, the default of a loaded config, would send aws-chunked trailers.
			so.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			so.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
			so.Logger = logging.Nop{}
			if s.profile.unsignedEncoding {
				so.HTTPSignerV4 = newUnsignedEncoding()
			}
		})
	}
	if s.region == "" {
		if s.region, err = s.findRegion(ctx, newClient(defaultRegion, false)); err != nil {
			return err
		}
	}
	if cfg.Region == "" {
		// What gives out the credentials of a role asks for a region, too.
		o.Region = s.region
		if cfg, err = load(ctx, o); err != nil {
			return err
		}
	}
	if !o.Anonymous {
		s.credentials = newCredentialsCache(cfg.Credentials)
		s.credentials.source.Default = defaultMetadata(&cfg)
	}
	s.client = newClient(s.region, !o.Anonymous)
	s.presign = s3.NewPresignClient(s.client)
	s.route = s.findRoute(ctx)
	s.clock.off = cfg.DisableClockSkewCorrection
	learn, cancel := context.WithTimeout(ctx, learnTimeout)
	defer cancel()
	_ = s.learnVersions(learn) // the first conditional write asks again
	return ctx.Err()
}

// loopback reports whether an endpoint, which can be empty, is on this machine.
func loopback(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// load reads the environment and the shared files. It makes no request.
func load(ctx context.Context, o *Options) (aws.Config, error) {
	metadata, exchange := newMetadataService(), new(credentialsExchange)
	from := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}),
		config.WithHTTPClient(awshttp.NewBuildableClient()),
		config.WithRetryer(credentialsRetryer),
		config.WithAPIOptions([]func(*middleware.Stack) error{exchange.add}),
		config.WithEC2RoleCredentialOptions(metadata.use),
	}
	if o.Region != "" {
		from = append(from, config.WithRegion(o.Region))
	}
	if o.Profile != "" {
		from = append(from, config.WithSharedConfigProfile(o.Profile))
	}
	switch {
	case o.Anonymous:
		from = append(from, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	case o.Credentials != nil:
		from = append(from, config.WithCredentialsProvider(o.Credentials))
	case o.AccessKeyID != "":
		given := credentials.NewStaticCredentialsProvider(
			o.AccessKeyID, o.SecretAccessKey, o.SessionToken,
		)
		from = append(from, config.WithCredentialsProvider(given))
	}
	cfg, err := config.LoadDefaultConfig(ctx, from...)
	if err != nil {
		if ctx.Err() != nil {
			return cfg, &storage.Error{Err: ctx.Err()}
		}
		return cfg, &storage.Error{
			Kind: storage.ErrInvalid, Err: driver.NewCause("configuration: "+plainText(err), err),
		}
	}
	exchange.of(&cfg)
	metadata.config = cfg
	cfg.APIOptions = nil // those are for credentials alone
	return cfg, nil
}

// httpClient is the caller's client or one of the Store's own, which trusts what AWS_CA_BUNDLE
// names.
func (s *Store) httpClient(o *Options, cfg aws.Config) *httpdriver.Client {
	client := o.HTTPClient
	if client == nil {
		var trusted *tls.Config
		if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
			trusted = b.GetTransport().TLSClientConfig
		}
		t := httpdriver.NewTransport(trusted)
		s.closeIdle = t.CloseIdleConnections
		client = &http.Client{Transport: t}
	}
	return httpdriver.NewClient(client, s.profile.header)
}

// findRegion asks any region where the bucket is. The answer names it also when it is a refusal.
func (s *Store) findRegion(ctx context.Context, client *s3.Client) (string, error) {
	a := &attempt{Attempt: httpdriver.Attempt{Missing: storage.ErrNoBucket}}
	in := &s3.HeadBucketInput{Bucket: &s.bucket}
	out, err := client.HeadBucket(a.begin(ctx), in, func(o *s3.Options) { o.UseAccelerate = false })
	if err == nil {
		return cmp.Or(aws.ToString(out.BucketRegion), defaultRegion), nil
	}
	var re *smithyhttp.ResponseError
	if errors.As(err, &re) {
		if region := re.Response.Header.Get(regionHeader); region != "" {
			return region, nil
		}
	}
	e := s.fail(ctx, a, err)
	e.Err = fmt.Errorf("asking for the region of the bucket: %w", e.Err)
	return "", e
}
