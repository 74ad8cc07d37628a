package s3

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/polystore/storage/driver/httpdriver"
)

// metadataService is the SDK's client of the EC2 metadata service, the last link of the default
// chain, with shorter pauses. The SDK tries three times for a token, which a container behind a hop
// limit of 1 never gets, and only then asks without one. With pauses of up to a second between the
// attempts, either there would be no time left for the second way, or the lack of credentials would
// take longer to notice than five seconds.
type metadataService struct {
	config aws.Config // set before the first call
	client func() *imds.Client
}

// credentialsPause is the longest pause between two requests for credentials. There are three; the
// Bucket has longer pauses between its own attempts.
const credentialsPause = 200 * time.Millisecond

func credentialsRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = credentialsPause })
}

func newMetadataService() *metadataService {
	m := new(metadataService)
	m.client = sync.OnceValue(func() *imds.Client {
		return imds.NewFromConfig(m.config, func(o *imds.Options) {
			o.DisableDefaultMaxBackoff = true // it overrules the Retryer's
			o.Retryer = credentialsRetryer()
			o.HTTPClient, o.APIOptions = metadataClient(), nil
		})
	})
	return m
}

// metadataClient has the bounds of the SDK's own client of the metadata service, so that a network
// without one is soon known, and answers a container behind a hop limit in time.
func metadataClient() *http.Client {
	t := httpdriver.NewTransport(nil)
	t.DialContext = (&net.Dialer{Timeout: 250 * time.Millisecond}).DialContext
	t.ResponseHeaderTimeout = 500 * time.Millisecond
	return httpdriver.NewCredentialsClient(t, credentialsTimeout)
}

func (m *metadataService) use(o *ec2rolecreds.Options) { o.Client = m }

// GetMetadata implements ec2rolecreds.GetMetadataAPIClient.
func (m *metadataService) GetMetadata(
	ctx context.Context, in *imds.GetMetadataInput, opts ...func(*imds.Options),
) (*imds.GetMetadataOutput, error) {
	return m.client().GetMetadata(ctx, in, opts...)
}

// defaultMetadata reports whether credentials come from the EC2 metadata service for want of
// anything else, and at its own address.
func defaultMetadata(cfg *aws.Config) bool {
	if !aws.IsCredentialsProvider(cfg.Credentials, (*ec2rolecreds.Provider)(nil)) {
		return false
	}
	for _, from := range cfg.ConfigSources {
		named, ok := from.(interface{ GetEC2IMDSEndpoint() (string, bool, error) })
		if !ok {
			continue
		}
		if _, found, _ := named.GetEC2IMDSEndpoint(); found {
			return false
		}
	}
	return true
}
