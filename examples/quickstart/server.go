package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/polystore/storage"
)

// server is the inbox on the loopback interface.
type server struct {
	url  string
	http http.Server
	done chan error
}

func serve(in *inbox) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /files/{name}", in.post)
	mux.HandleFunc("GET /files/{name}", in.get)
	mux.HandleFunc("GET /{$}", in.list)
	s := &server{url: "http://" + l.Addr().String(), done: make(chan error, 1)}
	s.http.Handler = mux
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

func (s *server) close() {
	s.http.Shutdown(context.Background())
	<-s.done
}

// post receives a file of any length: the body goes to the store as it arrives.
func (in *inbox) post(w http.ResponseWriter, r *http.Request) {
	e, err := in.receive(r.Context(), r.PathValue("name"), r.Body)
	if err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(e)
}

// get serves a file, for stores that sign no URLs.
func (in *inbox) get(w http.ResponseWriter, r *http.Request) {
	rd, err := in.bucket.Get(r.Context(), fileKey(r.PathValue("name")), nil)
	if err != nil {
		refuse(w, err)
		return
	}
	defer rd.Close()
	o := rd.Object()
	w.Header().Set("Content-Type", o.ContentType)
	w.Header().Set("Content-Length", strconv.FormatInt(o.Size, 10))
	io.Copy(w, rd) // a failure cuts the answer short, which the length tells the client
}

func (in *inbox) list(w http.ResponseWriter, r *http.Request) {
	entries, err := in.index(r.Context())
	if err != nil {
		refuse(w, err)
		return
	}
	json.NewEncoder(w).Encode(entries)
}

// refuse answers with the status that fits err.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, storage.ErrExist):
		status = http.StatusConflict
	case errors.Is(err, storage.ErrNotExist):
		status = http.StatusNotFound
	case errors.Is(err, storage.ErrInvalid):
		status = http.StatusBadRequest
	case errors.Is(err, storage.ErrThrottled), errors.Is(err, storage.ErrUnavailable):
		status = http.StatusServiceUnavailable
	}
	http.Error(w, err.Error(), status)
}
