package gcsfake

import (
	"encoding/json"
	"net/http"
)

// patchObject is Objects: patch: what the body does not name stays.
//
// json_api/v1/objects/patch.
func (s *Server) patchObject(w http.ResponseWriter, q *request) error {
	return s.change(w, q, func(o *object) attributes { return o.attributes })
}

// updateObject is Objects: update: what the body does not name is unset, other than what can only
// be changed by a rewrite, or never be taken away.
//
// json_api/v1/objects/update.
func (s *Server) updateObject(w http.ResponseWriter, q *request) error {
	return s.change(w, q, func(o *object) attributes {
		return attributes{storageClass: o.storageClass, customTime: o.customTime}
	})
}

// change replaces attributes: the generation stays, the metageneration grows by one.
func (s *Server) change(w http.ResponseWriter, q *request, from func(*object) attributes) error {
	body, err := q.data()
	if err != nil {
		return err
	}
	var resource map[string]json.RawMessage
	if err := json.Unmarshal(body, &resource); err != nil {
		return &apiError{status: 400, reason: "parseError", message: "Parse Error"}
	}
	delete(resource, "storageClass") // a rewrite changes it (changing-storage-classes)
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	generation, err := q.generation("generation")
	if err != nil {
		return err
	}
	c, err := queryConditions(q.query, "")
	if err != nil {
		return err
	}
	o, err := s.replaceAttributes(b, q.object, generation, c, func(o *object) error {
		o.attributes = from(o)
		return o.apply(resource)
	})
	if err != nil {
		return err
	}
	return writeObject(w, q, o)
}

// replaceAttributes puts a changed copy in the place of a generation that passes c.
func (s *Server) replaceAttributes(
	b *bucket, name string, generation int64, c *conditions, change func(*object) error,
) (*object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, err := b.check(name, generation, c)
	if err != nil {
		return nil, err
	}
	o := *old
	if err := change(&o); err != nil {
		return nil, err
	}
	o.metageneration++
	o.updated = s.now()
	o.contexts = o.contexts.stamped(old.contexts, o.updated)
	b.replace(&o)
	return &o, nil
}
