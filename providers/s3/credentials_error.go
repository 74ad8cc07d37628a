package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os/exec"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/smithy-go"

	"github.com/polystore/storage/driver/httpdriver"
)

// failure classifies an error of whoever gives out credentials: by what the SDK's own errors hold,
// since the SDK asks under a context of its own.
func (c *credentialsCache) failure(err error) *httpdriver.NoCredentials {
	var process *processcreds.ProviderError
	var said smithy.APIError
	var answer interface{ HTTPStatusCode() int }
	status, text := 0, plainText(err)
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	switch {
	case errors.As(err, &process):
		text, err = processFailure(process)
		return c.source.Fail("credential_process", 0, text, err)
	case errors.As(err, &said):
		text = said.ErrorCode() + ": " + said.ErrorMessage()
		switch {
		case passingCode(said.ErrorCode()):
			status = http.StatusServiceUnavailable
		case status/100 == 2: // an error that came as a success
			status = http.StatusForbidden
		}
	}
	if status != 0 && status/100 != 2 {
		text = fmt.Sprintf("status %d %s", status, text)
	}
	return c.source.Fail(c.name(err), status, text, err)
}

// passingCode knows the codes of trouble that passes, whatever the status.
func passingCode(code string) bool {
	switch code {
	case "IDPCommunicationError", "InternalFailure", "InternalError", "ServiceUnavailable":
		return true
	}
	_, again := retry.DefaultRetryableErrorCodes[code]
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	return again || throttled
}

// processFailure says why a program gave no credentials. Its output, which the SDK repeats where it
// cannot read it, may hold them: then the SDK's error is not handed on.
func processFailure(err error) (string, error) {
	var ended *exec.ExitError
	var missing *exec.Error
	var path *fs.PathError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timed out", context.DeadlineExceeded
	case errors.As(err, &ended):
		return ended.Error(), ended
	case errors.As(err, &missing):
		return missing.Error(), missing
	case errors.As(err, &path):
		return path.Error(), path
	}
	return "its output is not what it should be", nil
}

// name names the one that failed: the innermost, where one gives out credentials for the next.
func (c *credentialsCache) name(err error) string {
	var op *smithy.OperationError
	name := ""
	for errors.As(err, &op) {
		switch op.ServiceID {
		case "ec2imds":
			name = "the EC2 metadata service"
		case "SSO", "SSO OIDC":
			name = "IAM Identity Center"
		default:
			name = op.ServiceID + " " + op.OperationName
		}
		if err = op.Err; err == nil {
			break
		}
	}
	if name != "" {
		return name
	}
	for _, p := range [...]struct {
		name string
		of   aws.CredentialsProvider
	}{
		{"the EC2 metadata service", (*ec2rolecreds.Provider)(nil)},
		{"the container's endpoint for credentials", (*endpointcreds.Provider)(nil)},
		{"IAM Identity Center", (*ssocreds.Provider)(nil)},
		{"web identity", (*stscreds.WebIdentityRoleProvider)(nil)},
		{"the role to assume", (*stscreds.AssumeRoleProvider)(nil)},
	} {
		if aws.IsCredentialsProvider(c.cache, p.of) {
			return p.name
		}
	}
	return "the provider of credentials"
}
