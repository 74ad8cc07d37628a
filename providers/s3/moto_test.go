package s3

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/testenv"
)

// motoRefuses are the keys that moto does not take and AWS does; a probe without this package shows
// it, too, in internal/testenv/defects. As it refuses one, key/odd of the suite is not for it:
// TestMotoOddKeys is.
var motoRefuses = map[string]bool{"a\nb": true}

// moto holds the names that the other servers cannot: what AWS takes is tried there as on AWS,
// nothing refused on the way. It is for keys and lists alone, see testenv.Moto.
func onMoto(t *testing.T) (*testenv.Server, Options, string) {
	env := testenv.Moto(t)
	transport := env.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	return env, Options{
		Region:          env.Region,
		Endpoint:        env.Endpoint,
		Provider:        "aws",
		PathStyle:       true,
		AccessKeyID:     env.AccessKey,
		SecretAccessKey: env.SecretKey,
		HTTPClient:      &http.Client{Transport: oneByOne{transport, make(chan struct{}, 1)}},
	}, env.NewBucket(t)
}

// oneByOne sends a request when the answer to the one before has begun: now and then moto answers
// 500 to a list while another request writes to the bucket.
type oneByOne struct {
	rt   http.RoundTripper
	turn chan struct{}
}

func (o oneByOne) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case o.turn <- struct{}{}:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	defer func() { <-o.turn }()
	return o.rt.RoundTrip(r)
}

func TestMotoConformance(t *testing.T) {
	env, o, bucket := onMoto(t)
	c := conformanceOptions(env, o, bucket)
	c.Only = []string{"key/portable", "key/long", "key/coexist", "key/case", "key/normal-forms",
		"list/*", "foreign/listed", "foreign/apart", "foreign/view"}
	conformance.Test(t, c)
}

// Every key that the profile of AWS lets through comes back byte for byte, from each kind of
// request.
func TestMotoOddKeys(t *testing.T) {
	_, o, bucket := onMoto(t)
	s := mustNew(t, bucket, &o)
	ctx := t.Context()
	for _, key := range []string{
		"a//b", "a/", "a//", "/a", "//a", "/", "//", "a/./b", "a/../b", ".", "./a", "a/.", "a.",
		"a./b", "a...", "...", "x/.../y", "tmp./x", ".sgwtmp/x",
		"fd", "fd/", "fd/child", "fd//child", `a\b`, `\`, " ", " a ", "a\tb", "a\nb", "a\rb",
		"\x01", "a\x7fb", "\u0085", "\ufffe", "\uffff", "a+b c%2F",
		"?x#y", strings.Repeat("s", 255), strings.Repeat("s", 1024),
		strings.TrimSuffix(strings.Repeat("d/", 260), "/"), "soap", "e\u0301", "\u00e9",
	} {
		if _, err := s.Put(ctx, key, strings.NewReader(key), int64(len(key)),
			&storage.PutOptions{}); (err != nil) != motoRefuses[key] {
			t.Errorf("Put(%.40q): %v, declared to be refused: %v", key, err, motoRefuses[key])
			continue
		} else if err != nil {
			continue
		}
		if got := read(t, s, key); got != key {
			t.Errorf("%.40q holds %.40q", key, got)
		}
		if o, err := s.Stat(ctx, key, &storage.StatOptions{}); err != nil ||
			o.Size != int64(len(key)) {
			t.Errorf("Stat(%.40q) = %+v, %v", key, o, err)
		}
		if _, err := s.Copy(ctx, "copy", key, &storage.CopyOptions{}); err != nil ||
			read(t, s, "copy") != key {
			t.Errorf("Copy from %.40q: %v", key, err)
		}
		if _, err := s.Copy(ctx, key, "copy", &storage.CopyOptions{}); err != nil {
			t.Errorf("Copy to %.40q: %v", key, err)
		}
		if err := s.Delete(ctx, "copy", &storage.DeleteOptions{}); err != nil {
			t.Errorf("Delete: %v", err)
		}
		// There is nothing else in the bucket, so whatever it was made of is seen.
		listed := func() []string {
			page, err := s.ListPage(ctx, &storage.ListOptions{})
			if err != nil {
				t.Fatalf("ListPage beside %.40q: %v", key, err)
			}
			var keys []string
			for _, o := range page.Objects {
				keys = append(keys, o.Key)
			}
			return keys
		}
		if diff := cmp.Diff([]string{key}, listed()); diff != "" {
			t.Errorf("ListPage (-want +got):\n%s", diff)
		}
		if errs, err := s.DeleteBatch(ctx, []string{key},
			&storage.DeleteBatchOptions{}); err != nil || errs[0] != nil {
			t.Errorf("DeleteBatch(%.40q): %v, %v", key, errs, err)
		}
		if left := listed(); left != nil {
			t.Errorf("%.40q is still there as %.40q", key, left)
		}
	}
}

// Objects of another program with an empty segment in their keys, on a service that keeps them, as
// Ceph and R2 do, and under the name of each.
func TestMotoForeignKeys(t *testing.T) {
	env, o, _ := onMoto(t)
	for _, provider := range []string{"generic", "ceph", "r2", "aws"} {
		t.Run(provider, func(t *testing.T) {
			o.Provider = provider
			c := conformanceOptions(env, o, env.NewBucket(t))
			c.Only = []string{"foreign/listed", "foreign/apart", "foreign/view"}
			conformance.Test(t, c)
		})
	}
}

// A server that nobody has named gets the rules for unknown ones, also where it cleans paths.
func TestForeignKeysOfUnknownServers(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		cleans := o.Provider == "versitygw"
		o.Provider = "generic"
		c := conformanceOptions(env, o, bucket)
		c.Only = []string{"foreign/apart", "foreign/view"}
		if !cleans { // see TestQuirks
			c.Only = append(c.Only, "foreign/listed")
		}
		conformance.Test(t, c)
	})
}
