// Package fivestores gives tests one bucket of each provider, by URL alone, and shows that an
// object goes from any to any.
package fivestores

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
)

// Store is an empty bucket: all that a program needs to open it is URL and the environment.
type Store struct {
	Name string
	URL  string
}

// All starts the five stores and sets the environment for them until the test has ended. Memory
// comes last. A store whose server cannot be had is left out, and skipped in a subtest by its name.
func All(t *testing.T) []Store {
	t.Helper()
	// Nothing of the machine's own accounts.
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		for _, prefix := range []string{"AWS_", "AZURE_", "GOOGLE_", "STORAGE_EMULATOR_HOST"} {
			if strings.HasPrefix(name, prefix) {
				t.Setenv(name, "")
			}
		}
	}
	var stores []Store
	for _, s := range []struct {
		name string
		// start may skip the subtest; what it makes goes with the test.
		start func(subtest, test *testing.T) string
	}{{"file", file}, {"s3", minIO}, {"gcs", gcs}, {"azure", azurite}, {"memory", memory}} {
		t.Run("start/"+s.name, func(subtest *testing.T) {
			stores = append(stores,
				Store{s.name, s.start(subtest, t)})
		})
	}
	return stores
}

func memory(*testing.T, *testing.T) string { return "mem://" + strings.ToLower(rand.Text()) }

func file(_, t *testing.T) string {
	dir := filepath.ToSlash(t.TempDir())
	if dir[0] != '/' {
		dir = "/" + dir // C:/…
	}
	return (&url.URL{Scheme: "file", Path: dir}).String()
}

func minIO(subtest, t *testing.T) string {
	s := testenv.MinIO(subtest)
	t.Setenv("AWS_ACCESS_KEY_ID", s.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.SecretKey)
	return "s3://" + s.NewBucket(t) + "?" + url.Values{"endpoint": {s.Endpoint},
		"region": {s.Region}, "provider": {"minio"}}.Encode()
}

// gcs is the strict fake, which verifies the URLs that a service account of the test's own signs.
func gcs(_, t *testing.T) string {
	const account = "signer@project.iam.gserviceaccount.com"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		0o600); err != nil {
		t.Fatal(err)
	}
	s := gcsfake.Start(t,
		gcsfake.Options{Signers: map[string]*rsa.PublicKey{account: &key.PublicKey}})
	return "gs://" + s.NewBucket(t) + "?" + url.Values{"endpoint": {s.URL}, "anonymous": {"true"},
		"access_id": {account}, "private_key_path": {keyFile}}.Encode()
}

func azurite(subtest, t *testing.T) string {
	s := testenv.Azurite(subtest)
	t.Setenv("AZURE_STORAGE_KEY", s.AzureKey())
	return "az://" + s.NewBucket(t) + "?" + url.Values{"endpoint": {s.Endpoint + "/" +
		s.AccessKey}}.Encode()
}
