package s3

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// Credentials that come slowly are no stall, whoever gives them, and however many calls wait.
func TestSlowTokenIsNoStall(t *testing.T) {
	expires := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	keys := fmt.Sprintf(`{"Code":"Success","AccessKeyId":%q,"SecretAccessKey":%q,"Token":"t","Expiration":%q}`,
		stubKey, stubSecret, expires)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("jwt"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, giver := range map[string]struct {
		document string
		setup    func(t *testing.T, url string)
	}{
		"a container": {keys, func(t *testing.T, url string) {
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url+"/creds")
		}},
		"STS": {fmt.Sprintf(`<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>`+
			`<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>t</SessionToken>`+
			`<Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult>`+
			`</AssumeRoleWithWebIdentityResponse>`, stubKey, stubSecret, expires),
			func(t *testing.T, url string) {
				t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
				t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token)
				t.Setenv("AWS_ENDPOINT_URL_STS", url)
			}},
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnvironment(t)
			server := httptest.NewServer(stub.Slow(giver.document))
			defer server.Close()
			t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			giver.setup(t, server.URL)
			srv := newStub(t, answerOK)
			o := srv.options()
			o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
			b := stub.Patient(t, mustNew(t, "bucket", o))
			var waiting sync.WaitGroup
			for range 3 {
				waiting.Go(func() {
					_, err := b.Stat(t.Context(), "k", nil)
					if err != nil && !errors.Is(err, storage.ErrNotExist) {
						t.Errorf("Stat: %v", err)
					}
				})
			}
			waiting.Wait()
			if len(srv.Seen()) == 0 {
				t.Error("nothing was asked of the service")
			}
		})
	}
}
