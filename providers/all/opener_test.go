package all

import (
	"errors"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/file"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/memory"
	"github.com/polystore/storage/providers/s3"
)

// unplugged notes the hosts that requests are for, and fails.
type unplugged struct{ hosts []string }

var errUnplugged = errors.New("unplugged")

func (u *unplugged) RoundTrip(r *http.Request) (*http.Response, error) {
	u.hosts = append(u.hosts, r.URL.Host)
	return nil, errUnplugged
}

// A program brings a transport and credentials; the URL says the rest, and wins where both speak.
func TestNewOpener(t *testing.T) {
	var u unplugged
	client := &http.Client{Transport: &u}
	var m storage.Mux
	m.Handle("s3", s3.NewOpener(&s3.Options{
		HTTPClient: client, Endpoint: "http://base.invalid", Provider: "minio", Region: "r",
		AccessKeyID: "id", SecretAccessKey: "secret",
	}))
	m.Handle("gs", gcs.NewOpener(&gcs.Options{HTTPClient: client, Endpoint: "http://base.invalid",
		Anonymous: true}))
	m.Handle("az", azure.NewOpener(&azure.Options{HTTPClient: client,
		Endpoint: "http://base.invalid/acct", Anonymous: true}))
	for raw, host := range map[string]string{
		"s3://bucket/p": "base.invalid",
		"s3://bucket?endpoint=http://url.invalid": "url.invalid",
		"gs://bucket/p": "base.invalid",
		"gs://bucket?endpoint=http://url.invalid": "url.invalid",
		"az://bucket/p": "base.invalid",
		"az://bucket?endpoint=http://url.invalid/act": "url.invalid",
	} {
		b, err := m.OpenWith(t.Context(), raw,
			&storage.Options{Retry: storage.RetryOptions{Attempts: 1}})
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		u.hosts = nil
		if _, err := b.Stat(t.Context(), "k", nil); !errors.Is(err, errUnplugged) {
			t.Errorf("%s: Stat = %v, want the transport's error", raw, err)
		}
		if len(u.hosts) != 1 || u.hosts[0] != host {
			t.Errorf("%s: requests to %v, want one to %s", raw, u.hosts, host)
		}
		b.Close()
	}

	m.Handle("file", file.NewOpener(&file.Options{CreateDir: true}))
	m.Handle("mem", memory.NewOpener(&memory.Options{Versions: true}))
	for _, raw := range []string{"file://" + t.TempDir() + "/new", "mem://versions-of-a-test"} {
		b, err := m.Open(t.Context(), raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		o, err := b.WriteAll(t.Context(), "k", []byte("x"), nil)
		if err != nil || (o.VersionID != "") != b.Capabilities().Versions {
			t.Errorf("%s: %+v, %v", raw, o, err)
		}
		b.Close()
	}
	if _, err := m.Open(t.Context(), "file://"+t.TempDir()+"/new?create_dir=false"); err == nil {
		t.Error("the URL does not win over the base")
	}
}
