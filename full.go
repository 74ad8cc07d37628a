package storage

import (
	"context"
	"errors"
	"io"
)

// Unsupported refuses every optional method of [FullStore] with [errors.ErrUnsupported]. Drivers and wrappers embed it:
// a capability that is added later is then refused, not bypassed, and they still compile. A wrapper never embeds a Store.
type Unsupported struct{}

func unsupported(op string) error { return &Error{Op: op, Kind: errors.ErrUnsupported} }

func (Unsupported) Copy(context.Context, string, string, *CopyOptions) (*CopyResult, error) {
	return nil, unsupported("Copy")
}

func (Unsupported) CreateUpload(context.Context, string, *PutOptions) (string, error) {
	return "", unsupported("CreateUpload")
}

func (Unsupported) PutPart(context.Context, string, string, int, io.ReadSeeker, int64, *PartOptions) (*Part, error) {
	return nil, unsupported("PutPart")
}

func (Unsupported) CopyPart(context.Context, string, string, int, string, *CopyPartOptions) (*Part, error) {
	return nil, unsupported("CopyPart")
}

func (Unsupported) CompleteUpload(context.Context, string, string, []*Part, *PutOptions) (*Object, error) {
	return nil, unsupported("CompleteUpload")
}

func (Unsupported) AbortUpload(context.Context, string, string) error {
	return unsupported("AbortUpload")
}

func (Unsupported) ListPartsPage(context.Context, string, string, *ListPartsOptions) (*PartPage, error) {
	return nil, unsupported("ListPartsPage")
}

func (Unsupported) ListUploadsPage(context.Context, *ListOptions) (*UploadPage, error) {
	return nil, unsupported("ListUploadsPage")
}

// PartLimits returns the zero limits: no multipart.
func (Unsupported) PartLimits(*PutOptions) PartLimits { return PartLimits{} }

func (Unsupported) DeleteBatch(context.Context, []string, *DeleteBatchOptions) ([]error, error) {
	return nil, unsupported("DeleteBatch")
}

// MaxBatch returns 0: no batches.
func (Unsupported) MaxBatch() int { return 0 }

func (Unsupported) SignURL(context.Context, string, *SignOptions) (*SignedURL, error) {
	return nil, unsupported("SignURL")
}

// Capabilities returns the zero value: nothing beyond what every Store can. A driver and a wrapper
// have a method of their own that tells what they can.
func (Unsupported) Capabilities() Capabilities { return Capabilities{} }

// CheckKey knows no rules.
func (Unsupported) CheckKey(string) error { return unsupported("CheckKey") }

// Close does nothing.
func (Unsupported) Close() error { return nil }

// Full gives s every optional capability: what s lacks answers [errors.ErrUnsupported]. It is the one place that asks a
// Store what it can do; whoever holds a Store holds Full(s) in a field.
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
	if f.KeyChecker == nil {
		f.KeyChecker = none
	}
	if f.Closer == nil {
		f.Closer = none
	}
	return f
}

// full joins a Store with the capabilities that it has.
type full struct {
	Store
	Copier
	Multipart
	BatchDeleter
	Signer
	Capable
	KeyChecker
	io.Closer
}

// told is Capabilities as a value.
type told Capabilities

func (t told) Capabilities() Capabilities { return Capabilities(t) }

// Unwrap returns the Store that Full was given.
func (f *full) Unwrap() Store { return f.Store }

// capabilitiesOf are those of a Store that does not tell.
func capabilitiesOf(s Store) Capabilities {
	c := Capabilities{
		IfAbsent: true, IfMatch: true, SuffixRange: true, Versions: true, StorageClass: true, Tags: true,
		DeleteIfMatch: true, CoexistingKeys: true,
	}
	for i := range algorithms {
		c.Checksums = append(c.Checksums, algorithms[i].Name)
	}
	_, c.Copy = s.(Copier)
	c.CopyConditions, c.CopySourceIfMatch, c.CopyReplace = c.Copy, c.Copy, c.Copy
	if m, ok := s.(Multipart); ok && m.PartLimits(&PutOptions{}).Count > 0 {
		c.Multipart, c.MultipartConditions, c.MultipartChecksums, c.CopyPart = true, true, true, true
		c.AbortUpload, c.ListParts, c.ListUploads, c.ListUploadsPrefix = true, true, true, true
	}
	if d, ok := s.(BatchDeleter); ok {
		c.DeleteBatch = d.MaxBatch() > 0
	}
	_, c.SignURL = s.(Signer)
	c.SignURLIfAbsent, c.SignURLHeaders = c.SignURL, c.SignURL
	return c
}
