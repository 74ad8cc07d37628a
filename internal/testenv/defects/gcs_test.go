package defects

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	gcloud "cloud.google.com/go/storage"

	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
)

// gcsBucket is an empty bucket and the way to it: net/http, since the SDK hides half of what is
// asked for here.
type gcsBucket struct {
	client   *http.Client
	endpoint string
	name     string
	host     string // that signatures are made for
}

// gcsAnswer is a response that has been read.
type gcsAnswer struct {
	status int
	header http.Header
	body   string
}

func (a gcsAnswer) String() string { return fmt.Sprintf("%d %.120s", a.status, a.body) }

// gcsProbe is as probe.
type gcsProbe func(ctx context.Context, b gcsBucket) (shown bool, saw string, err error)

var gcsProbes = map[string]gcsProbe{
	GCSReadMatchIgnored: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if err := b.put(ctx, "k", "content"); err != nil {
			return false, "", err
		}
		a, err := b.do(ctx, http.MethodGet, b.object("k")+"?ifGenerationMatch=5", nil, "")
		return a.status == http.StatusOK, a.String(), err
	},
	GCSDeleteMatchIgnored: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if err := b.put(ctx, "k", "content"); err != nil {
			return false, "", err
		}
		a, err := b.do(ctx, http.MethodDelete, b.object("k")+"?ifGenerationMatch=5", nil, "")
		return a.status/100 == 2, a.String(), err
	},
	GCSRewriteMatchIgnored: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if err := b.put(ctx, "l", "there"); err != nil {
			return false, "", err
		}
		a, err := b.rewrite(ctx, "?ifGenerationMatch=0", "")
		return a.status == http.StatusOK, a.String(), err
	},
	GCSRewriteSourceIgnored: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		a, err := b.rewrite(ctx, "?ifSourceGenerationMatch=5", "")
		return a.status == http.StatusOK, a.String(), err
	},
	GCSRewriteKeepsHeaders: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if _, err := b.rewrite(ctx, "", `{"contentType":"text/y"}`); err != nil {
			return false, "", err
		}
		o, err := b.resource(ctx, "l")
		return o.CacheControl != "", fmt.Sprintf("%+v", o), err
	},
	GCSRewriteClassIgnored: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if _, err := b.rewrite(ctx, "",
			`{"contentType":"text/y","storageClass":"NEARLINE"}`); err != nil {
			return false, "", err
		}
		o, err := b.resource(ctx, "l")
		return o.StorageClass != "NEARLINE", fmt.Sprintf("%+v", o), err
	},
	GCSMultipartMissing: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		a, err := b.do(ctx, http.MethodPost, "/"+b.name+"/k?uploads", nil, "")
		return a.status != http.StatusOK, a.String(), err
	},
	GCSMultiDeleteMissing: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		a, err := b.do(ctx, http.MethodPost, "/"+b.name+"?delete", nil,
			"<Delete><Object><Key>k</Key></Object></Delete>")
		return a.status != http.StatusOK, a.String(), err
	},
	GCSPagesRepeatPrefixes: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		for _, k := range []string{"a", "b/1", "c", "d/1"} {
			if err := b.put(ctx, k, "x"); err != nil {
				return false, "", err
			}
		}
		a, err := b.do(ctx, http.MethodGet, "/storage/v1/b/"+b.name+
			"/o?delimiter=/&maxResults=1&fields=nextPageToken,prefixes,items(name)", nil, "")
		return strings.Contains(a.body, "b/"), a.String(), err
	},
	GCSDelimiterOneByte: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if err := b.put(ctx, "c--1", "x"); err != nil {
			return false, "", err
		}
		a, err := b.do(ctx, http.MethodGet, "/storage/v1/b/"+b.name+"/o?delimiter=--", nil, "")
		return !strings.Contains(a.body, `"c--"`), a.String(), err
	},
	GCSEmptySuffix: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if err := b.put(ctx, "k", ""); err != nil {
			return false, "", err
		}
		a, err := b.do(ctx, http.MethodGet, "/"+b.name+"/k", http.Header{"Range": {"bytes=-5"}}, "")
		return a.status == http.StatusPartialContent, fmt.Sprint(a.status,
			a.header["Content-Range"]), err
	},
	GCSRangeBeforeCondition: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if err := b.put(ctx, "k", "0123456789"); err != nil {
			return false, "", err
		}
		a, err := b.do(ctx, http.MethodGet, "/"+b.name+"/k", http.Header{
			"Range": {"bytes=100-"}, "X-Goog-If-Generation-Match": {"5"},
		}, "")
		return a.status == http.StatusRequestedRangeNotSatisfiable, a.String(), err
	},
	GCSReadWithoutClass: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if err := b.put(ctx, "k", "x"); err != nil {
			return false, "", err
		}
		a, err := b.do(ctx, http.MethodGet, "/"+b.name+"/k", nil, "")
		return a.header.Get("X-Goog-Storage-Class") == "", fmt.Sprint(a.header), err
	},
	GCSStatusQueryCompletes: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		a, err := b.do(ctx, http.MethodPost, "/upload/storage/v1/b/"+b.name+
			"/o?uploadType=resumable&name=k", nil, "")
		if err != nil {
			return false, "", err
		}
		session, err := url.Parse(a.header.Get("Location"))
		if err != nil {
			return false, "", err
		}
		if a, err = b.do(ctx, http.MethodPut, session.RequestURI(),
			http.Header{"Content-Range": {"bytes */*"}}, ""); err != nil {
			return false, "", err
		}
		return a.status != http.StatusPermanentRedirect, a.String(), nil
	},
	GCSContextsDropped: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		if err := b.insert(ctx, `{"name":"k","contexts":{"custom":{"tier":{"value":"1"}}}}`,
			"content"); err != nil {
			return false, "", err
		}
		o, err := b.resource(ctx, "k")
		return len(o.Contexts.Custom) == 0, fmt.Sprintf("%+v", o), err
	},
	GCSSignatureNotVerified: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		return b.signed(ctx, http.MethodGet, nil, func(q url.Values) {
			q.Set("X-Goog-Signature",
				strings.Repeat("00", 256))
		})
	},
	GCSExpiryNotVerified: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		return b.signed(ctx, http.MethodGet, nil, func(q url.Values) {
			q.Set("X-Goog-Date",
				"20200101T000000Z")
		})
	},
	GCSSignedConditionsIgnored: func(ctx context.Context, b gcsBucket) (bool, string, error) {
		return b.signed(ctx, http.MethodPut, http.Header{"X-Goog-If-Generation-Match": {"0"}}, nil)
	},
}

// TestGCSDefects shows the defects of fake-gcs-server, and that the probes can tell: gcsfake, which
// follows the reference, has none of them.
func TestGCSDefects(t *testing.T) {
	for _, d := range GCS {
		t.Run(d.Server+"/"+d.Name, func(t *testing.T) {
			p, ok := gcsProbes[d.Name]
			if !ok {
				t.Fatal("declared without a probe")
			}
			s := testenv.FakeGCS(t)
			b := gcsBucket{s.Client, s.Endpoint, s.NewBucket(t), strings.TrimPrefix(s.Endpoint,
				"http://")}
			saw, err := judge(t.Context(), d, func(ctx context.Context, _ bucket) (bool, string,
				error) {
				return p(ctx, b)
			}, bucket{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s (%s)", d.Reason, saw)
		})
		t.Run("gcsfake/"+d.Name, func(t *testing.T) {
			s := gcsfake.Start(t,
				gcsfake.Options{Signers: map[string]*rsa.PublicKey{gcsSigner: &gcsKey().PublicKey}})
			transport := &http.Transport{DisableCompression: true}
			t.Cleanup(transport.CloseIdleConnections)
			host, _, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
			b := gcsBucket{&http.Client{Transport: transport}, s.URL, s.NewBucket(t), host}
			shown, saw, err := gcsProbes[d.Name](t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if shown {
				t.Errorf("shown: %s", saw)
			}
		})
	}
	if len(gcsProbes) != len(GCS) {
		t.Errorf("%d probes, %d declarations", len(gcsProbes), len(GCS))
	}
}

func (b gcsBucket) object(key string) string { return "/storage/v1/b/" + b.name + "/o/" + key }

func (b gcsBucket) do(
	ctx context.Context, method, target string, header http.Header, body string,
) (gcsAnswer, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.endpoint+target, strings.NewReader(body))
	if err != nil {
		return gcsAnswer{}, err
	}
	for name, v := range header {
		req.Header[name] = v
	}
	if name := req.Header.Get("Host"); name != "" {
		req.Host = name
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return gcsAnswer{}, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return gcsAnswer{resp.StatusCode, resp.Header, string(content)}, err
}

// put writes an object with a Cache-Control.
func (b gcsBucket) put(ctx context.Context, key, content string) error {
	return b.insert(ctx, `{"name":"`+key+`","cacheControl":"no-store"}`, content)
}

// insert writes an object by a multipart insert.
func (b gcsBucket) insert(ctx context.Context, resource, content string) error {
	body := "--x\r\nContent-Type: application/json\r\n\r\n" + resource + "\r\n" +
		"--x\r\nContent-Type: text/x\r\n\r\n" + content + "\r\n--x--\r\n"
	h := http.Header{"Content-Type": {"multipart/related; boundary=x"}}
	a, err := b.do(ctx, http.MethodPost, "/upload/storage/v1/b/"+b.name+"/o?uploadType=multipart",
		h, body)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("inserting %s: %v", resource, a)
	}
	return err
}

// rewrite copies a new k to l.
func (b gcsBucket) rewrite(ctx context.Context, query, body string) (gcsAnswer, error) {
	if err := b.put(ctx, "k", "content"); err != nil {
		return gcsAnswer{}, err
	}
	h := http.Header{"Content-Type": {"application/json"}}
	return b.do(ctx, http.MethodPost, b.object("k")+"/rewriteTo/b/"+b.name+"/o/l"+query, h, body)
}

type gcsResource struct {
	CacheControl, StorageClass string
	Contexts                   struct {
		Custom map[string]struct{ Value string }
	}
}

func (b gcsBucket) resource(ctx context.Context, key string) (r gcsResource, err error) {
	a, err := b.do(ctx, http.MethodGet, b.object(key), nil, "")
	if err == nil {
		err = json.Unmarshal([]byte(a.body), &r)
	}
	return r, err
}

// signed follows a signed URL of an object that is there, changed by bend; the defect is that it is
// served.
func (b gcsBucket) signed(
	ctx context.Context, method string, header http.Header, bend func(url.Values),
) (bool, string, error) {
	if err := b.put(ctx, "k", "content"); err != nil {
		return false, "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(gcsKey())
	if err != nil {
		return false, "", err
	}
	o := &gcloud.SignedURLOptions{
		GoogleAccessID: gcsSigner, PrivateKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY",
			Bytes: der}), Method: method,
		Expires: time.Now().Add(time.Minute), Scheme: gcloud.SigningSchemeV4, Insecure: true,
		Hostname: b.host,
	}
	for name, v := range header {
		o.Headers = append(o.Headers, strings.ToLower(name)+":"+v[0])
	}
	text, err := gcloud.SignedURL(b.name, "k", o)
	if err != nil {
		return false, "", err
	}
	u, err := url.Parse(text)
	if err != nil {
		return false, "", err
	}
	q := u.Query()
	if bend != nil {
		bend(q)
	}
	h := header.Clone()
	if h == nil {
		h = make(http.Header)
	}
	h.Set("Host", b.host) // the SDK signs a host without its port
	a, err := b.do(ctx, method, u.EscapedPath()+"?"+q.Encode(), h, "")
	return a.status == http.StatusOK, a.String(), err
}

const gcsSigner = "signer@project.iam.gserviceaccount.com"

var gcsKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})
