package driver

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

func TestObject(t *testing.T) {
	replace := &storage.CopyOptions{
		Replace: true, ContentType: "a", ContentEncoding: "b", ContentDisposition: "c",
		ContentLanguage: "d", CacheControl: "e", StorageClass: "f", IfMatch: `"g"`,
		Metadata: map[string]string{"h": "i"}, Tags: map[string]string{"j": "k"},
	}
	put := CopyPutOptions(replace)
	if diff := cmp.Diff(&storage.PutOptions{
		ContentType: "a", ContentEncoding: "b", ContentDisposition: "c", ContentLanguage: "d",
		CacheControl: "e", StorageClass: "f", IfMatch: `"g"`,
		Metadata: map[string]string{"h": "i"}, Tags: map[string]string{"j": "k"},
	}, put); diff != "" {
		t.Errorf("CopyPutOptions, -want +got:\n%s", diff)
	}
	o := NewObject("key", 3, put)
	put.Metadata["h"] = "changed"
	if diff := cmp.Diff(&storage.Object{
		Key: "key", Size: 3, ContentType: "a", ContentEncoding: "b", ContentDisposition: "c",
		ContentLanguage: "d", CacheControl: "e", StorageClass: "f",
		Metadata: map[string]string{"h": "i"},
	}, o); diff != "" {
		t.Errorf("NewObject, -want +got:\n%s", diff)
	}
	none := NewObject("key", 3, &storage.PutOptions{Metadata: map[string]string{}})
	if none.Metadata != nil {
		t.Errorf("no metadata is %#v", none.Metadata)
	}
}
