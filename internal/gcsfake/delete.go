package gcsfake

import "net/http"

// deleteObject is Objects: delete.
//
// json_api/v1/objects/delete.
func (s *Server) deleteObject(w http.ResponseWriter, q *request) error {
	c, err := queryConditions(q.query, "")
	if err != nil {
		return err
	}
	return s.delete(w, q, c)
}

// delete answers for both APIs.
func (s *Server) delete(w http.ResponseWriter, q *request, c *conditions) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	generation, err := q.generation("generation")
	if err != nil {
		return err
	}
	if err := s.remove(b, q.object, generation, c); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// remove deletes the live object, which versioning keeps as a noncurrent one, or the generation
// asked for, for good (deleting-objects; object-versioning).
func (s *Server) remove(b *bucket, name string, generation int64, c *conditions) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, err := b.check(name, generation, c)
	if err != nil {
		return err
	}
	if err := o.held(); err != nil {
		return err
	}
	if generation == 0 {
		b.archive(name, s.now())
		return nil
	}
	b.erase(o)
	return nil
}
