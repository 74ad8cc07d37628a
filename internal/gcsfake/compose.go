package gcsfake

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// maxSources is how many objects one compose may join (composite-objects).
const maxSources = 32

// composition is the body of a compose.
type composition struct {
	Destination   map[string]json.RawMessage `json:"destination"`
	SourceObjects []struct {
		Name                string `json:"name"`
		Generation          int64  `json:"generation,string"`
		ObjectPreconditions struct {
			IfGenerationMatch *int64 `json:"ifGenerationMatch,string"`
		} `json:"objectPreconditions"`
	} `json:"sourceObjects"`
	DeleteSourceObjects bool `json:"deleteSourceObjects"`
}

// composeObject is Objects: compose: the sources, in their order, become one object without an MD5. Its conditions are about the
// destination; each source can demand a generation.
//
// json_api/v1/objects/compose.
func (s *Server) composeObject(w http.ResponseWriter, q *request) error {
	var body composition
	if err := json.NewDecoder(q.Body).Decode(&body); err != nil {
		return &apiError{status: 400, reason: "parseError", message: "Parse Error"}
	}
	if n := len(body.SourceObjects); n == 0 {
		return &apiError{status: 400, reason: "required", message: "You must provide at least one source component."}
	} else if n > maxSources {
		return errInvalid("The number of source components provided (%d) exceeds the maximum (%d)", n, maxSources)
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	if err := checkName(q.object); err != nil {
		return err
	}
	c, err := queryConditions(q.query, "")
	if err != nil {
		return err
	}
	var a attributes
	if err := a.apply(body.Destination); err != nil {
		return err
	}
	sources, err := body.sources(b)
	if err != nil {
		return err
	}
	var data bytes.Buffer
	var components int64
	for _, o := range sources {
		data.Write(o.data)
		components += max(1, o.components)
	}
	o := newComposite(q.object, data.Bytes(), a)
	o.components = components
	if err := s.commit(b, o, c); err != nil {
		return err
	}
	if body.DeleteSourceObjects {
		for _, source := range sources {
			// Another's change since then is left alone; so is an object composed onto itself.
			s.remove(b, source.name, 0, &conditions{generation: &source.generation})
		}
	}
	return writeObject(w, q, o)
}

// sources returns all source objects as they are at one moment.
func (body *composition) sources(b *bucket) ([]*object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sources []*object
	for _, v := range body.SourceObjects {
		o, err := b.check(v.Name, v.Generation, &conditions{generation: v.ObjectPreconditions.IfGenerationMatch})
		if err != nil {
			return nil, err
		}
		sources = append(sources, o)
	}
	return sources, nil
}
