package azure

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// fail says of an attempt's err what kind it is and whether the request may have been carried out
// all the same.
func fail(ctx context.Context, a *attempt, err error) *storage.Error {
	if a.answer != nil {
		a.answer.Close() // the SDK leaves it open where it cannot read a header
	}
	return failure(ctx, &a.Attempt, err)
}

// failure is fail for an attempt whose answer is closed.
func failure(ctx context.Context, a *httpdriver.Attempt, err error) *storage.Error {
	if own := a.Failure(); own != nil {
		return own // and the service never got the whole body
	}
	var none *httpdriver.NoCredentials
	var re *azcore.ResponseError
	switch {
	case errors.As(err, &none): // first: what it holds may be an answer, but not the service's
		return a.Fail(ctx, err)
	case errors.As(err, &re) && re.StatusCode != 0:
		return answer(ctx, a, re)
	}
	return a.Fail(ctx, err)
}

// answer classifies what the service said: by its code, and by the status where the code says
// nothing.
func answer(
	ctx context.Context, a *httpdriver.Attempt, re *azcore.ResponseError,
) *storage.Error {
	e := &storage.Error{Status: re.StatusCode, Code: re.ErrorCode}
	text, sourceStatus := http.StatusText(e.Status), 0
	if resp := re.RawResponse; resp != nil {
		e.Code = httpdriver.Conceal(resp.Request, e.Code)
		e.RequestID = httpdriver.Conceal(resp.Request, resp.Header.Get("X-Ms-Request-Id"))
		e.RetryAfter = httpdriver.RetryAfter(resp.Header.Get("Retry-After"))
		// 0 where there is none
		sourceStatus, _ = strconv.Atoi(resp.Header.Get("X-Ms-Copy-Source-Status-Code"))
		if m := httpdriver.Conceal(resp.Request, message(resp)); m != "" {
			text = m
		}
	}
	var known bool
	// ConditionNotMet, too
	if e.Kind, known = kindOf[e.Code]; !known || e.Status == http.StatusNotModified {
		e.Kind = httpdriver.KindOfStatus(e.Status)
	}
	if e.Kind == nil && e.Status/100 == 2 {
		e.Kind, text = storage.ErrUnavailable, httpdriver.ErrForeign.Error()
	}
	switch {
	case e.Code == "CannotVerifyCopySource", sourceStatus != 0:
		if sourceStatus == 0 {
			sourceStatus = e.Status
		}
		e.Kind = kindOfSource(sourceStatus)
	case e.Kind == storage.ErrNotExist && a.Missing != nil:
		e.Kind = a.Missing
	case e.Kind == storage.ErrPrecondition && e.Code != "SourceConditionNotMet" && a.Refused != nil:
		e.Kind = a.Refused
	case e.Code == "BlobArchived" || e.Code == "BlobBeingRehydrated":
		text = "the object is archived and must be rehydrated first: " + text
	case e.Code == "SnapshotsPresent":
		text = "the object has snapshots, which must be deleted first: " + text
	case e.Code == "InvalidBlobOrBlock":
		text = "another program has uploaded blocks to this key whose IDs have another length; " +
			"they are gone after a week: " + text
	case e.Kind == storage.ErrPermission && expiredAt(re.RawResponse) != "":
		text = "the shared access signature expired at " + expiredAt(re.RawResponse) + ": " + text
	case e.Kind == storage.ErrUnavailable && e.Status != http.StatusConflict: // which is definite
		e.InDoubt = a.InDoubt()
		if ctx.Err() != nil {
			e.Kind = nil
			e.Err = ctx.Err()
			return e
		}
	}
	e.Err = driver.NewCause(text, re)
	return e
}

// kindOf has the codes that mean something else than their status, and those whose status is not to
// be relied on. https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
var kindOf = map[string]error{
	"BlobNotFound":        storage.ErrNotExist,
	"ResourceNotFound":    storage.ErrNotExist,
	"ContainerNotFound":   storage.ErrNoBucket,
	"InvalidResourceName": storage.ErrInvalid,

	// 409, and passes: of the first after about half a minute, when the container may be made
	// again.
	"ContainerBeingDeleted": storage.ErrUnavailable,
	"AccountBeingCreated":   storage.ErrUnavailable,
	"PendingCopyOperation":  storage.ErrUnavailable,

	"BlobAlreadyExists":         storage.ErrExist,      // 409
	"UnauthorizedBlobOverwrite": storage.ErrPermission, // 403
	"ConditionNotMet":           storage.ErrPrecondition,
	"TargetConditionNotMet":     storage.ErrPrecondition,
	"SourceConditionNotMet":     storage.ErrPrecondition,
	"InvalidRange":              storage.ErrRange,

	// Somebody else holds a lease on the blob: 412 without its ID, 409 otherwise.
	"LeaseIdMissing":                    storage.ErrPermission,
	"LeaseIdMismatchWithBlobOperation":  storage.ErrPermission,
	"LeaseLost":                         storage.ErrPermission,
	"LeaseNotPresentWithBlobOperation":  storage.ErrPermission,
	"BlobImmutableDueToPolicy":          storage.ErrPermission, // 409
	"PublicAccessNotPermitted":          storage.ErrPermission, // 409
	"AccountIsDisabled":                 storage.ErrPermission,
	"ContainerDisabled":                 storage.ErrPermission, // 409
	"BlobArchived":                      storage.ErrPermission, // 409
	"BlobBeingRehydrated":               storage.ErrPermission, // 409
	"InvalidAuthenticationInfo":         storage.ErrPermission, // 400
	"AuthorizationSourceIPMismatch":     storage.ErrPermission,
	"AuthorizationProtocolMismatch":     storage.ErrPermission,
	"AuthorizationResourceTypeMismatch": storage.ErrPermission,

	// 503: over the limit of the account, the partition or the blob
	"ServerBusy":        storage.ErrThrottled,
	"InternalError":     storage.ErrUnavailable,
	"OperationTimedOut": storage.ErrUnavailable,

	"Md5Mismatch":   storage.ErrIntegrity, // 400
	"Crc64Mismatch": storage.ErrIntegrity, // 400

	"InvalidBlobType": errors.ErrUnsupported, // 409: an append or a page blob is there
	"FeatureNotYetSupportedForHierarchicalNamespaceAccounts": errors.ErrUnsupported,
	"APINotImplemented": errors.ErrUnsupported,
}

// kindOfSource is the kind of a copy whose source answered with status. Everything that is not
// plain (an empty source, one above the limit: 409) is for the Bucket to copy otherwise:
// https://github.com/Azure/azure-sdk-for-go/issues/19880.
func kindOfSource(status int) error {
	switch status {
	case http.StatusNotFound:
		return storage.ErrNotExist
	case http.StatusUnauthorized, http.StatusForbidden:
		return storage.ErrPermission
	case http.StatusPreconditionFailed, http.StatusNotModified:
		return storage.ErrPrecondition
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		return storage.ErrUnavailable
	}
	return errors.ErrUnsupported
}

// message is the first line of what the service says in XML; the lines behind it repeat the
// request's ID. The detail of an authentication failure, which repeats what was signed, is left
// out.
func message(resp *http.Response) string {
	if resp.Body == nil {
		return ""
	}
	b, err := io.ReadAll(resp.Body) // bytes that the SDK has read already
	if err != nil {
		return ""
	}
	var m struct{ Message, HeaderName, QueryParameterName string }
	if xml.Unmarshal(behindMark(b), &m) != nil {
		return ""
	}
	text, _, _ := strings.Cut(m.Message, "\n")
	text = strings.TrimSpace(text)
	for _, what := range [...]string{m.HeaderName, m.QueryParameterName} {
		if what != "" && text != "" {
			text += " (" + what + ")"
		}
	}
	return text
}

// expiredAt is when the shared access signature of the request expired, as it says itself; empty
// where it did not. The service tells that only beside what was signed.
func expiredAt(resp *http.Response) string {
	if resp == nil || resp.Request == nil {
		return ""
	}
	text := resp.Request.URL.Query().Get("se")
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil && t.Before(time.Now()) {
			return text
		}
	}
	return ""
}
