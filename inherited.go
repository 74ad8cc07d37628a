package storage

import (
	"context"
	"strings"
)

// inherited returns the headers of the source of a copy that is given headers which a new object
// could not have: they may come from an Object that describes the source. Other copies need no look
// at it.
func (e *engine) inherited(ctx context.Context, src string, o CopyOptions) (headers, error) {
	h := o.headers()
	if _, invalid := h.check(); invalid == nil || !o.Replace {
		return headers{}, nil
	}
	if _, invalid := h.checkBeside(h); invalid != nil {
		return headers{}, nil // whatever the source has
	}
	now, _, err := e.stat(ctx, src, StatOptions{
		IfMatch: o.SourceIfMatch, VersionID: o.SourceVersionID,
	})
	if err != nil {
		return headers{}, err
	}
	return now.headers(), nil
}

// checkBeside is check for the headers of an object that already had the headers old. What is still
// as it was is not judged by the rules for new values: another program may have written it, and the
// driver says if the destination cannot hold it.
func (h headers) checkBeside(old headers) (headers, error) {
	if !old.any() && old.StorageClass == "" {
		return h.check()
	}
	judged := h
	for _, f := range [...]struct {
		value *string
		was   string
	}{
		{&judged.ContentType, old.ContentType}, {&judged.ContentEncoding, old.ContentEncoding},
		{&judged.ContentDisposition, old.ContentDisposition},
		{&judged.ContentLanguage, old.ContentLanguage}, {&judged.CacheControl, old.CacheControl},
		{&judged.StorageClass, old.StorageClass},
	} {
		if *f.value == f.was {
			*f.value = ""
		}
	}
	kept, fresh := splitMetadata(h.Metadata, old.Metadata)
	judged.Metadata = fresh
	checked, err := judged.check()
	if err != nil {
		return h, err
	}
	h.Metadata = checked.Metadata
	for name, v := range kept {
		if _, twice := h.Metadata[name]; twice {
			return h, invalid("metadata name %q occurs twice", name)
		}
		if h.Metadata == nil {
			h.Metadata = make(map[string]string, len(kept)+1)
		}
		h.Metadata[name] = v
	}
	return h, nil
}

// splitMetadata returns the entries of m that are also in old, and the others. An entry with
// another value under an old name that a new one could not have is kept, if only the name is wrong.
func splitMetadata(m, old map[string]string) (kept, fresh map[string]string) {
	kept, fresh = make(map[string]string), make(map[string]string)
	for name, v := range m {
		was, there := old[name]
		lower := strings.ToLower(name)
		wrong := !validMetadataName(lower)
		inherited := there && (v == was || wrong && checkMetadataValue(name, v) == nil)
		if inherited && lower != writeIDName {
			kept[name] = v
			continue
		}
		fresh[name] = v
	}
	return kept, fresh
}
