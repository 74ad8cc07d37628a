package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

// bucketsMethods are the options of the Bucket's own methods that are none of a Store.
var bucketsMethods = map[string]bool{
	"DeleteManyOptions": true, "CleanOptions": true, "Options": true, "UpdateOptions": true,
}

// refused are the options that a method shares with others and does not take.
var refused = map[string]bool{
	"Put.Verified": true, "PutReaderAt.Verified": true, "NewWriter.Verified": true,
	"UploadFile.Verified": true, "WriteAll.Verified": true,
	"Copy.Token": true, "NewReaderAt.Offset": true, "NewReaderAt.Length": true,
}

// TestBucketHandsOptionsOn walks the options that each method of a Bucket takes. Each field that is
// the Store's must reach the Store, or the call is refused: none is ignored.
func TestBucketHandsOptionsOn(t *testing.T) {
	bucket := reflect.TypeFor[*storage.Bucket]()
	walked := 0
	for m := range bucket.Methods() {
		if m.Name == "ResumeWriter" { // the options are those that the upload began with
			continue
		}
		for i := range m.Type.NumIn() {
			typ := m.Type.In(i)
			if typ.Kind() != reflect.Pointer || bucketsMethods[typ.Elem().Name()] ||
				!strings.HasSuffix(typ.Elem().Name(), "Options") {
				continue
			}
			for f := range typ.Elem().Fields() {
				if bucketsOwn[typ.Elem().Name()+"."+f.Name] {
					continue
				}
				walked++
				t.Run(m.Name+"."+f.Name, func(t *testing.T) {
					handsOn(t, m.Name, typ.Elem(), f.Name)
				})
			}
		}
	}
	if walked < 80 {
		t.Errorf("%d fields, want 80 or more", walked)
	}
}

// handsOn calls a method with one option set and looks for it in what the Store was asked.
func handsOn(t *testing.T, method string, typ reflect.Type, field string) {
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	faults := fault.New(m)
	b := storage.New(faults, &storage.Options{Retry: storage.RetryOptions{Attempts: 1}})
	defer b.Close()
	for _, key := range []string{"k", "src"} {
		if _, err := b.Put(t.Context(), key, strings.NewReader("data"), nil); err != nil {
			t.Fatal(err)
		}
	}
	opts := reflect.New(typ)
	accompany(opts.Interface(), field)
	v := opts.Elem().FieldByName(field)
	v.Set(sample(t, typ.Name()+"."+field, v.Type()))
	faults.Reset()
	err = call(t, b, method, opts)
	for _, c := range faults.Calls() {
		seen := reflect.ValueOf(c.Options)
		if seen.Kind() != reflect.Struct {
			continue
		}
		got := seen.FieldByName(field)
		if got.IsValid() && reflect.DeepEqual(got.Interface(), v.Interface()) {
			return
		}
	}
	if refused[method+"."+field] && errors.Is(err, storage.ErrInvalid) && len(faults.Calls()) == 0 {
		return
	}
	t.Errorf("%s of %s is ignored: %v, the Store was asked %+v", field, method, err, faults.Calls())
}

// accompany sets what an option needs beside it.
func accompany(opts any, field string) {
	switch o := opts.(type) {
	case *storage.CopyOptions:
		o.Replace = field != "Replace" && field != "StorageClass"
	case *storage.SignOptions:
		if slices.Contains([]string{"ContentType", "ContentLength", "Metadata", "IfAbsent"},
			field) {
			o.Method = "PUT"
		}
	}
}

// sample is a value for an option that is not its default.
func sample(t *testing.T, name string, typ reflect.Type) reflect.Value {
	special := map[string]any{
		"ListOptions.Delimiter": "/", "SignOptions.Method": "HEAD",
		"PutOptions.Verified":  storage.Checksums{MD5: sums([]byte("data")).MD5},
		"PutOptions.Checksums": storage.Checksums{MD5: sums([]byte("data")).MD5},
	}
	_, field, _ := strings.Cut(name, ".")
	value, ok := special[name]
	switch {
	case ok:
	case strings.HasSuffix(field, "Match"):
		value = `"x"`
	case typ == reflect.TypeFor[string]():
		value = "x"
	case typ == reflect.TypeFor[bool]():
		value = true
	case typ == reflect.TypeFor[int]():
		value = 2
	case typ == reflect.TypeFor[int64]():
		value = int64(2)
	case typ == reflect.TypeFor[time.Time]():
		value = time.Unix(1, 0)
	case typ == reflect.TypeFor[time.Duration]():
		value = time.Minute
	case typ == reflect.TypeFor[map[string]string]():
		value = map[string]string{"a": "1"}
	default:
		t.Fatalf("no sample of a %v for %s", typ, name)
	}
	return reflect.ValueOf(value)
}

// call calls a method of b, with arguments by their types, and finishes what it began.
func call(t *testing.T, b *storage.Bucket, method string, opts reflect.Value) error {
	m := reflect.ValueOf(b).MethodByName(method)
	args := make([]reflect.Value, m.Type().NumIn())
	texts := []string{"k", "src"}
	if method == "UploadFile" || method == "DownloadFile" {
		file, err := tempFile([]byte("data"))
		if err != nil {
			t.Fatal(err)
		}
		texts[1] = filepath.Clean(file)
	}
	for i := range args {
		switch typ := m.Type().In(i); typ {
		case reflect.TypeFor[context.Context]():
			args[i] = reflect.ValueOf(t.Context())
		case reflect.TypeFor[string]():
			args[i], texts = reflect.ValueOf(texts[0]), texts[1:]
		case reflect.TypeFor[[]byte]():
			args[i] = reflect.ValueOf([]byte("data"))
		case reflect.TypeFor[int64]():
			args[i] = reflect.ValueOf(int64(4))
		case reflect.TypeFor[io.Reader](), reflect.TypeFor[io.ReaderAt]():
			args[i] = reflect.ValueOf(bytes.NewReader([]byte("data")))
		case reflect.TypeFor[io.WriterAt]():
			args[i] = reflect.ValueOf(new(writerAt))
		case opts.Type():
			args[i] = opts
		default:
			t.Fatalf("no argument of type %v for %s", typ, method)
		}
	}
	var err error
	for _, result := range m.Call(args) {
		switch r := result.Interface().(type) {
		case error:
			err = errors.Join(err, r)
		case *storage.Writer:
			_, werr := r.Write([]byte("data"))
			_, cerr := r.Commit()
			err = errors.Join(err, werr, cerr)
			defer r.Close()
		case *storage.Reader:
			if r != nil {
				defer r.Close()
			}
		case *storage.ReaderAt:
			if r != nil {
				_, rerr := r.ReadAt(make([]byte, 1), 0)
				err = errors.Join(err, rerr, r.Close())
			}
		case iter.Seq2[*storage.Object, error]:
			for _, lerr := range r {
				err = errors.Join(err, lerr)
			}
		}
	}
	return err
}
