package s3

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// unsignedEncoding signs as S3 is signed for, with one header left out: a front end that alters
// Accept-Encoding, as Google's does, makes every signature over it wrong. See
// https://github.com/aws/aws-sdk-go-v2/issues/1816.
type unsignedEncoding struct{ *v4.Signer }

var _ s3.HTTPSignerV4 = unsignedEncoding{}

func newUnsignedEncoding() unsignedEncoding {
	return unsignedEncoding{
		v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
	}
}

// SignHTTP signs r without its Accept-Encoding, which is sent all the same.
func (u unsignedEncoding) SignHTTP(
	ctx context.Context, creds aws.Credentials, r *http.Request,
	payloadHash, service, region string, signingTime time.Time,
	options ...func(*v4.SignerOptions),
) error {
	const name = "Accept-Encoding"
	encoding, set := r.Header[name]
	r.Header.Del(name)
	err := u.Signer.SignHTTP(ctx, creds, r, payloadHash, service, region, signingTime, options...)
	if set {
		r.Header[name] = encoding
	}
	return err
}
