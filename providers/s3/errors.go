package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

const regionHeader = "X-Amz-Bucket-Region"

// fail says of an attempt's err what kind it is and whether the request may have been carried out
// all the same.
func (s *Store) fail(ctx context.Context, a *attempt, err error) *storage.Error {
	if own := a.Failure(); own != nil {
		return own // and the service never got the whole body
	}
	var none *httpdriver.NoCredentials
	var re *smithyhttp.ResponseError
	var ae smithy.APIError
	answered := errors.As(err, &re) && re.Response != nil && re.HTTPStatusCode() != 0
	switch {
	case errors.As(err, &none): // first: what it holds may be an answer, but not the service's
		return a.Fail(ctx, err)
	case answered && errors.As(err, &ae):
		return s.answer(a, re, ae.ErrorCode(), ae.ErrorMessage(), err)
	case answered && re.HTTPStatusCode() >= http.StatusMultipleChoices:
		// A page of what is in between: its status is all it says.
		return s.answer(a, re, "", "", err)
	}
	e := a.Fail(ctx, driver.NewCause(plainText(err), err))
	if answered && e.Kind != nil { // an answer that broke off in the middle
		e.Status = re.HTTPStatusCode()
		e.RequestID = requestID(err)
	}
	return e
}

// answer classifies what the service said: by its code, and by the status where the code says
// nothing. The order matters: a refusal can come with status 200 (which the SDK makes 500),
// https://repost.aws/knowledge-center/s3-resolve-200-internalerror.
func (s *Store) answer(
	a *attempt, re *smithyhttp.ResponseError, code, text string, err error,
) *storage.Error {
	h, req := re.Response.Header, re.Response.Request
	text = httpdriver.Conceal(req, text)
	e := &storage.Error{
		Status:     re.HTTPStatusCode(),
		Code:       httpdriver.Conceal(req, code),
		RequestID:  httpdriver.Conceal(req, requestID(err)),
		RetryAfter: httpdriver.RetryAfter(h.Get("Retry-After")),
	}
	if text == "" {
		text = http.StatusText(e.Status)
	}
	head := re.Response.Request != nil && re.Response.Request.Method == http.MethodHead
	var known bool
	if e.Kind, known = kindOf[e.Code]; !known {
		e.Kind = httpdriver.KindOfStatus(e.Status)
	}
	switch {
	case e.Code == "NoSuchKey" || e.Code == "NoSuchVersion" ||
		e.Kind == storage.ErrNotExist && !known:
		switch {
		case a.Missing != nil:
			e.Kind = a.Missing
		case !known && (a.Write || a.document != nil):
			e.Kind = nil // it is not said what is missing: it could be S3, at this endpoint
		}
	case e.Kind == storage.ErrPrecondition && a.Refused != nil:
		e.Kind = a.Refused
	case e.Code == "MethodNotAllowed" && h.Get("X-Amz-Delete-Marker") == "true":
		e.Kind = storage.ErrNotExist // the version that was asked for marks a deletion
	case e.Code == "InvalidObjectState",
		e.Code == "ObjectNotInActiveTierError": // of a copy's source
		text = "the object is archived and must be restored first: " + text
	case e.Code == "ExpiredToken", e.Code == "ExpiredTokenException",
		e.Code == "TokenRefreshRequired":
		if s.credentials != nil && s.credentials.expired(a.signed) {
			e.Kind = storage.ErrUnavailable
		}
	case head && e.Status == http.StatusBadRequest &&
		s.credentials != nil && s.credentials.mayHaveExpired(a.signed):
		// All that a HEAD says of ExpiredToken.
		e.Kind = storage.ErrUnavailable
	case head && e.Status == http.StatusForbidden && skewed(re.Response.Response):
		// All that a HEAD says of RequestTimeTooSkewed.
		e.Kind = storage.ErrUnavailable
	case e.Kind == storage.ErrUnavailable && !known || e.Code == "InternalError",
		// A proxy's: S3's own is a 400. The SDK makes a code of the status.
		e.Status == http.StatusRequestTimeout:
		e.InDoubt = a.InDoubt()
	}
	if region := h.Get(regionHeader); region != "" && region != s.region && wrongRegion(e) {
		e.Kind = storage.ErrInvalid
		text = fmt.Sprintf("the bucket is in region %s, not %s: %s", region, s.region, text)
	}
	e.Err = driver.NewCause(text, err)
	return e
}

// skewed reports whether the request was signed for another time than that of its answer: S3 allows
// for 15 minutes.
func skewed(resp *http.Response) bool {
	signed, err := time.Parse("20060102T150405Z", resp.Request.Header.Get("X-Amz-Date"))
	now, err2 := http.ParseTime(resp.Header.Get("Date"))
	return err == nil && err2 == nil && now.Sub(signed).Abs() > 15*time.Minute
}

// wrongRegion reports whether e is how S3 says that the bucket is elsewhere. It is not followed:
// the request is signed for a region, and an endless detour costs more than a right option.
func wrongRegion(e *storage.Error) bool {
	switch e.Code {
	case "PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed",
		"IllegalLocationConstraintException":
		return true
	}
	return e.Status == http.StatusMovedPermanently || e.Status == http.StatusTemporaryRedirect ||
		e.Status == http.StatusBadRequest && e.Code == "BadRequest"
}

// kindOf has the codes that mean something else than their status, and those whose status is not to
// be relied on. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; XMinio… and
// XAdmin… are the servers' own.
var kindOf = map[string]error{
	"NoSuchKey":     storage.ErrNotExist,
	"NoSuchVersion": storage.ErrNotExist,
	"NoSuchUpload":  storage.ErrNotExist,
	"NoSuchBucket":  storage.ErrNoBucket,

	"PreconditionFailed": storage.ErrPrecondition,
	"NotModified":        storage.ErrNotModified,
	"InvalidRange":       storage.ErrRange,

	// Another conditional write was under way: nothing happened, and it is to be tried again.
	"ConditionalRequestConflict": storage.ErrUnavailable,
	"OperationAborted":           storage.ErrUnavailable,

	"SlowDown":                               storage.ErrThrottled,
	"SlowDownRead":                           storage.ErrThrottled,
	"SlowDownWrite":                          storage.ErrThrottled,
	"Throttling":                             storage.ErrThrottled,
	"ThrottlingException":                    storage.ErrThrottled,
	"ThrottledException":                     storage.ErrThrottled,
	"RequestThrottled":                       storage.ErrThrottled,
	"RequestThrottledException":              storage.ErrThrottled,
	"RequestLimitExceeded":                   storage.ErrThrottled,
	"BandwidthLimitExceeded":                 storage.ErrThrottled,
	"TooManyRequests":                        storage.ErrThrottled,
	"TooManyRequestsException":               storage.ErrThrottled,
	"ProvisionedThroughputExceededException": storage.ErrThrottled,

	// Refused before anything was done; the next attempt has the right time, or more of it.
	"RequestTimeTooSkewed": storage.ErrUnavailable,
	"RequestTimeout":       storage.ErrUnavailable,
	"InternalError":        storage.ErrUnavailable,

	"ExpiredToken":                 storage.ErrPermission, // 400, and so are the next three
	"ExpiredTokenException":        storage.ErrPermission,
	"TokenRefreshRequired":         storage.ErrPermission,
	"InvalidToken":                 storage.ErrPermission,
	"InvalidSecurity":              storage.ErrPermission,
	"XAdminUserNotFound":           storage.ErrPermission, // 404
	"InvalidAccessKeyId":           storage.ErrPermission,
	"InvalidObjectState":           storage.ErrPermission,
	"ObjectNotInActiveTierError":   storage.ErrPermission,
	"AccessDenied":                 storage.ErrPermission,
	"RequestExpired":               storage.ErrPermission,
	"KMS.DisabledException":        storage.ErrPermission, // 400
	"AuthorizationHeaderMalformed": storage.ErrPermission, // 400; another region, if one is named

	"PermanentRedirect": storage.ErrInvalid,
	"TemporaryRedirect": storage.ErrInvalid,

	"BadDigest":                   storage.ErrIntegrity,
	"XAmzContentChecksumMismatch": storage.ErrIntegrity,
	"XAmzContentSHA256Mismatch":   storage.ErrIntegrity,
	"XAmzContentSha256Mismatch":   storage.ErrIntegrity,

	"KeyTooLongError":           storage.ErrInvalidKey,
	"XMinioInvalidObjectName":   storage.ErrInvalidKey,
	"XMinioInvalidResourceName": storage.ErrInvalidKey,

	// A directory with something in it, and no object of its own name (versitygw).
	"ErrDirectoryNotEmpty": storage.ErrNotExist,

	"NotImplemented":   errors.ErrUnsupported,
	"MethodNotAllowed": errors.ErrUnsupported,
	// Servers on directories: a file is where this key needs a directory, or the other way round.
	"ObjectParentIsFile":          errors.ErrUnsupported,
	"ExistingObjectIsDirectory":   errors.ErrUnsupported,
	"ExistingObjectIsFile":        errors.ErrUnsupported,
	"DirectoryObjectContainsData": errors.ErrUnsupported,
	"XMinioParentIsObject":        errors.ErrUnsupported,
}

func requestID(err error) string {
	var re *awshttp.ResponseError
	if errors.As(err, &re) {
		return re.ServiceRequestID()
	}
	return ""
}

// plainText is what is behind the last wrapping that can hold a URL or repeats what an
// *storage.Error says.
func plainText(err error) string {
	var said *driver.Cause
	var ue *url.Error
	var send *smithyhttp.RequestSendError
	var op *smithy.OperationError
	var re *smithyhttp.ResponseError
	for {
		switch {
		case errors.As(err, &said):
			return said.Error()
		case errors.As(err, &ue):
			err = ue.Err
		case errors.As(err, &send):
			err = send.Err
		case errors.As(err, &op):
			err = op.Err
		case errors.As(err, &re):
			err = re.Err
		default:
			return err.Error()
		}
		if err == nil {
			return "failed"
		}
	}
}
