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
	Kind          string                     `json:"kind"`
	Destination   map[string]json.RawMessage `json:"destination"`
	SourceObjects []struct {
		Name                string      `json:"name"`
		Generation          json.Number `json:"generation"` // in quotes or not, as all of them
		ObjectPreconditions struct {
			IfGenerationMatch json.Number `json:"ifGenerationMatch"`
		} `json:"objectPreconditions"`
	} `json:"sourceObjects"`
	DeleteSourceObjects bool `json:"deleteSourceObjects"`
}

// composeObject is Objects: compose: the sources, in their order, become one object of their class,
// without an MD5. Its conditions are about the destination; each source can demand a generation.
//
// json_api/v1/objects/compose; composite-objects.
func (s *Server) composeObject(w http.ResponseWriter, q *request) error {
	var body composition
	sent, err := q.data()
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(sent))
	d.DisallowUnknownFields()
	if err := d.Decode(&body); err != nil {
		return &apiError{status: 400, reason: "parseError", message: "Parse Error"}
	}
	if n := len(body.SourceObjects); n == 0 {
		return &apiError{status: 400, reason: "required",
			message: "You must provide at least one source component."}
	} else if n > maxSources {
		return errInvalid("The number of source components provided (%d) exceeds the maximum (%d)",
			n, maxSources)
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
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
	var want sums // "Any MD5 value you provide as part of a compose request is ignored"
	if err := textField(body.Destination, "crc32c", &want.crc32c); err != nil {
		return err
	}
	sources, err := body.sources(b)
	if err != nil {
		return err
	}
	a.storageClass = or(a.storageClass, sources[0].storageClass)
	if a.contexts, err = inheritedContexts(q.query, body.Destination, sources...); err != nil {
		return err
	}
	if err := a.contexts.validate(); err != nil {
		return err
	}
	var data bytes.Buffer
	var components int64
	for _, o := range sources {
		if o.storageClass != a.storageClass {
			return errInvalid("The source objects and the composite object must have the same " +
				"storage class.")
		}
		if err := o.held(); err != nil && body.DeleteSourceObjects {
			return err
		}
		data.Write(o.data)
		components += max(1, o.components)
	}
	o := newComposite(q.object, data.Bytes(), a)
	o.components = components
	if err := want.verify(o); err != nil {
		return err
	}
	if err := s.commit(b, o, c); err != nil {
		return err
	}
	if body.DeleteSourceObjects {
		for _, source := range sources {
			// for good; it is gone where it was the destination
			s.remove(b, source.name, source.generation, &conditions{})
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
		var generation int64
		var c conditions
		var err error
		if v.Generation != "" {
			if generation, err = parseGeneration("generation", v.Generation.String()); err != nil {
				return nil, err
			}
		}
		if match := v.ObjectPreconditions.IfGenerationMatch; match != "" {
			n, err := parseGeneration("ifGenerationMatch", match.String())
			if err != nil {
				return nil, err
			}
			c.generation = &n
		}
		o, err := b.check(v.Name, generation, &c)
		if err != nil {
			return nil, err
		}
		sources = append(sources, o)
	}
	return sources, nil
}
