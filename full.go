package storage

import (
	"context"
	"errors"
	"io"
	"slices"
)

// Unsupported refuses every optional method of [FullStore] with [errors.ErrUnsupported]. Drivers
// and wrappers embed it. They then still compile when a release adds a capability, and refuse it. A
// wrapper never embeds a Store.
type Unsupported struct{}

func unsupported(op string) error { return &Error{Op: op, Kind: errors.ErrUnsupported} }

// Copy returns an error that matches [errors.ErrUnsupported].
func (Unsupported) Copy(context.Context, string, string, *CopyOptions) (*CopyResult, error) {
	return nil, unsupported("Copy")
}

// CreateUpload returns an error that matches [errors.ErrUnsupported].
func (Unsupported) CreateUpload(context.Context, string, *PutOptions) (string, error) {
	return "", unsupported("CreateUpload")
}

// PutPart returns an error that matches [errors.ErrUnsupported].
func (Unsupported) PutPart(
	context.Context, string, string, int, io.ReadSeeker, int64, *PartOptions,
) (*Part, error) {
	return nil, unsupported("PutPart")
}

// CopyPart returns an error that matches [errors.ErrUnsupported].
func (Unsupported) CopyPart(
	context.Context, string, string, int, string, *CopyPartOptions,
) (*Part, error) {
	return nil, unsupported("CopyPart")
}

// CompleteUpload returns an error that matches [errors.ErrUnsupported].
func (Unsupported) CompleteUpload(
	context.Context, string, string, []*Part, *PutOptions,
) (*Object, error) {
	return nil, unsupported("CompleteUpload")
}

// AbortUpload returns an error that matches [errors.ErrUnsupported].
func (Unsupported) AbortUpload(context.Context, string, string) error {
	return unsupported("AbortUpload")
}

// ListPartsPage returns an error that matches [errors.ErrUnsupported].
func (Unsupported) ListPartsPage(
	context.Context, string, string, *ListPartsOptions,
) (*PartPage, error) {
	return nil, unsupported("ListPartsPage")
}

// ListUploadsPage returns an error that matches [errors.ErrUnsupported].
func (Unsupported) ListUploadsPage(context.Context, *ListOptions) (*UploadPage, error) {
	return nil, unsupported("ListUploadsPage")
}

// PartLimits returns the zero value: there are no multipart uploads.
func (Unsupported) PartLimits(*PutOptions) PartLimits { return PartLimits{} }

// DeleteBatch returns an error that matches [errors.ErrUnsupported].
func (Unsupported) DeleteBatch(context.Context, []string, *DeleteBatchOptions) ([]error, error) {
	return nil, unsupported("DeleteBatch")
}

// MaxBatch returns 0: there are no batches.
func (Unsupported) MaxBatch() int { return 0 }

// SignURL returns an error that matches [errors.ErrUnsupported].
func (Unsupported) SignURL(context.Context, string, *SignOptions) (*SignedURL, error) {
	return nil, unsupported("SignURL")
}

// Tags returns an error that matches [errors.ErrUnsupported].
func (Unsupported) Tags(context.Context, string, *TagsOptions) (map[string]string, error) {
	return nil, unsupported("Tags")
}

// Capabilities returns the zero value. A driver or wrapper has a method of its own that tells what
// it can do.
func (Unsupported) Capabilities() Capabilities { return Capabilities{} }

// CheckKey returns an error that matches [errors.ErrUnsupported]: the driver knows no rules for
// keys.
func (Unsupported) CheckKey(string) error { return unsupported("CheckKey") }

// Close does nothing.
func (Unsupported) Close() error { return nil }

// Full returns s with every optional capability. A method that s lacks returns an error that
// matches [errors.ErrUnsupported]. Full is the only place that asserts the optional interfaces.
// Wrappers keep Full(s) in a field.
func Full(s Store) FullStore {
	if f, ok := s.(FullStore); ok {
		return f
	}
	f := &full{Store: s}
	f.Copier, _ = s.(Copier)
	f.Multipart, _ = s.(Multipart)
	f.BatchDeleter, _ = s.(BatchDeleter)
	f.Signer, _ = s.(Signer)
	f.Closer, _ = s.(io.Closer)
	if f.Capable, _ = s.(Capable); f.Capable == nil {
		f.Capable = told(capabilitiesOf(s))
	}
	f.KeyChecker, _ = s.(KeyChecker)
	f.Tagger, _ = s.(Tagger)
	var none Unsupported
	if f.Copier == nil {
		f.Copier = none
	}
	if f.Multipart == nil {
		f.Multipart = none
	}
	if f.BatchDeleter == nil {
		f.BatchDeleter = none
	}
	if f.Signer == nil {
		f.Signer = none
	}
	if f.Tagger == nil {
		f.Tagger = none
	}
	if f.KeyChecker == nil {
		f.KeyChecker = none
	}
	if f.Closer == nil {
		f.Closer = none
	}
	return f
}

// full joins a Store with its capabilities.
type full struct {
	Store
	Copier
	Multipart
	BatchDeleter
	Signer
	Tagger
	Capable
	KeyChecker
	io.Closer
}

// told is a fixed value of Capabilities.
type told Capabilities

func (t told) Capabilities() Capabilities {
	t.Checksums = slices.Clone(t.Checksums) // it belongs to the caller
	return Capabilities(t)
}

// Unwrap returns the Store that Full was given.
func (f *full) Unwrap() Store { return f.Store }

// capabilitiesOf returns the capabilities of a Store that does not implement Capable.
func capabilitiesOf(s Store) Capabilities {
	c := Capabilities{
		IfAbsent: true, IfMatch: true, SuffixRange: true, Versions: true, StorageClass: true,
		Tags: true, ExactContentType: true, ListETag: true, ListSplit: true, DeleteIfMatch: true,
		CoexistingKeys: true,
	}
	for i := range algorithms {
		c.Checksums = append(c.Checksums, algorithms[i].Name)
	}
	_, c.Copy = s.(Copier)
	c.CopyConditions, c.CopySourceIfMatch, c.CopyReplace = c.Copy, c.Copy, c.Copy
	if m, ok := s.(Multipart); ok && m.PartLimits(&PutOptions{}).Count > 0 {
		c.Multipart, c.MultipartConditions, c.MultipartChecksums = true, true, true
		c.CopyPart = true
		c.AbortUpload, c.ListParts, c.ListUploads, c.ListUploadsPrefix = true, true, true, true
	}
	if d, ok := s.(BatchDeleter); ok {
		c.DeleteBatch = d.MaxBatch() > 0
	}
	_, c.SignURL = s.(Signer)
	c.SignURLIfAbsent, c.SignURLHeaders = c.SignURL, c.SignURL
	return c
}
