package gcsfake

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bucketResource is a bucket in the JSON API (json_api/v1/buckets#resource).
type bucketResource struct {
	Kind           string      `json:"kind"`
	ID             string      `json:"id"`
	SelfLink       string      `json:"selfLink"`
	Name           string      `json:"name"`
	ProjectNumber  int64       `json:"projectNumber,string"`
	Metageneration int64       `json:"metageneration,string"`
	Location       string      `json:"location"`
	LocationType   string      `json:"locationType"`
	StorageClass   string      `json:"storageClass"`
	ETag           string      `json:"etag"`
	Versioning     *versioning `json:"versioning,omitempty"`
	TimeCreated    time.Time   `json:"timeCreated"`
	Updated        time.Time   `json:"updated"`
}

type versioning struct {
	Enabled bool `json:"enabled"`
}

// resource describes the bucket. The caller holds b.mu.
func (b *bucket) resource(base string) *bucketResource {
	r := &bucketResource{
		Kind: "storage#bucket", ID: b.name, Name: b.name, SelfLink: base + "/storage/v1/b/" +
			b.name, ProjectNumber: 1,
		Metageneration: b.metageneration, Location: b.location, LocationType: "multi-region",
		StorageClass: b.storageClass,
		ETag:         strconv.FormatInt(b.metageneration, 10), TimeCreated: b.created,
		Updated: b.updated,
	}
	if b.versioning {
		r.Versioning = &versioning{true}
	}
	return r
}

// listBuckets is Buckets: list, of whatever project (json_api/v1/buckets/list).
func (s *Server) listBuckets(w http.ResponseWriter, q *request) error {
	limit, err := q.limit("maxResults")
	if err != nil {
		return err
	}
	after, err := parseToken(q.query.Get("pageToken"))
	if err != nil {
		return err
	}
	s.mu.Lock()
	buckets := maps.Clone(s.buckets)
	s.mu.Unlock()
	page := struct {
		Kind          string            `json:"kind"`
		NextPageToken string            `json:"nextPageToken,omitempty"`
		Items         []*bucketResource `json:"items,omitempty"`
	}{Kind: "storage#buckets"}
	for _, name := range slices.Sorted(maps.Keys(buckets)) {
		if !strings.HasPrefix(name, q.query.Get("prefix")) || name <= after.Name {
			continue
		}
		if n := len(page.Items); n == limit {
			page.NextPageToken = (&cursor{Name: page.Items[n-1].Name}).token()
			break
		}
		b := buckets[name]
		b.mu.Lock()
		page.Items = append(page.Items, b.resource(q.base()))
		b.mu.Unlock()
	}
	return writeJSON(w, q, page)
}

// readBucket reads the fields that a client may write. Access is not controlled here, so whatever
// iamConfiguration says holds.
func readBucket(q *request) (body struct {
	Name, Location, StorageClass string
	Versioning                   *versioning
}, err error) {
	var resource map[string]json.RawMessage
	data, err := q.data()
	if err != nil {
		return body, err
	}
	if json.Unmarshal(data, &resource) != nil || json.Unmarshal(data, &body) != nil {
		return body, &apiError{status: 400, reason: "parseError", message: "Parse Error"}
	}
	return body, checkFields(resource, "name location storageClass versioning iamConfiguration")
}

// insertBucket is Buckets: insert (json_api/v1/buckets/insert).
func (s *Server) insertBucket(w http.ResponseWriter, q *request) error {
	body, err := readBucket(q)
	if err != nil {
		return err
	}
	if err := checkBucketName(body.Name); err != nil {
		return err
	}
	b := newBucket(body.Name, s.now())
	b.location, b.storageClass = strings.ToUpper(or(body.Location, b.location)),
		or(body.StorageClass, b.storageClass)
	b.versioning = body.Versioning != nil && body.Versioning.Enabled
	if err := (&attributes{storageClass: b.storageClass}).validate(); err != nil {
		return err
	}
	if !s.addBucket(b) {
		return &apiError{status: 409, reason: "conflict", code: "BucketAlreadyOwnedByYou",
			message: "Your previous request to create the named bucket succeeded and you already " +
				"own it."}
	}
	r, err := b.view(q, func() {})
	if err != nil {
		return err
	}
	return writeJSON(w, q, r)
}

// addBucket reports whether there was none of that name.
func (s *Server) addBucket(b *bucket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[b.name] != nil {
		return false
	}
	s.buckets[b.name] = b
	return true
}

// getBucket is Buckets: get (json_api/v1/buckets/get).
func (s *Server) getBucket(w http.ResponseWriter, q *request) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	r, err := b.view(q, func() {})
	if err != nil {
		return err
	}
	return writeJSON(w, q, r)
}

// view returns the resource after change, if the bucket passes the request's conditions.
func (b *bucket) view(q *request, change func()) (*bucketResource, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.checkMetageneration(q); err != nil {
		return nil, err
	}
	change()
	return b.resource(q.base()), nil
}

// patchBucket is Buckets: patch, of the one property that matters here (json_api/v1/buckets/patch).
func (s *Server) patchBucket(w http.ResponseWriter, q *request) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	body, err := readBucket(q)
	if err != nil {
		return err
	}
	if strings.ToUpper(or(body.Location, b.location)) != b.location ||
		or(body.StorageClass, b.storageClass) != b.storageClass {
		return errNotImplemented("change of", "location and storageClass")
	}
	r, err := b.view(q, func() {
		if body.Versioning != nil {
			b.versioning = body.Versioning.Enabled
		}
		b.metageneration++
		b.updated = s.now()
	})
	if err != nil {
		return err
	}
	return writeJSON(w, q, r)
}

// deleteBucket is Buckets: delete, of an empty one; unfinished uploads do not count
// (json_api/v1/buckets/delete).
func (s *Server) deleteBucket(w http.ResponseWriter, q *request) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	b.mu.Lock()
	err = b.checkMetageneration(q)
	if err == nil && len(b.names) > 0 {
		err = &apiError{status: 409, reason: "conflict", code: "BucketNotEmpty",
			message: "The bucket you tried to delete is not empty."}
	}
	b.gone = err == nil // for a write that has found the bucket already
	b.mu.Unlock()
	if err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.buckets, b.name)
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// checkMetageneration holds the conditions that buckets know to b, as if it were an object. The
// caller holds b.mu.
func (b *bucket) checkMetageneration(q *request) error {
	c, err := queryConditions(q.query, "")
	if err != nil {
		return err
	}
	return c.check(&object{metageneration: b.metageneration})
}
