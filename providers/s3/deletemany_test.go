package s3

import (
	"fmt"
	"net/http"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
	"github.com/polystore/storage/internal/testenv"
)

// TestDeleteManyRequests deletes 10,000 keys, some of which have objects, by 40 requests. A server
// that is busy may have some of them sent again.
func TestDeleteManyRequests(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		var requests atomic.Int64
		o.HTTPClient = &http.Client{Transport: counting{o.HTTPClient.Transport, &requests}}
		s := mustNew(t, bucket, &o)
		for i := range 10 {
			put(t, s, fmt.Sprintf("k%05d", i*1001), "content")
		}
		b := storage.New(s, nil)
		requests.Store(0)
		n, err := b.DeleteMany(t.Context(), tenThousand, nil)
		made := requests.Load()
		if n != 10_000 || err != nil || made < 40 || made > 45 {
			t.Errorf("DeleteMany of 10,000 keys = %d, %v, by %d requests, want 40 to 45", n, err,
				made)
		}
		for o, err := range b.List(t.Context(), nil) {
			t.Errorf("%v, %v is left", o, err)
		}
	})
}

func tenThousand(yield func(string) bool) {
	for i := range 10_000 {
		if !yield(fmt.Sprintf("k%05d", i)) {
			return
		}
	}
}

// A stub, because no server here throttles: of ten thousand keys those are asked for again that
// were not deleted, and only once.
func TestDeleteManyThrottled(t *testing.T) {
	var requests, keys atomic.Int64
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		n := requests.Add(1)
		asked := regexp.MustCompile(`<Key>(.*?)</Key>`).FindAllSubmatch(r.Body, -1)
		switch {
		case r.Method == http.MethodDelete: // a key that is alone
			keys.Add(1)
			w.WriteHeader(http.StatusNoContent)
			return
		case n == 3: // the whole request
			refuse(w, 503, "SlowDown")
			return
		case n%4 == 0 && n <= 40: // one key in each fourth
			fmt.Fprintf(w, "<DeleteResult><Error><Key>%s</Key><Code>SlowDown</Code></Error>"+
				"</DeleteResult>", asked[len(asked)/2][1])
			keys.Add(int64(len(asked) - 1))
			return
		}
		keys.Add(int64(len(asked)))
		fmt.Fprint(w, "<DeleteResult></DeleteResult>")
	})
	b := storage.New(srv.store(t), nil)
	n, err := b.DeleteMany(t.Context(), tenThousand, nil)
	if n != 10_000 || err != nil || keys.Load() != 10_000 || requests.Load() > 45 {
		t.Errorf("DeleteMany = %d, %v, %d keys by %d requests", n, err, keys.Load(),
			requests.Load())
	}
}
