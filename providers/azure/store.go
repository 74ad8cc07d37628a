// Package azure keeps a bucket in a container of Azure Blob Storage.
//
// It registers the schemes az, azblob, abfs and abfss:
//
//	az://container/prefix?storage_account=myaccount
//	abfss://container@myaccount.dfs.core.windows.net/prefix
//
// The parameters are storage_account, domain, protocol, cdn, localemu, endpoint, anonymous and
// api_version: see [Options]. Credentials are never in the URL. They come from Options or the
// environment, or else from the default chain of Microsoft Entra ID.
//
// Objects are block blobs. Append and page blobs can be read, listed, copied and deleted. ETags are
// Azure's own, including the quotes. Metadata names that are not C# identifiers are encoded, and so
// are values that a header cannot carry. The metadata entry polystoresum holds a checksum of the
// whole object, because Azure itself keeps only MD5.
//
// # Limits
//
// Azure cannot delete the blocks of an upload that was abandoned. They stay, invisible to Get, Stat
// and List, until a week has passed or the object is written. Azure knows an upload only by its
// blocks: ListUploadsPage shows an upload after its first part, and only while there is no object
// under its key. Writing an object by one request deletes the blocks of every upload to it.
//
// Accounts with a hierarchical namespace do not list in the byte order of the keys, so their lists
// are read from the beginning, and cannot hold both a and a/b.
package azure

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Store is one container. Make it with New, use it through a [storage.Bucket].
type Store struct {
	name       string
	account    string
	client     *container.Client
	http       *httpdriver.Client // the SDK's, too
	route      route
	begun      sync.Pool // of *policy.Request: see begin
	waiting    waiting
	key        *container.SharedKeyCredential // nil: no shared key
	signer     *signer                        // with the same; nil: no shared key
	sas        *string                        // signature of every request; nil: none
	token      *tokens                        // nil: no Entra ID
	delegation *delegation                    // nil: no Entra ID
	closeIdle  []func()                       // of the Store's own transports
	version    string                         // of the protocol; empty: the SDK's
	hasher     driver.Hasher
	keepsDots  atomic.Bool  // a list has shown a key with a segment that ends in a dot
	namespace  atomic.Int32 // a namespace
}

var _ storage.FullStore = (*Store)(nil)

// New opens a container. It makes no request.
//
// Errors: ErrInvalid for options that do not fit together, or that name no account; ErrPermission
// if no credentials are found.
func New(ctx context.Context, container string, opts *Options) (*Store, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := ctx.Err(); err != nil {
		return nil, &storage.Error{Err: err}
	}
	if err := checkContainer(container); err != nil {
		return nil, err
	}
	s := &Store{name: container}
	s.hasher.NewCRC64NVME = httpdriver.NewCRC64NVME
	if err := s.connect(&o); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Client returns the underlying *container.Client for operations that this package does not cover.
// Its requests bypass the checksums and the checks of this package. Its URL can hold a shared
// access signature, which is a secret.
func (s *Store) Client() *container.Client { return s.client }

// Close closes idle connections. It does not wait for calls that are under way, and the Store is
// not used after it.
func (s *Store) Close() error {
	for _, closeIdle := range s.closeIdle {
		closeIdle()
	}
	return nil
}
