package conformance

import (
	"context"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// bucketsOwn are the option fields that a Store never sees: Bucket clears them, or they say what it
// does with the answers.
var bucketsOwn = map[string]bool{
	"GetOptions.StateFile": true, "PutOptions.StateFile": true,
	"GetOptions.Concurrency": true, "GetOptions.VerifyHash": true, "GetOptions.Progress": true,
	"PutOptions.PartSize": true, "PutOptions.Concurrency": true, "PutOptions.Progress": true,
	"CopyOptions.AllowLoss": true,
	"CopyOptions.PartSize":  true, "CopyOptions.Concurrency": true, "CopyOptions.Progress": true,
	"ListOptions.Concurrency": true, "ReaderAtOptions.BlockSize": true,
	"ReaderAtOptions.CacheSize": true, "ReaderAtOptions.ReadAhead": true,
	"ReaderAtOptions.Tail": true,
}

// unseen are the option fields whose loss no check can see on the reference driver, and why.
var unseen = map[string]string{
	"Put.Verified":        "of an upload only",
	"Upload.Verified":     "a service need not have a field for them",
	"Stat.ProveChecksums": "the sums of the reference driver are its own",
	"Copy.Token":          "only a copy in several steps has one",
	"PutPart.Offset":      "only a session that takes parts in turn needs it",
	"PutPart.Last":        "as PutPart.Offset",
	"PutPart.Checksums":   "a Store may make the sums itself",
}

// holders names, for a method of a Store and an option field, the check that must catch a driver
// that ignores it. Upload is CreateUpload and CompleteUpload, which are given the same options.
func holders() map[string]string {
	held := map[string]string{
		"Get.Offset": "read/from-offset", "Get.Length": "read/range",
		"Get.IfMatch": "condition/get-if-match", "Get.IfNoneMatch": "condition/get-if-none-match",
		"Get.IfModifiedSince": "condition/get-if-modified-since", "Get.VersionID": "version/get",

		"Stat.IfMatch":         "condition/stat-if-match",
		"Stat.IfNoneMatch":     "condition/stat-if-none-match",
		"Stat.IfModifiedSince": "condition/stat-if-modified-since",
		"Stat.VersionID":       "version/stat",

		"Put.Metadata": "metadata/random", "Put.StorageClass": "field/put-storageclass",
		"Put.IfAbsent": "condition/if-absent", "Put.IfMatch": "condition/if-match",
		"Put.Checksums": "checksum/md5",

		"Delete.IfMatch": "delete/if-match",

		"Put.Tags": "field/put-tags", "Copy.Tags": "copy/tags", "Upload.Tags": "multipart/tags",
		"Tags.VersionID": "tags/version",

		"ListPage.Prefix": "list/prefix", "ListPage.Delimiter": "list/delimiter",
		"ListPage.StartAfter": "list/start-after", "ListPage.PageSize": "list/page-size",
		"ListPage.PageToken": "list/order",

		"Copy.IfAbsent": "copy/if-absent", "Copy.IfMatch": "copy/if-match",
		"Copy.SourceIfMatch": "copy/source-if-match", "Copy.SourceVersionID": "version/copy",
		"Copy.Replace": "copy/replace", "Copy.Metadata": "copy/replace",
		"Copy.StorageClass": "copy/storageclass",

		"Upload.Metadata": "multipart/headers", "Upload.StorageClass": "multipart/storageclass",
		"Upload.IfAbsent": "multipart/if-absent", "Upload.IfMatch": "multipart/if-match",
		"Upload.Checksums": "multipart/checksums",

		"CopyPart.SourceOffset": "upload/copy-part", "CopyPart.SourceLength": "upload/copy-part",
		"CopyPart.SourceIfMatch":   "upload/copy-part-if-match",
		"CopyPart.SourceVersionID": "upload/copy-part-version",

		"ListPartsPage.PageSize": "upload/parts", "ListPartsPage.PageToken": "upload/parts",
		"ListUploadsPage.Prefix":     "upload/list-prefix",
		"ListUploadsPage.PageSize":   "upload/list-prefix",
		"ListUploadsPage.PageToken":  "upload/list-prefix",
		"ListUploadsPage.Delimiter":  "upload/list-options",
		"ListUploadsPage.StartAfter": "upload/list-options",

		"SignURL.Method": "sign/head", "SignURL.Expires": "sign/expires",
		"SignURL.ContentType": "sign/content-type", "SignURL.ContentLength": "sign/content-length",
		"SignURL.Metadata": "sign/metadata", "SignURL.IfAbsent": "sign/if-absent",
		"SignURL.VersionID":           "sign/version",
		"SignURL.ResponseContentType": "sign/response-content-type",
		"SignURL.ResponseDisposition": "sign/response-disposition",
	}
	for _, h := range headers {
		held["Put."+h.name] = "field/put-" + strings.ToLower(h.name)
		held["Copy."+h.name] = "copy/replace-" + strings.ToLower(h.name)
		held["Upload."+h.name] = "multipart/headers"
	}
	return held
}

// TestEveryOptionIsHeld walks the options that each method of a Store takes. A driver that ignores
// one of the fields must be caught by the check that holds it, so a new field, and an old field in
// a new method, cannot be without one.
func TestEveryOptionIsHeld(t *testing.T) {
	held := holders()
	checks := make(map[string]check)
	for _, c := range table() {
		checks[c.name] = c
	}
	store := reflect.TypeFor[storage.FullStore]()
	seen := make(map[string]bool)
	for m := range store.Methods() {
		method := m.Name
		switch method {
		case "CreateUpload", "CompleteUpload":
			method = "Upload"
		case "PartLimits": // asks about an upload, and does nothing
			continue
		}
		for i := range m.Type.NumIn() {
			typ := m.Type.In(i)
			if typ.Kind() != reflect.Pointer || !strings.HasSuffix(typ.Elem().Name(), "Options") {
				continue
			}
			for _, f := range reflect.VisibleFields(typ.Elem()) {
				what := method + "." + f.Name
				if f.Anonymous || seen[what] || bucketsOwn[typ.Elem().Name()+"."+f.Name] {
					continue
				}
				seen[what] = true
				if method == "CopyPart" && len(f.Index) > 1 {
					continue // those of PutPart
				}
				c, ok := checks[held[what]]
				switch {
				case unseen[what] != "":
					continue
				case !ok:
					t.Errorf("%s is held by no check", what)
					continue
				}
				t.Run(what, func(t *testing.T) {
					t.Parallel()
					if err := judgeDefect(t, c, defect{c.name, "ignores " + what, func(b *bench) {
						b.ignore(method, f.Name)
					}}); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
	for what := range held {
		if !seen[what] {
			t.Errorf("%s has a check, and there is no such option", what)
		}
	}
	for what := range unseen {
		if !seen[what] || held[what] != "" {
			t.Errorf("%s is said to be unseen, and is not or does not exist", what)
		}
	}
}

// cleared is a copy of opts without a field.
func cleared[T any](opts *T, field string) *T {
	bare := *opts
	reflect.ValueOf(&bare).Elem().FieldByName(field).SetZero()
	return &bare
}

// ignore makes a method of the driver ignore an option.
func (b *bench) ignore(method, field string) {
	switch method {
	case "Get":
		b.get = func(
			ctx context.Context, key string, o *storage.GetOptions,
		) (*storage.GetResult, error) {
			return b.inner.Get(ctx, key, cleared(o, field))
		}
	case "Stat":
		b.stat = func(
			ctx context.Context, key string, o *storage.StatOptions,
		) (*storage.Object, error) {
			return b.inner.Stat(ctx, key, cleared(o, field))
		}
	case "Put":
		b.put = func(
			ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
		) (*storage.Object, error) {
			return b.inner.Put(ctx, key, body, size, cleared(o, field))
		}
	case "Tags":
		b.tags = func(
			ctx context.Context, key string, o *storage.TagsOptions,
		) (map[string]string, error) {
			return b.inner.Tags(ctx, key, cleared(o, field))
		}
	case "Delete":
		b.del = func(ctx context.Context, key string, o *storage.DeleteOptions) error {
			return b.inner.Delete(ctx, key, cleared(o, field))
		}
	case "ListPage":
		b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
			return b.inner.ListPage(ctx, cleared(o, field))
		}
	case "Copy":
		b.copy = func(
			ctx context.Context, dst, src string, o *storage.CopyOptions,
		) (*storage.CopyResult, error) {
			return b.inner.Copy(ctx, dst, src, cleared(o, field))
		}
	case "Upload":
		b.create = func(ctx context.Context, key string, o *storage.PutOptions) (string, error) {
			return b.inner.CreateUpload(ctx, key, cleared(o, field))
		}
		b.complete = func(
			ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
		) (*storage.Object, error) {
			return b.inner.CompleteUpload(ctx, key, id, parts, cleared(o, field))
		}
	case "CopyPart":
		b.copyPart = func(
			ctx context.Context, key, id string, n int, src string, o *storage.CopyPartOptions,
		) (*storage.Part, error) {
			return b.inner.CopyPart(ctx, key, id, n, src, cleared(o, field))
		}
	case "ListPartsPage":
		b.parts = func(
			ctx context.Context, key, id string, o *storage.ListPartsOptions,
		) (*storage.PartPage, error) {
			return b.inner.ListPartsPage(ctx, key, id, cleared(o, field))
		}
	case "ListUploadsPage":
		b.uploads = func(ctx context.Context, o *storage.ListOptions) (*storage.UploadPage, error) {
			return b.inner.ListUploadsPage(ctx, cleared(o, field))
		}
	case "SignURL":
		signs := b.sign
		b.sign = func(
			ctx context.Context, key string, o *storage.SignOptions,
		) (*storage.SignedURL, error) {
			return signs(ctx, key, cleared(o, field))
		}
	}
}
