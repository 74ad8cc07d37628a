package azure

import "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

// namespace is the kind of an account. One with a hierarchical namespace lists a tree: a slash
// comes before every other character. StartFrom leaves out there what comes later in the order of
// bytes, and the jumps of a walk do, too.
//
// Every entry of a list tells the kind, in all versions of the protocol that know StartFrom: in a
// tree objects have a ResourceType, and common prefixes have properties.
type namespace int32

const (
	unknown namespace = iota // no list has shown an entry
	flat
	tree
)

func (s *Store) isFlat() bool { return namespace(s.namespace.Load()) == flat }
func (s *Store) isTree() bool { return namespace(s.namespace.Load()) == tree }

// noteNamespace learns the kind of the account from the entries of a list.
func (s *Store) noteNamespace(items []*container.BlobItem, prefixes []*container.BlobPrefix) {
	kind := unknown
	for _, item := range items {
		kind = max(kind, kindBy(item.Properties != nil && item.Properties.ResourceType != nil))
	}
	for _, p := range prefixes {
		kind = max(kind, kindBy(p.Properties != nil))
	}
	if kind == tree || kind == flat && !s.isTree() {
		s.namespace.Store(int32(kind))
	}
}

func kindBy(shown bool) namespace {
	if shown {
		return tree
	}
	return flat
}
