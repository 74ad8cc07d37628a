package driver

import (
	"errors"
	"net/url"
	"strings"
)

// Cause is an error under a text of its own. It keeps a URL out of what people read and logs keep:
// that of a signed request is a secret. [errors.Is] and [errors.As] still find what it wraps.
type Cause struct {
	text string
	err  error
}

// NewCause returns err under text.
func NewCause(text string, err error) *Cause { return &Cause{text, err} }

// Plain returns err under its own [PlainText], and a Cause as it is.
func Plain(err error) *Cause {
	if c, ok := err.(*Cause); ok {
		return c
	}
	return &Cause{PlainText(err), err}
}

func (c *Cause) Error() string { return c.text }

// Unwrap returns the error under the text.
func (c *Cause) Unwrap() error { return c.err }

// WithoutURL returns what is behind the last [*url.Error] in err, whose text repeats the URL; err
// itself where there is none.
func WithoutURL(err error) error {
	var ue *url.Error
	for errors.As(err, &ue) && ue.Err != nil {
		err = ue.Err
	}
	return err
}

// PlainText returns the text of err without the URL that net/http puts into it.
func PlainText(err error) string { return strings.TrimSpace(WithoutURL(err).Error()) }
