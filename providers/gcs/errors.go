package gcs

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
)

// fail says of an attempt's err what kind it is and whether the request may have been carried out
// all the same. There was no answer, or one that broke off in the middle.
func (s *Store) fail(ctx context.Context, a *attempt, err error) *storage.Error {
	e := a.Fail(ctx, err)
	if e.Kind == storage.ErrInvalid {
		// The request was not sent: the credentials are for, or of, something that does not fit.
		e.Kind = storage.ErrPermission
	}
	return e
}

// answer classifies what the service said: by its code where it has one, and by the status.
func (s *Store) answer(a *attempt, resp *http.Response) *storage.Error {
	defer httpdriver.Drain(resp)
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	e := refusal(a, resp.StatusCode, parseRefusal(body))
	if !a.secret {
		e.RequestID = httpdriver.Conceal(a.asked, resp.Header.Get("X-Guploader-Uploadid"))
	}
	e.RetryAfter = httpdriver.RetryAfter(resp.Header.Get("Retry-After"))
	return e
}

// refusal makes an error of a status and what was said with it.
func refusal(a *attempt, status int, said said) *storage.Error {
	e := &storage.Error{Status: status, Code: httpdriver.Conceal(a.asked, said.code)}
	var known bool
	if e.Kind, known = kindOf[said.code]; !known {
		e.Kind = kindOfStatus(status)
	}
	switch {
	case e.Kind == storage.ErrNotExist && !known && a.Missing != nil:
		e.Kind = a.Missing
	case e.Kind == storage.ErrPrecondition && a.Refused != nil:
		e.Kind = a.Refused
	case e.Kind == storage.ErrUnavailable &&
		(status/100 == 5 || status == http.StatusRequestTimeout):
		e.InDoubt = a.InDoubt()
	}
	text := httpdriver.Conceal(a.asked, said.message)
	if text == "" {
		text = http.StatusText(status)
	}
	if text != "" {
		e.Err = errors.New(text)
	}
	return e
}

// said is the service's own word: the reason of the JSON API or the code of the XML API, and a
// text.
type said struct{ code, message string }

// parseRefusal reads the body of a refusal in either API's form; what is in neither is its text.
func parseRefusal(body []byte) said {
	body = bytes.TrimSpace(body)
	switch {
	case bytes.HasPrefix(body, []byte("{")):
		var j struct {
			Error struct {
				Message string
				Status  string // of IAM, which has no reasons
				Errors  []struct{ Reason string }
			}
		}
		if json.Unmarshal(body, &j) == nil {
			r := said{code: j.Error.Status, message: j.Error.Message}
			if len(j.Error.Errors) > 0 {
				r.code = j.Error.Errors[0].Reason
			}
			return r
		}
	case bytes.HasPrefix(body, []byte("<")):
		var x xmlError
		if xml.Unmarshal(body, &x) == nil && x.XMLName.Local == "Error" {
			return x.said()
		}
		return said{} // a page for people
	}
	if !utf8.Valid(body) || len(body) > 300 {
		return said{}
	}
	return said{message: string(body)}
}

type xmlError struct {
	XMLName                xml.Name
	Code, Message, Details string
}

func (x *xmlError) said() said {
	text := x.Message
	if x.Details != "" {
		text += " " + x.Details
	}
	return said{x.Code, text}
}

// kindOf has the codes that mean something else than their status, or that come without one (in a
// batch). The JSON API's are in lower case:
// https://cloud.google.com/storage/docs/json_api/v1/status-codes,
// https://cloud.google.com/storage/docs/xml-api/reference-status.
var kindOf = map[string]error{
	"NoSuchKey":    storage.ErrNotExist,
	"NoSuchUpload": storage.ErrNotExist,
	"NoSuchBucket": storage.ErrNoBucket,

	"rateLimitExceeded":     storage.ErrThrottled, // 403 or 429
	"userRateLimitExceeded": storage.ErrThrottled,
	"SlowDown":              storage.ErrThrottled, // 503

	// Another write was under way: nothing happened, and it is to be tried again.
	"conflict":         storage.ErrUnavailable,
	"OperationAborted": storage.ErrUnavailable,

	"AccessDenied":          storage.ErrPermission,
	"ExpiredToken":          storage.ErrPermission, // 400
	"InvalidSecurity":       storage.ErrPermission,
	"UserProjectMissing":    storage.ErrPermission, // 400: a requester-pays bucket
	"userProjectMissing":    storage.ErrPermission,
	"ObjectUnderActiveHold": storage.ErrPermission,
	"RetentionPolicyNotMet": storage.ErrPermission,

	"BadDigest":   storage.ErrIntegrity, // 400
	"CrcMismatch": storage.ErrIntegrity, // 400

	"KeyTooLong":        storage.ErrInvalidKey,
	"InvalidObjectName": storage.ErrInvalidKey,

	"InternalError":      storage.ErrUnavailable,
	"ServiceUnavailable": storage.ErrUnavailable,
	"RequestTimeout":     storage.ErrUnavailable,
}

func kindOfStatus(status int) error {
	switch status {
	case http.StatusGone: // a resumable session that ended
		return storage.ErrNotExist
	case http.StatusConflict:
		return storage.ErrUnavailable
	}
	if kind := httpdriver.KindOfStatus(status); kind != nil {
		return kind
	}
	return storage.ErrInvalid
}
