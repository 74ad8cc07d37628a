package driver

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
)

func TestPlain(t *testing.T) {
	refused := errors.New("refused\n")
	signed := &url.Error{
		Op: "Get", URL: "https://host/?X-Goog-Signature=secret",
		Err: &url.Error{Op: "Get", URL: "secret", Err: refused},
	}
	err := Plain(fmt.Errorf("wrapped: %w", signed))
	if got := err.Error(); got != "refused" {
		t.Errorf("text %q", got)
	}
	if !errors.Is(err, refused) {
		t.Error("the cause is lost")
	}
	if again := Plain(err); again != err {
		t.Errorf("Plain of a Cause is %v", again)
	}
	if err := WithoutURL(nil); err != nil {
		t.Errorf("WithoutURL(nil) = %v", err)
	}
	if err := WithoutURL(refused); err != refused {
		t.Errorf("WithoutURL of another error = %v", err)
	}
}
