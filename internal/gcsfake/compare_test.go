package gcsfake_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
)

// A row is requests that fake-gcs-server, an independent implementation, answers as Google
// documents. Both servers get the same ones, and have to say the same.
type row struct {
	name string
	run  func(p *peer)

	// differs names what the two do not agree on, where the reference is on our side: status or
	// reason, by the number of the step.
	differs map[int]string

	ignore []string // fields that only we do as documented
}

// peer is one of the two servers while a row runs, and what it answered.
type peer struct {
	*testing.T
	url, bucket string
	signer      *signer
	server      *gcsfake.Server // for URLs; only its address is used
	steps       []any
	ignore      []string
}

// step is an answer, without what no two servers have in common.
type step struct {
	Status int
	Reason string
	Body   any
}

// do sends a request, in which BUCKET stands for the bucket, and records the answer.
func (p *peer) do(method, path, body string, header ...string) answer {
	p.Helper()
	a := documented(method, p.ask(method, path, body, header...))
	p.record(a)
	return a
}

// documented puts in order what fake-gcs-server says otherwise in every row that deletes.
func documented(method string, a answer) answer {
	if method == http.MethodDelete && a.Status == http.StatusOK {
		return answer{Status: http.StatusNoContent}
	}
	return a
}

// ask is do without a record.
func (p *peer) ask(method, path, body string, header ...string) answer {
	p.Helper()
	h := map[string]string{}
	for i := 0; i < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return call{method, strings.ReplaceAll(path, "BUCKET", p.bucket), h, strings.ReplaceAll(body,
		"BUCKET", p.bucket)}.do(p.T, p.url)
}

func (p *peer) record(a answer) {
	s := step{Status: a.Status}
	switch {
	case a.Status >= 400:
		s.Reason = a.reason()
	case strings.HasPrefix(a.Header.Get("Content-Type"), "application/json"):
		var v any
		if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
			p.Errorf("%s: %v", a.Body, err)
		}
		s.Body = p.normal(v)
	default:
		s.Body = a.Body
	}
	p.steps = append(p.steps, s)
}

// unequal are fields that are a server's own: times, generations, IDs, links and what is made of
// them; and access control, which gcsfake leaves out; and where a bucket is, if nobody says.
var unequal = []string{"timeCreated", "updated", "timeStorageClassUpdated", "timeFinalized",
	"timeDeleted", "generation", "metageneration", "id", "etag",
	"selfLink", "mediaLink", "nextPageToken", "rewriteToken", "acl", "projectNumber", "location",
	"locationType",
	"versioning", "defaultEventBasedHold"}

func (p *peer) normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		v = maps.Clone(v)
		for _, name := range slices.Concat(unequal, p.ignore) {
			delete(v, name)
		}
		for name, value := range v {
			v[name] = p.normal(value)
		}
		return v
	case []any:
		for i := range v {
			v[i] = p.normal(v[i])
		}
	case string:
		return strings.ReplaceAll(v, p.bucket, "BUCKET")
	}
	return v
}

func TestCompare(t *testing.T) {
	other := testenv.FakeGCS(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	mine := gcsfake.Start(t,
		gcsfake.Options{Signers: map[string]*rsa.PublicKey{"me@x": &key.PublicKey}})
	me := &signer{key: key, email: "me@x"}
	for _, row := range compareRows() {
		t.Run(row.name, func(t *testing.T) {
			a := &peer{T: t, url: mine.URL, bucket: mine.NewBucket(t), signer: me, server: mine,
				ignore: row.ignore}
			row.run(a)
			b := &peer{T: t, url: other.Endpoint, bucket: other.NewBucket(t), signer: me,
				server: &gcsfake.Server{URL: other.Endpoint}, ignore: row.ignore}
			row.run(b)
			if len(a.steps) == 0 || len(a.steps) != len(b.steps) {
				t.Fatalf("%d and %d steps", len(a.steps), len(b.steps))
			}
			for i := range a.steps {
				diff := cmp.Diff(b.steps[i], a.steps[i])
				if why := row.differs[i]; (why == "") != (diff == "") {
					t.Errorf("step %d (declared: %q): -fake-gcs-server +gcsfake\n%s", i, why, diff)
				}
			}
		})
	}
}
