package gcsfake

import "net/http"

// getObject is Objects: get: the resource, or with alt=media the data.
//
// json_api/v1/objects/get.
func (s *Server) getObject(w http.ResponseWriter, q *request) error {
	o, err := s.lookup(q)
	if err != nil {
		return err
	}
	if q.query.Get("alt") == "media" {
		return serveMedia(w, q, o, o.etag(), nil)
	}
	return writeObject(w, q, o)
}

// lookup returns the object that a JSON read is about, if it passes the request's conditions.
func (s *Server) lookup(q *request) (*object, error) {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return nil, err
	}
	generation, err := q.generation("generation")
	if err != nil {
		return nil, err
	}
	c, err := queryConditions(q.query, "")
	if err != nil {
		return nil, err
	}
	return b.get(q.object, generation, c.etags(q.Header))
}

// generation reads a parameter that picks a generation; zero: it is not there.
func (q *request) generation(name string) (int64, error) {
	if !q.query.Has(name) {
		return 0, nil
	}
	return parseGeneration(name, q.query.Get(name))
}
