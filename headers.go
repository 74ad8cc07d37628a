package storage

// headers are the fields of an object that a write sets beside the bytes. Object, PutOptions and
// CopyOptions have them in common.
type headers struct {
	ContentType, ContentEncoding, ContentDisposition, ContentLanguage, CacheControl string

	Metadata     map[string]string
	StorageClass string
}

func (o *Object) headers() headers {
	return headers{
		o.ContentType, o.ContentEncoding, o.ContentDisposition, o.ContentLanguage, o.CacheControl,
		o.Metadata, o.StorageClass,
	}
}

func (o *PutOptions) headers() headers {
	return headers{
		o.ContentType, o.ContentEncoding, o.ContentDisposition, o.ContentLanguage, o.CacheControl,
		o.Metadata, o.StorageClass,
	}
}

func (o *PutOptions) setHeaders(h headers) {
	o.ContentType, o.ContentEncoding = h.ContentType, h.ContentEncoding
	o.ContentDisposition, o.ContentLanguage = h.ContentDisposition, h.ContentLanguage
	o.CacheControl = h.CacheControl
	o.Metadata, o.StorageClass = h.Metadata, h.StorageClass
}

func (o *CopyOptions) headers() headers {
	return headers{
		o.ContentType, o.ContentEncoding, o.ContentDisposition, o.ContentLanguage, o.CacheControl,
		o.Metadata, o.StorageClass,
	}
}

func (o *CopyOptions) setHeaders(h headers) {
	o.ContentType, o.ContentEncoding = h.ContentType, h.ContentEncoding
	o.ContentDisposition, o.ContentLanguage = h.ContentDisposition, h.ContentLanguage
	o.CacheControl = h.CacheControl
	o.Metadata, o.StorageClass = h.Metadata, h.StorageClass
}

// any reports whether a field is set that requires Replace. StorageClass does not.
func (h *headers) any() bool {
	return h.ContentType != "" || h.ContentEncoding != "" || h.ContentDisposition != "" ||
		h.ContentLanguage != "" || h.CacheControl != "" || len(h.Metadata) > 0
}

// check returns a copy with checked metadata. It refuses values that could not come back unchanged.
func (h headers) check() (headers, error) {
	for _, f := range [...]struct{ name, value string }{
		{"ContentType", h.ContentType}, {"ContentEncoding", h.ContentEncoding},
		{"ContentDisposition", h.ContentDisposition}, {"ContentLanguage", h.ContentLanguage},
		{"CacheControl", h.CacheControl}, {"StorageClass", h.StorageClass},
	} {
		if !headerSafe(f.value) {
			return h, invalid("%s %q is not printable ASCII without outer spaces", f.name, f.value)
		}
	}
	var err error
	h.Metadata, err = checkMetadata(h.Metadata)
	return h, err
}
