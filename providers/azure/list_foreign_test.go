package azure

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// A list of other names, from a cache that looks at the path alone, is no answer.
func TestListOfOthers(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs><Blob>`+
			`<Name>other</Name><Properties><Content-Length>1</Content-Length><Etag>0x1</Etag>`+
			`</Properties></Blob></Blobs><NextMarker/></EnumerationResults>`)
	})
	s := srv.store(t)
	for prefix, want := range map[string]error{"": nil, "oth": nil,
		"mine/": storage.ErrUnavailable} {
		_, err := s.ListPage(t.Context(), &storage.ListOptions{Prefix: prefix})
		if !errors.Is(err, want) {
			t.Errorf("ListPage below %q: %v, want %v", prefix, err, want)
		}
	}
}
