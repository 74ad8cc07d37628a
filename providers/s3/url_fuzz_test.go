package s3

import (
	"testing"

	"github.com/polystore/storage/internal/hostile"
)

// An URL opens what it names or is an error without what it keeps, and no request is made for it.
func FuzzOpener(f *testing.F) {
	cleanEnvironment(f)
	o := &Options{
		Region: "us-east-1", AccessKeyID: stubKey, SecretAccessKey: stubSecret,
		HTTPClient: hostile.Offline(f),
	}
	hostile.Opener(f, "s3", NewOpener(o), func(text string) string { return text })
}
