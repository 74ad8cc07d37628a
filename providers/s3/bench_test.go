package s3

import (
	"context"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
)

func BenchmarkBucket(b *testing.B) {
	for _, server := range servers {
		b.Run(server.name, func(b *testing.B) {
			env := server.start(b)
			transport := env.Transport()
			b.Cleanup(transport.CloseIdleConnections)
			o := Options{
				Region:          env.Region,
				Endpoint:        env.Endpoint,
				Provider:        server.provider,
				AccessKeyID:     env.AccessKey,
				SecretAccessKey: env.SecretKey,
				HTTPClient:      &http.Client{Transport: transport},
			}
			bucket := env.NewBucket(b)
			conformance.Bench(b, conformance.Options{
				Open: func(ctx context.Context) (storage.Store, error) {
					return New(ctx, bucket,
						&o)
				},
			})
		})
	}
}
