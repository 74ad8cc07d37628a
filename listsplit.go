package storage

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// A split list takes about a page more than there is for each of its spans. What ends a little
// before a whole number of pages seldom needs one more.
const (
	cutShort   = 0.15 // pages
	firstRun   = 2    // pages of a span, at first
	longestRun = 6    // and at last
	sizeOfPage = 512 << 10

	// mostUseless is how many pages of no use there may be for each that is of use, and width more
	// of them. There are no new spans until there are fewer.
	mostUseless = 0.4

	// nearPage is a page from memory: the processor is the limit, and spans are of no use to it.
	nearPage = time.Millisecond
)

// splitList is a List under way. It cuts the keys into spans, lists several of them at the same
// time, and hands their pages out in order. Spans are cut a few pages ahead of the reader, so that
// the pages that wait for it are few. Where a span has more keys than was guessed, it is cut again.
type splitList struct {
	fetch  func(context.Context, ListOptions) (*Page, error)
	splits func() bool // the Store's ListSplit, which its first page may change
	opts   ListOptions
	width  int  // requests at a time
	whole  bool // there is one span: the Store is slow to start after a key, say
	chosen bool // the caller chose width
	memory *budget
	ctx    context.Context
	cancel context.CancelFunc
	flying sync.WaitGroup

	mu       sync.Mutex
	came     chan struct{} // has room for one: a page or a failure came
	keys     keyModel
	head     *listSpan
	requests int   // under way
	ahead    int   // pages that are under way, wait for the reader, or were of no use since it came
	useless  int   // of these
	window   int   // the most of them
	pageSize int64 // of the memory of a page, as far as known
	entries  int   // of a full page
	run      int   // pages of a new span
	cuts     int
	tries    int  // new spans at a time: fewer where guesses are often wrong
	useful   int  // pages with keys that no other page had
	wasted   int  // pages without, and requests that were given up
	begun    bool // the reader has a page
	waiting  bool // and waits for one
}

// listSpan is a part of a list: what sorts after from, up to until.
type listSpan struct {
	from, token string // where the next page begins; the token says it better
	until       string // empty: to the end of the list
	seen        stretch
	pages       []listedPage // that came and were not read
	empty       idlePages
	asked, over bool
	begun       bool               // a page came
	dropped     bool               // nobody wants it
	cancel      context.CancelFunc // of what was asked
	stiff       bool               // nobody knows where to cut
	err         error
	next        *listSpan
}

// listedPage is a page that waits for the reader, with its memory.
type listedPage struct {
	*Page
	held int64
}

// newSplitList begins a list. window is the number of pages that may be asked for ahead of the
// reader before it has shown that it keeps up.
func newSplitList(
	ctx context.Context, o ListOptions, width, window int, splits func() bool, memory *budget,
	fetch func(context.Context, ListOptions) (*Page, error),
) *splitList {
	l := &splitList{
		fetch: fetch, splits: splits, opts: o, width: width, whole: width == 1 || !splits(),
		memory: memory, tries: width, window: window, pageSize: sizeOfPage, run: firstRun,
		came: make(chan struct{}, 1),
		head: &listSpan{from: o.StartAfter, token: o.PageToken},
	}
	l.ctx, l.cancel = context.WithCancel(ctx)
	return l
}

// stop ends the list and waits for its requests.
func (l *splitList) stop() {
	l.cancel()
	l.flying.Wait()
	l.drop(l.head)
	l.head = nil
}

// drop gives up s and what follows it.
func (l *splitList) drop(s *listSpan) {
	for ; s != nil; s = s.next {
		for _, p := range s.pages {
			l.memory.give(p.held)
		}
		l.ahead -= len(s.pages)
		s.pages, s.dropped = nil, true
		if s.asked {
			s.cancel()
			l.wasted++
		}
	}
}

// next returns the next page; nil at the end.
func (l *splitList) next() (*Page, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ahead -= l.useless
	l.useless = 0
	for waited := false; ; {
		for l.head != nil && l.head.over && len(l.head.pages) == 0 {
			l.head = l.head.next
		}
		switch s := l.head; {
		case s == nil:
			return nil, nil
		case len(s.pages) > 0:
			p := s.pages[0]
			s.pages = s.pages[1:]
			l.memory.give(p.held)
			l.ahead--
			l.begun = true
			l.schedule()
			return p.Page, nil
		case s.err != nil:
			return nil, s.err
		}
		if l.begun && !waited { // the reader is faster than the pages come
			waited = true
			l.window = min(max(2*l.window, 2*l.width), l.widest())
		}
		l.waiting = true
		l.schedule()
		l.mu.Unlock()
		<-l.came
		l.mu.Lock()
		l.waiting = false
	}
}

// widest is the largest window: a number of pages beside the limit of memory.
func (l *splitList) widest() int {
	if l.whole {
		return l.width - 1
	}
	return 16 * l.width
}

// schedule makes the requests that may be made now, those nearest to the reader first.
func (l *splitList) schedule() {
	for l.requests < l.width {
		if s := l.head; l.waiting && len(s.pages) == 0 && s.idle() {
			l.ask(s, 0) // whatever the memory, and also to learn why it cannot be had
			continue
		}
		if l.ahead >= l.window || l.ctx.Err() != nil || !l.memory.take(l.pageSize) {
			return
		}
		s := l.firstIdle()
		if s == nil {
			s = l.cut()
		}
		if s == nil {
			l.memory.give(l.pageSize)
			return
		}
		l.ask(s, l.pageSize)
	}
}

// idle reports whether s has pages left and none of them is under way.
func (s *listSpan) idle() bool { return !s.asked && !s.over && s.err == nil }

func (l *splitList) firstIdle() *listSpan {
	for s := l.head; s != nil && s.err == nil; s = s.next {
		if s.idle() {
			return s
		}
	}
	return nil
}

// ask requests the next page of s. Its memory is held.
func (l *splitList) ask(s *listSpan, held int64) {
	o := l.opts
	o.StartAfter, o.PageToken = s.from, s.token
	ctx, cancel := context.WithCancel(l.ctx)
	s.asked, s.cancel = true, cancel
	l.requests++
	l.ahead++
	l.flying.Go(func() {
		began := time.Now()
		page, err := l.fetch(ctx, o)
		cancel()
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.begun && !l.chosen && time.Since(began) < nearPage {
			l.whole, l.width = true, min(l.width, 2)
		}
		l.requests--
		s.asked = false
		switch {
		case err == nil && !s.empty.goOn(len(page.Objects), page.NextToken):
			s.err = errNoAdvance()
			l.ahead--
			l.memory.give(held)
		case err == nil && !s.dropped:
			l.take(s, page, held)
		default:
			s.err = err
			l.ahead--
			l.memory.give(held)
		}
		l.schedule()
		select {
		case l.came <- struct{}{}:
		default:
		}
	})
}

// take adds a page to s.
func (l *splitList) take(s *listSpan, page *Page, held int64) {
	n := len(page.Objects)
	l.entries = max(l.entries, n)
	l.whole = l.whole || !l.splits()
	from, fresh := s.from, !s.begun && s.token == ""
	if fresh {
		defer func() { l.tried(len(page.Objects) > 0) }()
	}
	s.token, s.stiff, s.begun = page.NextToken, false, true
	if n > 0 {
		l.join(s, page.Objects[0].Key, page.Objects[n-1].Key)
		s.from = page.Objects[n-1].Key
	}
	if n > 1 && !l.whole {
		if fresh {
			l.keys.skip(from, page.Objects[0].Key)
		}
		l.keys.learn(page.Objects)
		s.seen = stretch{page.Objects[0].Key, s.from, n - 1}
	}
	if page.NextToken == "" { // it goes to the end: what lies behind is of no use
		l.drop(s.next)
		s.over, s.until, s.next = true, "", nil
	}
	if s.until != "" && s.from >= s.until {
		s.over = true
		page.Objects = upTo(page.Objects, s.until)
	}
	if len(page.Objects) == 0 {
		l.useless++
		l.wasted++
		l.run = max(l.run-1, 2)
		l.memory.give(held)
		return
	}
	l.useful++
	size := page.size()
	if n == len(page.Objects) {
		l.pageSize = size
	}
	switch more := size - held; {
	case more < 0 && held > 0:
		l.memory.give(-more)
		held = size
	case held > 0 && l.memory.take(more):
		held = size
	}
	s.pages = append(s.pages, listedPage{page, held})
}

// tried notes whether the first page of a new span was of use.
func (l *splitList) tried(useful bool) {
	if useful {
		l.tries = min(l.tries+1, l.width)
	} else {
		l.tries = max(l.tries-1, 1)
	}
}

// join makes s longer by the spans behind it that its new page, of keys from first to last, tells
// more of than they know: those of which nothing was asked, and, if nothing lies between s and the
// page, those of which nothing came.
func (l *splitList) join(s *listSpan, first, last string) {
	for s.until != "" && last > s.until {
		n := s.next
		if n == nil || n.begun || n.err != nil || n.asked && first <= s.until {
			return
		}
		s.until, s.next = n.until, n.next
		n.next = nil
		l.drop(n)
	}
}

// upTo returns the objects up to a key.
func upTo(objects []*Object, until string) []*Object {
	end, _ := slices.BinarySearchFunc(objects, until, func(o *Object, until string) int {
		if o.Key <= until {
			return -1
		}
		return 1
	})
	clear(objects[end:])
	return objects[:end]
}

// cut cuts a span in two and returns the second, or nil if there is nothing to cut.
func (l *splitList) cut() *listSpan {
	most := mostUseless*float64(l.useful) + float64(l.width)
	if l.whole || l.entries == 0 || float64(l.wasted) > most {
		return nil
	}
	fresh := 0
	for s := l.head; s != nil; s = s.next {
		if !s.begun {
			fresh++
		}
	}
	if fresh >= l.tries {
		return nil
	}
	var longest *listSpan
	pages := 0.0
	for s := l.head; s != nil && s.err == nil; s = s.next {
		if s.over || s.stiff {
			continue
		}
		switch left := l.left(s); {
		case left > 2*float64(l.run)+1: // the last one always
			if behind := l.cutAt(s, float64(l.run)); behind != nil {
				if l.cuts++; l.cuts%l.width == 0 {
					l.run = min(l.run+1, longestRun)
				}
				return behind
			}
		case left > pages:
			longest, pages = s, left
		}
	}
	if pages < 1.5 {
		return nil
	}
	return l.cutAt(longest, math.Ceil(pages/2))
}

// left guesses how many pages of s are left, with the one that is under way.
func (l *splitList) left(s *listSpan) float64 {
	if s.until == "" {
		return math.Inf(1)
	}
	r, ok := l.keys.ruler(s.seen, false)
	if !ok {
		return 0
	}
	return r.keys(s.from, s.until) / float64(l.entries)
}

// cutAt cuts s a little before the given number of pages.
func (l *splitList) cutAt(s *listSpan, pages float64) *listSpan {
	more := (pages - cutShort) * float64(l.entries)
	at := l.guess(s, more, false)
	if at == "" {
		at = l.guess(s, more, true)
	}
	if at == "" || !strings.HasPrefix(at, l.opts.Prefix) || s.until != "" && at >= s.until {
		s.stiff = true
		return nil
	}
	behind := &listSpan{from: at, until: s.until, seen: s.seen, next: s.next}
	s.until, s.next = at, behind
	return behind
}

// guess returns a key that is so many keys behind where s begins, or "".
func (l *splitList) guess(s *listSpan, more float64, loose bool) string {
	r, ok := l.keys.ruler(s.seen, loose)
	if !ok {
		return ""
	}
	return r.after(s.from, more)
}
