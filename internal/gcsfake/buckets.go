package gcsfake

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
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
		Kind: "storage#bucket", ID: b.name, Name: b.name, SelfLink: base + "/storage/v1/b/" + b.name, ProjectNumber: 1,
		Metageneration: b.metageneration, Location: b.location, LocationType: "multi-region", StorageClass: b.storageClass,
		ETag: strconv.FormatInt(b.metageneration, 10), TimeCreated: b.created, Updated: b.updated,
	}
	if b.versioning {
		r.Versioning = &versioning{true}
	}
	return r
}

// listBuckets is Buckets: list, of whatever project, on one page (json_api/v1/buckets/list).
func (s *Server) listBuckets(w http.ResponseWriter, q *request) error {
	s.mu.Lock()
	buckets := maps.Clone(s.buckets)
	s.mu.Unlock()
	page := struct {
		Kind  string            `json:"kind"`
		Items []*bucketResource `json:"items,omitempty"`
	}{Kind: "storage#buckets"}
	for _, name := range slices.Sorted(maps.Keys(buckets)) {
		b := buckets[name]
		b.mu.Lock()
		page.Items = append(page.Items, b.resource(q.base()))
		b.mu.Unlock()
	}
	return writeJSON(w, q, page)
}

// insertBucket is Buckets: insert (json_api/v1/buckets/insert).
func (s *Server) insertBucket(w http.ResponseWriter, q *request) error {
	var body struct {
		Name, Location, StorageClass string
		Versioning                   versioning
	}
	if err := json.NewDecoder(q.Body).Decode(&body); err != nil {
		return &apiError{status: 400, reason: "parseError", message: "Parse Error"}
	}
	if err := checkBucketName(body.Name); err != nil {
		return err
	}
	b := newBucket(body.Name, s.now())
	b.location, b.storageClass = or(body.Location, b.location), or(body.StorageClass, b.storageClass)
	b.versioning = body.Versioning.Enabled
	if err := (&attributes{storageClass: b.storageClass}).validate(); err != nil {
		return err
	}
	if !s.addBucket(b) {
		return &apiError{status: 409, reason: "conflict", code: "BucketAlreadyOwnedByYou",
			message: "Your previous request to create the named bucket succeeded and you already own it."}
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
	var body struct{ Versioning *versioning }
	if err := json.NewDecoder(q.Body).Decode(&body); err != nil {
		return &apiError{status: 400, reason: "parseError", message: "Parse Error"}
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

// deleteBucket is Buckets: delete, of an empty one; unfinished uploads do not count (json_api/v1/buckets/delete).
func (s *Server) deleteBucket(w http.ResponseWriter, q *request) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	b.mu.Lock()
	err = b.checkMetageneration(q)
	if err == nil && len(b.names) > 0 {
		err = &apiError{status: 409, reason: "conflict", code: "BucketNotEmpty", message: "The bucket you tried to delete is not empty."}
	}
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

// checkMetageneration holds the conditions that buckets know to b, as if it were an object. The caller holds b.mu.
func (b *bucket) checkMetageneration(q *request) error {
	c, err := queryConditions(q.query, "")
	if err != nil {
		return err
	}
	c.generation, c.notGeneration = nil, nil
	return c.check(&object{metageneration: b.metageneration})
}
