package gcsfake_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// newClient returns Google's client for s. It asks once: what the server says is what a test is to
// see.
func newClient(t *testing.T, s *gcsfake.Server, options ...option.ClientOption) *storage.Client {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	options = append([]option.ClientOption{option.WithEndpoint(s.URL + "/storage/v1/"),
		option.WithHTTPClient(&http.Client{Transport: transport})},
		options...)
	t.Setenv("STORAGE_EMULATOR_HOST", s.URL) // or it reads data from Google
	c, err := storage.NewClient(t.Context(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetRetry(storage.WithPolicy(storage.RetryNever))
	return c
}

// answer is a response that has been read.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// call is a bare request.
type call struct {
	method, path string // the path begins with a slash, and may have a query
	header       map[string]string
	body         string
}

// bare adds nothing to what it is given, and takes every answer as it is.
var bare = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// do sends c to base.
func (c call) do(t *testing.T, base string) answer {
	t.Helper()
	t.Cleanup(bare.CloseIdleConnections)
	url := base + c.path
	if strings.HasPrefix(c.path, "http") {
		url = c.path
	}
	req, err := http.NewRequestWithContext(t.Context(), c.method, url, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range c.header {
		if name == "Host" {
			req.Host = v
		}
		req.Header.Set(name, v)
	}
	resp, err := bare.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// reason is the one of a JSON error, or the code of an XML error; empty for anything else.
func (a answer) reason() string {
	var j struct {
		Error struct{ Errors []struct{ Reason string } }
	}
	if json.Unmarshal([]byte(a.Body), &j) == nil && len(j.Error.Errors) > 0 {
		return j.Error.Errors[0].Reason
	}
	var x struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}
	if xml.Unmarshal([]byte(a.Body), &x) == nil {
		return x.Code
	}
	return ""
}

// object is what tests look at of a resource.
type object struct {
	Name, Bucket, ContentType, StorageClass, MD5Hash, CRC32C string
	Size                                                     string
	Generation, Metageneration                               int64 `json:",string"`
	ComponentCount                                           int64
	Metadata                                                 map[string]string
}

func (a answer) object(t *testing.T) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(a.Body), &o); err != nil || a.Status != http.StatusOK {
		t.Fatalf("answer %d %s, want an object", a.Status, a.Body)
	}
	return o
}

// put writes an object by the simplest way there is.
func put(t *testing.T, s *gcsfake.Server, bucket, name, data string) object {
	t.Helper()
	return call{method: "POST", path: "/upload/storage/v1/b/" + bucket +
		"/o?uploadType=media&name=" + name, body: data}.do(t, s.URL).object(t)
}

func mustWrite(
	t *testing.T, ctx context.Context, o *storage.ObjectHandle, data string,
) *storage.ObjectAttrs {
	t.Helper()
	w := o.NewWriter(ctx)
	if _, err := io.WriteString(w, data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Attrs()
}

func decode[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil || a.Status != http.StatusOK {
		t.Fatalf("answer %d %s: %v", a.Status, a.Body, err)
	}
	return v
}
