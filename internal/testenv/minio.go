package testenv

import (
	"crypto/rand"
	"encoding/base64"
	"path/filepath"
	"testing"

	"github.com/polystore/storage/internal/testenv/program"
)

// MinIO returns the shared MinIO over plain HTTP, or ends the test as the mode says.
func MinIO(tb testing.TB) *Server { tb.Helper(); return minIO.get(tb) }

// MinIOTLS returns the shared MinIO over TLS. It has a KMS key, [KMSKey], so that SSE-S3 and
// SSE-KMS work.
func MinIOTLS(tb testing.TB) *Server { tb.Helper(); return minIOTLS.get(tb) }

// KMSKey is the name of the one key that MinIO over TLS has.
const KMSKey = "testenv-key"

var (
	minIO    = shared{kind: minIOKind("MinIO", false)}
	minIOTLS = shared{kind: minIOKind("MinIO over TLS", true)}
)

func minIOKind(name string, tls bool) kind {
	return kind{
		name: name,
		program: program.Program{Package: "github.com/minio/minio",
			Version: "v0.0.0-20260212201848-7aac2a2c5b7c"},
		tls:     tls,
		ready:   "/minio/health/ready",
		command: minIOCommand,
	}
}

func minIOCommand(l launch) (args, env []string, err error) {
	data, err := l.mkdir("data")
	if err != nil {
		return nil, nil, err
	}
	args = []string{"server", "--quiet", "--address", l.addr}
	env = []string{"MINIO_ROOT_USER=" + l.accessKey, "MINIO_ROOT_PASSWORD=" + l.secretKey,
		"MINIO_UPDATE=off", "MINIO_BROWSER=off"}
	if l.certFile != "" {
		key := make([]byte, 32)
		rand.Read(key) // never fails
		// It takes public.crt and private.key of the directory.
		args = append(args, "--certs-dir", filepath.Dir(l.certFile))
		env = append(env, "MINIO_KMS_SECRET_KEY="+KMSKey+":"+base64.StdEncoding.EncodeToString(key))
	}
	return append(args, data), env, nil
}
