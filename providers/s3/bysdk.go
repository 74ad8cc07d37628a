package s3

import (
	"context"
	"net/http"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// bySDK makes the exchange of a request that has no route of ours: the SDK finds the endpoint and
// the credentials, and signs. It is a HeadObject until it is serialized, and from then on the
// request.
func (s *Store) bySDK(ctx context.Context, r *request) (*http.Response, error) {
	var answer *http.Response
	become := middleware.BuildMiddlewareFunc("polystore:Become", func(
		ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler,
	) (middleware.BuildOutput, middleware.Metadata, error) {
		req, err := r.become(in.Request.(*smithyhttp.Request))
		in.Request = req
		if err != nil {
			return middleware.BuildOutput{}, middleware.Metadata{}, err
		}
		return next.HandleBuild(ctx, in)
	})
	hash := middleware.FinalizeMiddlewareFunc("polystore:PayloadHash", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		return next.HandleFinalize(v4.SetPayloadHash(ctx, r.payload), in)
	})
	take := middleware.DeserializeMiddlewareFunc("polystore:Take", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		asked := time.Now()
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && err == nil {
			answer = resp.Response
			s.clock.learn(answer.Header, asked) // for URLs: the SDK has a clock of its own
		}
		out.Result = new(s3.HeadObjectOutput)
		return out, metadata, err
	})
	in := &s3.HeadObjectInput{Bucket: &s.bucket, Key: &r.key}
	_, err := s.client.HeadObject(ctx, in, func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			for _, id := range [...]string{
				"OperationDeserializer", "S3:ProcessResponseFor200Error", "CloseResponseBody",
			} {
				stack.Deserialize.Remove(id)
			}
			stack.Deserialize.Add(take, middleware.After)
			stack.Finalize.Add(hash, middleware.Before)
			return stack.Build.Add(become, middleware.Before)
		})
	})
	return answer, err
}

// become makes req, which knows its URL, into r.
func (r *request) become(req *smithyhttp.Request) (*smithyhttp.Request, error) {
	req.Method, req.URL.RawQuery = r.method, r.query
	for _, f := range r.All() {
		req.Header[f.Name] = []string{f.Value}
	}
	if r.body == nil {
		return req, nil
	}
	return req.SetStream(r.body)
}
