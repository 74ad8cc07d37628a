package s3

import (
	"encoding/xml"
	"io"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/polystore/storage/driver/httpdriver"
)

// refusal is the error that the SDK would make of an answer, nil for a success. It closes the body
// of what it refuses.
//
// A write can be refused with a success for its status, which becomes 500 then:
// https://repost.aws/knowledge-center/s3-resolve-200-internalerror.
func refusal(method string, resp *http.Response) error {
	var said struct{ Code, Message, RequestId string }
	switch {
	case resp.StatusCode/100 != 2:
		if err := xml.NewDecoder(resp.Body).Decode(&said); err != nil && err != io.EOF {
			return refused(resp, "", err)
		}
	case method == http.MethodGet, method == http.MethodHead, resp.ContentLength == 0:
		return nil
	default:
		d := xml.NewDecoder(resp.Body)
		root, err := httpdriver.ReadRoot(d)
		if err == nil && strings.EqualFold(root.Name.Local, "Error") {
			resp.StatusCode = http.StatusInternalServerError
			err = d.DecodeElement(&said, root)
		} else if err == nil || err == httpdriver.ErrForeign { // what is said beside the success
			return nil
		}
		if err != nil {
			return refused(resp, "", err)
		}
	}
	if said.Code == "" && said.Message == "" {
		said.Message = http.StatusText(resp.StatusCode)
		said.Code = strings.ReplaceAll(said.Message, " ", "")
	}
	if said.Code == "" {
		said.Code = "UnknownError"
	}
	return refused(resp, said.RequestId, &smithy.GenericAPIError{
		Code: said.Code, Message: said.Message,
	})
}

// refused wraps the error of an answer as the SDK does.
func refused(resp *http.Response, requestID string, err error) error {
	httpdriver.Drain(resp)
	if requestID == "" {
		requestID = resp.Header.Get("X-Amz-Request-Id")
	}
	return &awshttp.ResponseError{
		RequestID: requestID,
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: resp}, Err: err,
		},
	}
}
