package storage_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/memory"
)

// The body of a request has no known length and can break off. Put stores all of it or nothing.
func ExampleBucket_Put() {
	b, err := storage.Open(context.Background(), "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	upload := func(w http.ResponseWriter, r *http.Request) {
		o, err := b.Put(r.Context(), strings.TrimPrefix(r.URL.Path, "/"), r.Body,
			&storage.PutOptions{ContentType: r.Header.Get("Content-Type")})
		switch {
		case errors.Is(err, storage.ErrInvalid):
			http.Error(w, "bad request", http.StatusBadRequest)
		case err != nil:
			http.Error(w, "storage failed", http.StatusBadGateway)
		default:
			w.Header().Set("ETag", o.ETag) // an HTTP entity tag as it is
			w.WriteHeader(http.StatusCreated)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(upload))
	defer server.Close()

	resp, err := server.Client().Post(server.URL+"/notes/1", "text/plain", strings.NewReader("hi"))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	o, err := b.Stat(context.Background(), "notes/1", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Status, o.Size, o.ContentType, resp.Header.Get("ETag") == o.ETag)
	// Output: 201 Created 2 text/plain true
}

// gzip.Writer does not close the writer below it. Close it first, then commit: a failure before
// Commit leaves no object.
func ExampleWriter_gzip() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	write := func(key, text string) error {
		w := b.NewWriter(ctx, key, &storage.PutOptions{ContentEncoding: "gzip"})
		defer w.Close() // aborts unless committed
		z := gzip.NewWriter(w)
		if _, err := io.WriteString(z, text); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		_, err := w.Commit()
		return err
	}
	if err := write("log.gz", "one line\n"); err != nil {
		log.Fatal(err)
	}

	r, err := b.Get(ctx, "log.gz", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	z, err := gzip.NewReader(r)
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(z)
	fmt.Printf("%s%v\n", text, err)
	// Output:
	// one line
	// <nil>
}

// tar.Writer does not close the writer below it either.
func ExampleWriter_tar() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	w := b.NewWriter(ctx, "backup.tar", nil)
	defer w.Close()
	archive := tar.NewWriter(w)
	for _, name := range []string{"a.txt", "b.txt"} {
		text := "text of " + name
		h := &tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}
		if err := archive.WriteHeader(h); err != nil {
			log.Fatal(err)
		}
		if _, err := io.WriteString(archive, text); err != nil {
			log.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		log.Fatal(err)
	}
	o, err := w.Commit()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(o.Key, o.Size)
	// Output: backup.tar 3072
}

// rows stands for a Parquet or Arrow writer: its Close writes a footer and closes what is below it.
type rows struct{ out io.WriteCloser }

func (r rows) Add(s string) error {
	_, err := fmt.Fprintln(r.out, s)
	return err
}

func (r rows) Close() error {
	_, err := fmt.Fprintln(r.out, "end")
	return errors.Join(err, r.out.Close())
}

// CommitOnClose is for code that closes the writer that it is given. To abandon the object, close
// the Writer itself instead.
func ExampleWriter_CommitOnClose() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	write := func(key string, lines ...string) error {
		w := b.NewWriter(ctx, key, nil)
		defer w.Close() // does nothing after the commit
		r := rows{w.CommitOnClose()}
		for _, line := range lines {
			if line == "" {
				return errors.New("empty row") // w.Close aborts
			}
			if err := r.Add(line); err != nil {
				return err
			}
		}
		return r.Close()
	}
	fmt.Println(write("good", "one", "two"))
	fmt.Println(write("bad", "one", ""))
	for o, err := range b.List(ctx, nil) {
		fmt.Println(o.Key, o.Size, err)
	}
	// Output:
	// <nil>
	// empty row
	// good 12 <nil>
}

// A forgotten Commit is an error and not a lost object.
func ExampleWriter_Close() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	write := func() error {
		w := b.NewWriter(ctx, "log", nil)
		if _, err := io.WriteString(w, "line\n"); err != nil {
			return err
		}
		return w.Close() // Commit is missing
	}
	err = write()
	fmt.Println(errors.Is(err, storage.ErrNotCommitted), err)
	// Output: true storage: Close "log": not committed
}

// A browser uploads to the service directly if the service can sign URLs, and otherwise to the
// program itself. mem:// cannot sign.
func ExampleBucket_SignURL() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	u, err := b.SignURL(ctx, "inbox/photo.jpg", &storage.SignOptions{
		Method: "PUT", ContentType: "image/jpeg", IfAbsent: true,
	})
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		fmt.Println("PUT /upload/inbox/photo.jpg")
	case err != nil:
		log.Fatal(err)
	default:
		// The browser has to send every field of u.Header. The URL is a secret: do not log it.
		fmt.Println(u.Method, u.Header)
	}
	// Output: PUT /upload/inbox/photo.jpg
}
