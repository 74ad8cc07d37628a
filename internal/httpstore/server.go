package httpstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Handler is the service: the face of another Store over plain HTTP.
type Handler struct{ store storage.FullStore }

// NewHandler returns the service that keeps its objects in store.
func NewHandler(store storage.Store) *Handler { return &Handler{storage.Full(store)} }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	x := &exchange{Request: req, w: w, store: h.store, query: req.URL.Query()}
	x.key = strings.TrimPrefix(req.URL.Path, "/")
	w.Header().Set(ours, "1")
	if err := x.serve(); err != nil {
		x.refuse(err)
	}
}

type exchange struct {
	*http.Request
	w     http.ResponseWriter
	store storage.FullStore
	key   string
	query url.Values
}

func (x *exchange) serve() error {
	id := x.query.Get("uploadId")
	switch x.Method {
	case http.MethodGet:
		switch {
		case x.query.Has("uploads"):
			page, err := x.store.ListUploadsPage(x.Context(), x.list())
			return x.document(200, page, err)
		case id != "":
			page, err := x.store.ListPartsPage(x.Context(), x.key, id,
				&storage.ListPartsOptions{PageSize: x.size(), PageToken: x.query.Get("token")})
			return x.document(200, page, err)
		case x.query.Has("list"):
			page, err := x.store.ListPage(x.Context(), x.list())
			return x.document(200, page, err)
		}
		return x.get()
	case http.MethodHead:
		return x.stat()
	case http.MethodPut:
		switch {
		case id != "":
			return x.part(id)
		case x.Header.Get(copyFrom) != "":
			return x.copy()
		}
		return x.put()
	case http.MethodPost:
		switch {
		case x.query.Has("uploads"):
			id, err := x.store.CreateUpload(x.Context(), x.key, x.options())
			return x.document(201, &named{ID: id}, err)
		case x.query.Has("delete"):
			return x.deleteBatch()
		}
		return x.complete(id)
	case http.MethodDelete:
		if id != "" {
			return x.empty(x.store.AbortUpload(x.Context(), x.key, id))
		}
		return x.empty(x.store.Delete(x.Context(), x.key,
			&storage.DeleteOptions{IfMatch: x.Header.Get("If-Match")}))
	}
	return driver.Unsupportedf("%s", x.Method)
}

func (x *exchange) refuse(err error) {
	for _, k := range kinds {
		if errors.Is(err, k.kind) {
			x.w.Header().Set(errorCode, k.name)
			x.w.WriteHeader(k.status)
			return
		}
	}
	status := http.StatusInternalServerError
	if errors.Is(err, errors.ErrUnsupported) {
		status = http.StatusNotImplemented
	}
	x.w.WriteHeader(status)
}

// document answers with what a Store said.
func (x *exchange) document(status int, v any, err error) error {
	if err != nil {
		return err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	x.w.WriteHeader(status)
	x.w.Write(text)
	return nil
}

func (x *exchange) empty(err error) error {
	if err == nil {
		x.w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func (x *exchange) size() int {
	n, _ := strconv.Atoi(x.query.Get("size"))
	return n
}

func (x *exchange) list() *storage.ListOptions {
	return &storage.ListOptions{
		Prefix: x.query.Get("prefix"), Delimiter: x.query.Get("delimiter"),
		StartAfter: x.query.Get("after"), PageSize: x.size(), PageToken: x.query.Get("token"),
	}
}

func (x *exchange) conditions() storage.StatOptions {
	since, _ := http.ParseTime(x.Header.Get("If-Modified-Since"))
	return storage.StatOptions{
		IfMatch: x.Header.Get("If-Match"), IfNoneMatch: x.Header.Get("If-None-Match"),
		IfModifiedSince: since,
	}
}

func (x *exchange) stat() error {
	c := x.conditions()
	o, err := x.store.Stat(x.Context(), x.key, &c)
	if err == nil {
		x.describe(o)
		x.w.Header().Set("Content-Length", strconv.FormatInt(o.Size, 10))
	}
	return err
}

func (x *exchange) get() error {
	c := x.conditions()
	opts := &storage.GetOptions{
		IfMatch: c.IfMatch, IfNoneMatch: c.IfNoneMatch, IfModifiedSince: c.IfModifiedSince,
	}
	asked, ranged := strings.CutPrefix(x.Header.Get("Range"), "bytes=")
	if first, last, ok := strings.Cut(asked, "-"); ranged && ok {
		from, err := strconv.ParseInt(first, 10, 64)
		to, _ := strconv.ParseInt(last, 10, 64)
		switch {
		case err != nil:
			opts.Offset = -to
		case last == "":
			opts.Offset = from
		default:
			opts.Offset, opts.Length = from, to-from+1
		}
	}
	r, err := x.store.Get(x.Context(), x.key, opts)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	x.describe(r.Object)
	x.w.Header().Set("Content-Length", strconv.FormatInt(r.Length, 10))
	if ranged && r.Length > 0 {
		x.w.Header().Set("Content-Range", "bytes "+strconv.FormatInt(r.Offset, 10)+"-"+
			strconv.FormatInt(r.Offset+r.Length-1, 10)+"/"+strconv.FormatInt(r.Object.Size, 10))
		x.w.WriteHeader(http.StatusPartialContent)
	}
	io.Copy(x.w, r.Body)
	return nil
}

// describe puts what is known of an object into the headers of the answer.
func (x *exchange) describe(o *storage.Object) {
	h := x.w.Header()
	coded, _ := driver.EncodeMetadata(o.Metadata, 0, 1<<20)
	for name, v := range coded {
		h.Set(metaName+name, v)
	}
	for name, v := range map[string]string{
		"Content-Type": o.ContentType, "Content-Encoding": o.ContentEncoding,
		"Content-Disposition": o.ContentDisposition, "Content-Language": o.ContentLanguage,
		"Cache-Control": o.CacheControl, "ETag": o.ETag,
		crcHeader: httpdriver.EncodeSum(o.Checksums.CRC32C),
		timeName:  o.ModTime.Format(time.RFC3339Nano), "X-Size": strconv.FormatInt(o.Size, 10),
	} {
		if v != "" {
			h.Set(name, v)
		}
	}
	if o.ContentType == "" {
		h["Content-Type"] = nil // do not guess
	}
}

// options are those of a write.
func (x *exchange) options() *storage.PutOptions {
	o := &storage.PutOptions{
		ContentType:        x.Header.Get("Content-Type"),
		ContentEncoding:    x.Header.Get("Content-Encoding"),
		ContentDisposition: x.Header.Get("Content-Disposition"),
		ContentLanguage:    x.Header.Get("Content-Language"),
		CacheControl:       x.Header.Get("Cache-Control"),
		IfMatch:            x.Header.Get("If-Match"),
		IfAbsent:           x.Header.Get("If-None-Match") == "*",
	}
	coded := make(map[string]string)
	for name := range x.Header {
		if short, ok := strings.CutPrefix(name, metaName); ok {
			coded[short] = x.Header.Get(name)
		}
	}
	o.Metadata = driver.DecodeMetadata(coded)
	return o
}

// body is what was sent, all of it, and with the sum that was named.
func (x *exchange) body() ([]byte, *storage.Checksums, error) {
	data, err := io.ReadAll(x.Body)
	if err != nil {
		return nil, nil, driver.Invalidf("the body broke off")
	}
	want := &storage.Checksums{CRC32C: httpdriver.DecodeSum(x.Header.Get(crcHeader), 4)}
	var h driver.Hasher
	_, err = h.VerifyBytes(x.Context(), data, want)
	return data, want, err
}

func (x *exchange) made(etag string) {
	x.w.Header().Set("ETag", etag)
	x.w.WriteHeader(http.StatusCreated)
}

func (x *exchange) put() error {
	data, sums, err := x.body()
	if err != nil {
		return err
	}
	opts := x.options()
	opts.Checksums = *sums
	o, err := x.store.Put(x.Context(), x.key, bytes.NewReader(data), int64(len(data)), opts)
	if err == nil {
		x.made(o.ETag)
	}
	return err
}

func (x *exchange) copy() error {
	src, err := url.PathUnescape(x.Header.Get(copyFrom))
	if err != nil {
		return driver.Invalidf("the source of a copy")
	}
	w := x.options()
	opts := &storage.CopyOptions{
		IfAbsent: w.IfAbsent, IfMatch: w.IfMatch, SourceIfMatch: x.Header.Get(copyFrom +
			"-If-Match"),
	}
	if x.Header.Get(copyFrom+"-Replace") != "" {
		opts.Replace, opts.Metadata = true, w.Metadata
		opts.ContentType, opts.ContentEncoding = w.ContentType, w.ContentEncoding
		opts.ContentDisposition, opts.ContentLanguage = w.ContentDisposition, w.ContentLanguage
		opts.CacheControl = w.CacheControl
	}
	r, err := x.store.Copy(x.Context(), x.key, src, opts)
	if err == nil {
		x.made(r.Object.ETag)
	}
	return err
}

func (x *exchange) part(id string) error {
	number, err := strconv.Atoi(x.query.Get("partNumber"))
	if err != nil {
		return driver.Invalidf("the number of a part")
	}
	data, _, err := x.body()
	if err != nil {
		return err
	}
	p, err := x.store.PutPart(x.Context(), x.key, id, number, bytes.NewReader(data),
		int64(len(data)), new(storage.PartOptions))
	if err == nil {
		x.made(p.ETag)
	}
	return err
}

func (x *exchange) complete(id string) error {
	var u named
	if err := json.NewDecoder(x.Body).Decode(&u); err != nil {
		return driver.Invalidf("%w", err)
	}
	o, err := x.store.CompleteUpload(x.Context(), x.key, id, u.Parts, x.options())
	if err == nil {
		x.made(o.ETag)
	}
	return err
}

func (x *exchange) deleteBatch() error {
	var keys []string
	if err := json.NewDecoder(x.Body).Decode(&keys); err != nil {
		return driver.Invalidf("%w", err)
	}
	deleted := make([]bool, len(keys))
	for i, key := range keys {
		deleted[i] = x.store.Delete(x.Context(), key, new(storage.DeleteOptions)) == nil
	}
	return x.document(200, deleted, nil)
}
