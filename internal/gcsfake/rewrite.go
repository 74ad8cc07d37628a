package gcsfake

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// rewrite is a copy that takes several calls. It is pinned to the generation that the first call
// read: no other object has it.
type rewrite struct {
	source int64
	to     *bucket
	name   string
	done   int64
}

// rewriteResponse is the answer of one call (json_api/v1/objects/rewrite#response).
type rewriteResponse struct {
	Kind                string          `json:"kind"`
	TotalBytesRewritten int64           `json:"totalBytesRewritten,string"`
	ObjectSize          int64           `json:"objectSize,string"`
	Done                bool            `json:"done"`
	RewriteToken        string          `json:"rewriteToken,omitempty"`
	Resource            *objectResource `json:"resource,omitempty"`
}

// rewriteObject is Objects: rewrite: one call where neither class nor size is in the way, else as
// many as it takes, each with the token of the one before. The conditions hold in every call, last
// when the destination is written.
//
// json_api/v1/objects/rewrite.
func (s *Server) rewriteObject(w http.ResponseWriter, q *request) error {
	p, err := s.prepareCopy(q)
	if err != nil {
		return err
	}
	r := rewrite{source: p.source.generation, to: p.to, name: p.name}
	token := q.query.Get("rewriteToken")
	if token != "" {
		if r.done, err = s.rewritten(token, r); err != nil {
			return err
		}
	}
	limit, err := s.rewriteLimit(q, p)
	if err != nil {
		return err
	}
	size := int64(len(p.source.data))
	answer := rewriteResponse{Kind: "storage#rewriteResponse", ObjectSize: size}
	if limit > 0 && size-r.done > limit {
		// A token is used up: the answer has the next one.
		r.done += limit
		answer.TotalBytesRewritten, answer.RewriteToken = r.done, newID()
		s.mu.Lock()
		delete(s.rewrites, token)
		s.rewrites[answer.RewriteToken] = r
		s.mu.Unlock()
		return writeJSON(w, q, answer)
	}
	o, err := s.finishCopy(p)
	if err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.rewrites, token)
	s.mu.Unlock()
	answer.TotalBytesRewritten, answer.Done, answer.Resource = size, true, o.resource(q.base())
	return writeJSON(w, q, answer)
}

// rewritten returns how far the copy has come that token continues, if it is the one asked for.
func (s *Server) rewritten(token string, asked rewrite) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rewrites[token]
	if asked.done = r.done; !ok || r != asked {
		return 0, errInvalid("Invalid rewrite token.")
	}
	return r.done, nil
}

// rewriteLimit returns how much one call copies; zero: everything. Where class and location stay,
// Google copies in one call whatever the size; the client can set a limit, in whole MiB, for the
// other copies.
func (s *Server) rewriteLimit(q *request, p *preparedCopy) (int64, error) {
	limit := int64(1 << 30)
	if v := q.query.Get("maxBytesRewrittenPerCall"); v != "" {
		n, ok := parseOffset(v)
		if !ok || n == 0 || n%(1<<20) != 0 {
			return 0, errInvalid("Invalid value for maxBytesRewrittenPerCall: %q", v)
		}
		limit = n
	}
	if s.options.RewriteLimit > 0 {
		return min(limit, s.options.RewriteLimit), nil
	}
	if or(p.attributes.storageClass, p.to.storageClass) == p.source.storageClass &&
		p.to.location == p.from.location {
		return 0, nil
	}
	return limit, nil
}

// copyObject is Objects: copy, the older method, which does it in one call.
//
// json_api/v1/objects/copy.
func (s *Server) copyObject(w http.ResponseWriter, q *request) error {
	p, err := s.prepareCopy(q)
	if err != nil {
		return err
	}
	o, err := s.finishCopy(p)
	if err != nil {
		return err
	}
	return writeObject(w, q, o)
}

// preparedCopy is a copy whose source has been found, and passes its conditions.
type preparedCopy struct {
	from, to   *bucket
	source     *object
	name       string
	attributes attributes // of the copy
	conditions *conditions
}

// prepareCopy checks everything that can be checked before the destination is written.
func (s *Server) prepareCopy(q *request) (*preparedCopy, error) {
	p := &preparedCopy{name: q.to.object}
	body, err := q.data()
	if err != nil {
		return nil, err
	}
	if p.from, err = s.bucket(q.bucket); err != nil {
		return nil, err
	}
	if p.to, err = s.bucket(q.to.bucket); err != nil {
		return nil, err
	}
	generation, err := q.generation("sourceGeneration")
	if err != nil {
		return nil, err
	}
	ofSource, err := queryConditions(q.query, "Source")
	if err != nil {
		return nil, err
	}
	if p.conditions, err = queryConditions(q.query, ""); err != nil {
		return nil, err
	}
	if p.source, err = p.from.get(q.object, generation, ofSource); err != nil {
		return nil, err
	}
	var resource map[string]json.RawMessage
	if len(body) > 0 {
		if err := json.Unmarshal(body, &resource); err != nil {
			return nil, &apiError{status: 400, reason: "parseError", message: "Parse Error"}
		}
	}
	if p.attributes, err = copiedAttributes(p.source, q.query, resource); err != nil {
		return nil, err
	}
	// Also here, where a further call can still be avoided; what counts is the check of the commit.
	p.to.mu.Lock()
	defer p.to.mu.Unlock()
	return p, p.conditions.check(p.to.find(p.name, 0))
}

// copiedAttributes are the source's if the request brings none, else those of the request alone. A
// class that is not asked for is the destination bucket's; a hold is never copied. Contexts go
// their own way.
func copiedAttributes(
	source *object, q url.Values, resource map[string]json.RawMessage,
) (attributes, error) {
	var a attributes
	if len(resource) > 0 {
		if err := a.apply(resource); err != nil {
			return a, err
		}
	} else {
		a = source.attributes
		a.storageClass, a.temporaryHold, a.eventBasedHold = "", false, false
	}
	var err error
	a.contexts, err = inheritedContexts(q, resource, source)
	return a, err
}

func (s *Server) finishCopy(p *preparedCopy) (*object, error) {
	o := *p.source
	o.name, o.attributes = p.name, p.attributes
	o.deleted = time.Time{}
	return &o, s.commit(p.to, &o, p.conditions)
}
