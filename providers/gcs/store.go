// Package gcs keeps a bucket in Google Cloud Storage.
//
// It registers the schemes gs and gcs:
//
//	gs://bucket/prefix
//	gs://bucket?anonymous=true
//	gs://bucket?endpoint=http://127.0.0.1:4443&emulator=true&anonymous=true
//
// The parameters are endpoint, emulator, anonymous, credentials_file, access_id, private_key_path,
// user_project, universe_domain and batch_size: see [Options]. Credentials themselves are never in
// the URL. If none are given, New looks for the default credentials in
// GOOGLE_APPLICATION_CREDENTIALS, gcloud and the metadata server. STORAGE_EMULATOR_HOST names an
// emulator that replaces the service.
//
// ETags are generations: decimal numbers that are never used again, so a compare-and-swap is exact.
// Object.VersionID is the same number. It works as a version as long as the bucket keeps that
// version. The times of objects are in whole seconds, as in the service's answers to reads.
//
// The SDK (see [Store.Client]) and this package share one authenticated HTTP client. This package
// makes its requests with it directly, because the SDK cannot make them: its reads lack half of the
// attributes, it cannot upload in parts, it retries the pieces of a resumable upload by itself, it
// buffers 16 MiB for each object, and it has no batch deletion.
//
// An object that is written in parts uses the multipart upload of the XML API, with parts in
// parallel. That upload supports neither conditions nor tags, so a write that has them uses a
// resumable session, whose parts are sent one after the other. The last piece of a session creates
// its object. The Store therefore keeps up to 256 KiB until CompleteUpload, and the session cannot
// be continued by another Store.
//
// Tags are object contexts. Their names and values have 1 to 256 bytes, begin with a letter or
// digit, and have no quotes and no slashes.
package gcs

import (
	"context"
	"net/http"

	gcloud "cloud.google.com/go/storage"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Store is one bucket. Make it with New, use it through a [storage.Bucket].
type Store struct {
	bucket    string
	endpoint  string // scheme://host[:port]
	iam       string // the endpoint of IAM
	emulator  bool
	batch     int
	http      *http.Client // authenticated
	client    *gcloud.Client
	signer    *signer // nil: credentials that cannot sign
	closeIdle func()  // nil: the transport is not the Store's own
	hasher    driver.Hasher
	sessions  sessions
}

var _ storage.FullStore = (*Store)(nil)

// New opens bucket. It makes no request to the service. If the environment names no credentials, it
// asks whether there is a metadata server.
//
// Errors: ErrInvalid for options that do not fit together and files that hold no credentials;
// ErrPermission if no credentials are found.
func New(ctx context.Context, bucket string, opts *Options) (*Store, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := checkBucket(bucket); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Store{bucket: bucket, batch: o.BatchSize}
	s.hasher.NewCRC64NVME = httpdriver.NewCRC64NVME
	if s.batch == 0 {
		s.batch = defaultBatch
	}
	if err := s.connect(ctx, &o); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Client returns the underlying *storage.Client of the SDK for operations that this package does
// not cover. It retries by itself.
func (s *Store) Client() *gcloud.Client { return s.client }

// Close closes idle connections and forgets the resumable sessions. It does not wait for calls that
// are under way, and the Store is not used after it.
func (s *Store) Close() error {
	s.sessions.clear()
	if s.client != nil {
		s.client.Close()
	}
	if s.closeIdle != nil {
		s.closeIdle()
	}
	return nil
}
