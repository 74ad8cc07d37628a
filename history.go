package storage

import "sync"

// maxHistory is the number of versions whose lineage a Bucket remembers, at about 200 bytes each.
const maxHistory = 1024

// history remembers the lineage of the versions that the Bucket has seen. A write upon one of them
// continues its lineage.
type history struct {
	mu    sync.Mutex
	known map[version]lineage
	order []version // a ring, oldest at next
	next  int
}

type version struct{ key, etag string }

func (h *history) add(key, etag string, l lineage) {
	if etag == ETagNone {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	v := version{key, etag}
	if _, ok := h.known[v]; !ok {
		if h.known == nil {
			h.known = make(map[version]lineage)
		}
		if len(h.order) < maxHistory {
			h.order = append(h.order, v)
		} else {
			delete(h.known, h.order[h.next])
			h.order[h.next] = v
			h.next = (h.next + 1) % maxHistory
		}
	}
	h.known[v] = l
}

func (h *history) get(key, etag string) lineage {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known[version{key, etag}]
}
