package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Copy makes one objects.rewrite of the JSON API, which copies objects of any size and into any
// class, large ones in several calls. The first call looks at the source before, which is one more
// request, where the copy depends on what is there: into another class, since the service sets a
// class together with all other attributes, and with a Replace without tags, since dropping those
// of the source takes a permission that few roles have, storage.objects.dropContexts, also where
// there are none.
func (s *Store) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	if err := checkKey(dst); err != nil {
		return nil, err
	}
	if err := s.checkAsked(src); err != nil {
		return nil, err
	}
	if s.emulator {
		return nil, driver.Unsupportedf(
			"Copy on an emulator: fake-gcs-server ignores conditions, and keeps headers " +
				"that were replaced",
		)
	}
	for _, match := range [...]string{opts.IfMatch, opts.SourceIfMatch} {
		if err := checkMatch(match); err != nil {
			return nil, err
		}
	}
	a := writing()
	q := make(url.Values)
	if g := condition(opts.IfAbsent, opts.IfMatch, a); g != "" {
		q.Set(ifGeneration, g)
	}
	if err := setVersion(q, "sourceGeneration", opts.SourceVersionID); err != nil {
		return nil, err
	}
	w, err := s.rewriting(ctx, src, opts)
	if err != nil {
		return nil, err
	}
	for name, v := range map[string]string{
		"ifSourceGenerationMatch":     w.Generation,
		"ifSourceMetagenerationMatch": w.Metageneration,
		"dropContextGroups":           w.Drop,
		"rewriteToken":                w.token,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	r := request{
		method: http.MethodPost,
		url:    withQuery(s.jsonObject(src)+"/rewriteTo/b/"+s.bucket+"/o/"+escape(dst), q),
	}
	if w.Attributes != nil {
		if err := r.setJSON(w.Attributes); err != nil {
			return nil, err
		}
	}
	var answer struct {
		Done         bool
		RewriteToken string
		Resource     resource
	}
	if err := s.sendJSON(ctx, a, r, &answer); err != nil {
		return nil, s.refusedCopy(ctx, err, w, src, opts)
	}
	if answer.Done && answer.Resource.isNone() {
		return nil, a.Foreign(noObject)
	}
	if answer.Done {
		return &storage.CopyResult{Object: answer.Resource.written(dst)}, nil
	}
	if answer.RewriteToken == "" {
		return nil, &storage.Error{
			Kind: storage.ErrUnavailable, InDoubt: true,
			Err: errors.New("a copy that is not done and does not say how to go on"),
		}
	}
	return w.next(answer.RewriteToken)
}

// rewriting is what all calls of one copy have to say alike. It travels in our token, beside the
// service's.
type rewriting struct {
	token          string
	Generation     string      // of the source; empty: any
	Metageneration string      // of the source, where it was looked at; empty: any
	Attributes     *attributes // of the copy; nil: as the source
	Drop           string      // the contexts of the source that the copy does not get
}

func (s *Store) rewriting(
	ctx context.Context, src string, opts *storage.CopyOptions,
) (*rewriting, error) {
	if opts.Token != "" {
		token, err := driver.DecodeToken(opts.Token, 2)
		if err != nil {
			return nil, err
		}
		w := &rewriting{token: token[0]}
		if json.Unmarshal([]byte(token[1]), w) != nil {
			return nil, driver.Invalidf("not the token of a copy")
		}
		return w, nil
	}
	w := &rewriting{Generation: generationOf(opts.SourceIfMatch)}
	if !opts.Replace && opts.StorageClass == "" {
		return w, nil
	}
	if opts.Replace {
		var err error
		w.Attributes, err = s.attributesOf("", driver.CopyPutOptions(opts))
		if err != nil || len(opts.Tags) > 0 {
			return w, err // these go in place of the source's
		}
	}
	from, err := s.source(ctx, src, opts)
	if err != nil {
		return nil, err
	}
	w.Generation, w.Metageneration = from.Generation, from.Metageneration
	switch {
	case !opts.Replace: // Contexts stay by themselves
		a := from.attributes
		a.Name, a.CRC32C, a.MD5, a.Contexts, a.StorageClass = "", "", "", nil, opts.StorageClass
		w.Attributes = &a
	case from.Contexts != nil:
		w.Drop = "custom"
	}
	return w, nil
}

// source looks at what is to be copied.
func (s *Store) source(
	ctx context.Context, src string, opts *storage.CopyOptions,
) (*resource, error) {
	r, err := s.resource(ctx, src, opts.SourceVersionID)
	if err == nil && opts.SourceIfMatch != "" && opts.SourceIfMatch != etagOf(r.Generation) {
		err = &storage.Error{Kind: storage.ErrPrecondition}
	}
	return r, err
}

// refusedCopy is the error of a copy. The service does not tell which condition it refused: a
// source that is no longer what it was when it was looked at is no refusal of the caller's.
func (s *Store) refusedCopy(
	ctx context.Context, err error, w *rewriting, src string, opts *storage.CopyOptions,
) error {
	e, ok := err.(*storage.Error)
	if !ok || e.Status != http.StatusPreconditionFailed || w.Metageneration == "" {
		return err
	}
	now, lookErr := s.source(ctx, src, opts)
	switch {
	case lookErr != nil:
		return lookErr
	case now.Generation == w.Generation && now.Metageneration == w.Metageneration:
		return err
	case opts.Token != "":
		return &storage.Error{Kind: storage.ErrChanged, Err: errSourceChanged}
	}
	return &storage.Error{Kind: storage.ErrUnavailable, Err: errSourceChanged}
}

var errSourceChanged = errors.New("the source changed while it was copied")

func (w *rewriting) next(token string) (*storage.CopyResult, error) {
	state, err := json.Marshal(w)
	if err != nil {
		return nil, driver.Invalidf("attributes: %w", err)
	}
	return &storage.CopyResult{Token: driver.EncodeToken(token, string(state))}, nil
}
