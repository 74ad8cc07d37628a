package instants

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// tokens gives out TOKEN1, TOKEN2 and so on, and notes which of them the requests have.
type tokens struct {
	mu    sync.Mutex
	given int
	used  []string
}

func (k *tokens) next() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.given++
	return fmt.Sprintf("TOKEN%d", k.given)
}

func (k *tokens) answer(d driver, _ int, w http.ResponseWriter, r *http.Request) {
	_, id, _ := strings.Cut(r.Header.Get("Authorization"), "TOKEN")
	k.mu.Lock()
	k.used = append(k.used, id[:min(1, len(id))])
	k.mu.Unlock()
	d.describe(w)
}

// TestTokenRefresh makes a request at each of the instants around which a token is renewed: it is
// so on time, once, and a request that comes late never has one that has ended.
func TestTokenRefresh(t *testing.T) {
	for _, d := range drivers {
		// How long before its end a token is renewed, as each SDK has it. Those of GCS and Azure
		// count from the instant behind it. GCS's asks beside the requests, which go on with the
		// old one until there is another; and it has two caches, one of which asks the other.
		early := map[string]time.Duration{
			"s3": 0, "gcs": 225 * time.Second, "azure": 5 * time.Minute,
		}[d.name]
		due := lifetime - early
		for _, tt := range []struct {
			name  string
			at    []time.Duration
			want  map[string][]string
			given int
		}{
			{
				"on time", []time.Duration{0, due - 1, due, due + 1, due + 2, due + 3},
				map[string][]string{
					"s3":    {"1", "1", "2", "2", "2", "2"},
					"gcs":   {"1", "1", "1", "1", "1", "2"},
					"azure": {"1", "1", "1", "2", "2", "2"},
				}, 2,
			},
			{
				"late", []time.Duration{0, lifetime + 1, lifetime + 2},
				map[string][]string{
					"s3": {"1", "2", "2"}, "gcs": {"1", "2", "2"}, "azure": {"1", "2", "2"},
				}, 2,
			},
			{
				"again and again", []time.Duration{0, 3 * lifetime, 6 * lifetime, 6*lifetime + 1},
				map[string][]string{
					"s3": {"1", "2", "3", "3"}, "gcs": {"1", "2", "3", "3"},
					"azure": {"1", "2", "3", "3"},
				}, 3,
			},
		} {
			t.Run(d.name+" "+tt.name, func(t *testing.T) {
				var k tokens
				d.play(t, nil, k.next, k.answer,
					func(t *testing.T, b *storage.Bucket, s *service) {
						for _, at := range tt.at {
							time.Sleep(at - time.Since(s.start))
							if _, err := b.Stat(t.Context(), "k", nil); err != nil {
								t.Error(err)
							}
						}
						if !slices.Equal(s.times(), tt.at) {
							t.Errorf("asked at %v, want %v", s.times(), tt.at)
						}
					})
				if !slices.Equal(k.used, tt.want[d.name]) || k.given != tt.given {
					t.Errorf("used %v of %d tokens, want %v of %d", k.used, k.given,
						tt.want[d.name], tt.given)
				}
			})
		}
	}
}
