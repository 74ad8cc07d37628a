package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/polystore/storage"
)

// Copy makes one objects.rewrite of the JSON API, which copies objects of any size and into any class, large ones in several calls. Only
// the first call of a copy into another class makes two requests: the service sets a class together with all other attributes, so the
// source's have to be known, and are then copied from that generation alone.
func (s *Store) Copy(ctx context.Context, dst, src string, opts *storage.CopyOptions) (*storage.CopyResult, error) {
	for _, key := range [...]string{dst, src} {
		if err := checkKey(key); err != nil {
			return nil, err
		}
	}
	if s.emulator {
		return nil, unsupported("Copy on an emulator: fake-gcs-server ignores conditions, and keeps headers that were replaced")
	}
	for _, match := range [...]string{opts.IfMatch, opts.SourceIfMatch} {
		if err := checkMatch(match); err != nil {
			return nil, err
		}
	}
	a := &attempt{write: true}
	q := make(url.Values)
	conditions(q, opts.IfAbsent, opts.IfMatch, a)
	if err := setVersion(q, "sourceGeneration", opts.SourceVersionID); err != nil {
		return nil, err
	}
	w, err := s.rewriting(ctx, src, opts)
	if err != nil {
		return nil, err
	}
	if w.Source != "" {
		q.Set("ifSourceGenerationMatch", w.Source)
	}
	if w.token != "" {
		q.Set("rewriteToken", w.token)
	}
	r := request{method: http.MethodPost, url: withQuery(s.jsonObject(src)+"/rewriteTo/b/"+s.bucket+"/o/"+escape(dst), q)}
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
		return nil, err
	}
	if answer.Done {
		return &storage.CopyResult{Object: answer.Resource.written(dst)}, nil
	}
	if answer.RewriteToken == "" {
		return nil, &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true, Err: errors.New("a copy that is not done and does not say how to go on")}
	}
	return w.next(answer.RewriteToken)
}

// rewriting is what all calls of one copy have to say alike. It travels in our token, beside the service's.
type rewriting struct {
	token      string
	Source     string      // the generation to copy, if it matters
	Attributes *attributes // of the copy; nil: as the source
}

func (s *Store) rewriting(ctx context.Context, src string, opts *storage.CopyOptions) (*rewriting, error) {
	if opts.Token != "" {
		token, state, err := splitToken(opts.Token)
		w := &rewriting{token: token}
		if err != nil || json.Unmarshal([]byte(state), w) != nil {
			return nil, invalid("not the token of a copy")
		}
		return w, nil
	}
	w := &rewriting{Source: opts.SourceIfMatch}
	put := storage.PutOptions{
		ContentType: opts.ContentType, ContentEncoding: opts.ContentEncoding, ContentDisposition: opts.ContentDisposition,
		ContentLanguage: opts.ContentLanguage, CacheControl: opts.CacheControl, Metadata: opts.Metadata,
		StorageClass: opts.StorageClass, Tags: opts.Tags,
	}
	switch {
	case opts.Replace:
	case opts.StorageClass == "":
		return w, nil
	default:
		o, err := s.Stat(ctx, src, &storage.StatOptions{IfMatch: opts.SourceIfMatch, VersionID: opts.SourceVersionID})
		if err != nil {
			return nil, err
		}
		w.Source = o.ETag
		put.ContentType, put.ContentEncoding, put.ContentDisposition = o.ContentType, o.ContentEncoding, o.ContentDisposition
		put.ContentLanguage, put.CacheControl, put.Metadata = o.ContentLanguage, o.CacheControl, o.Metadata
	}
	var err error
	w.Attributes, err = attributesOf("", &put)
	return w, err
}

func (w *rewriting) next(token string) (*storage.CopyResult, error) {
	state, err := json.Marshal(w)
	if err != nil {
		return nil, invalid("attributes: %w", err)
	}
	return &storage.CopyResult{Token: joinToken(token, string(state))}, nil
}
