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
// the URL. Without any the default ones are looked for: GOOGLE_APPLICATION_CREDENTIALS, those of
// gcloud, the metadata server. STORAGE_EMULATOR_HOST names an emulator in place of the service.
//
// ETags are generations: decimal numbers that never come back, so a compare-and-swap is exact.
// Object.VersionID is the same number, and works as a version as long as the bucket keeps it. The
// times of objects are in whole seconds, as the reads of the service tell them.
//
// Requests go through one authenticated client. The SDK has it (see [Store.Client]), and the
// requests of this package are made with it directly, because the SDK cannot make them: its reads
// lack half of the attributes, it cannot upload in parts, retries the pieces of a resumable upload
// by itself, buffers 16 MiB for each object, and knows no deletion of many.
//
// An object that is written in parts goes up by the XML API's multipart upload, in parallel, unless
// the write is conditional or has tags: those uploads know neither, so it is a resumable session,
// whose parts go up one after the other. The last piece of a session is what makes its object, so
// up to 256 KiB of it are kept in the Store until CompleteUpload; with the Store the session is
// gone.
//
// Tags are object contexts: names and values of 1 to 256 bytes that begin with a letter or digit
// and have no quotes and no slashes.
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

// New opens bucket. It makes no request to the service; where the environment names no credentials,
// it asks whether there is a metadata server.
//
// Errors: ErrInvalid for options that do not fit together and files that hold no credentials;
// ErrPermission where there are none.
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
