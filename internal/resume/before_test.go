package resume

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// before is what there was when a child began: what its state file names, and what the service has.
type before struct {
	Storage string // the kind of state; empty: there is none

	Key, Upload string
	Parts       []*storage.Part
	PartSize    int64
	Complete    bool // the object may be there already

	Done []struct{ At, Size int64 } // of a download

	url string
}

// decoded is what the text of a state file says.
func decoded(text []byte) *before {
	b := new(before)
	if json.Unmarshal(text, b) != nil {
		return new(before)
	}
	return b
}

// bytes is how many bytes need not be moved again.
func (b *before) bytes() (n int64) {
	for _, p := range b.Parts {
		n += p.Size
	}
	for _, x := range b.Done {
		n += x.Size
	}
	return n
}

// before reads the state file and holds it against the service's own list of parts.
func (r *run) before(t *testing.T, state string) *before {
	t.Helper()
	text, err := os.ReadFile(state)
	b := decoded(text)
	b.url = r.url
	if err != nil || b.Upload == "" {
		return b
	}
	listed := make(map[int]*storage.Part)
	s := storage.Full(r.open(t).Store())
	for opts := new(storage.ListPartsOptions); ; {
		page, err := s.ListPartsPage(t.Context(), b.Key, b.Upload, opts)
		if err != nil && b.mayBeGone(err) {
			return b
		}
		if err != nil {
			t.Fatalf("the parts of %q: %v", b.Upload, err)
		}
		for _, p := range page.Parts {
			listed[p.Number] = p
		}
		if opts.PageToken = page.NextToken; opts.PageToken == "" {
			break
		}
	}
	if len(listed) == 0 && b.Complete {
		return b // on its way to the object
	}
	for _, p := range b.Parts {
		if has := listed[p.Number]; has == nil || has.Size != p.Size {
			t.Errorf("the state names part %d of %d bytes, and the service has %+v", p.Number,
				p.Size, has)
		}
	}
	if more := len(listed) - len(b.Parts); more > workers {
		t.Errorf("the service has %d parts that the state does not name, want at most the %d that "+
			"were under way", more, workers)
	}
	return b
}

// mayBeGone reports whether err may say that the upload is gone. Azure has none without parts.
func (b *before) mayBeGone(err error) bool {
	return errors.Is(err, storage.ErrNotExist) && (b.Complete || len(b.Parts) == 0)
}

// took is what the child prints.
type took struct {
	Moved, Resumed int64
	Restarted      string
	Puts, Uploads  int
	Parts          []int
	Asked          [][2]int64
	Read           int64
}

// lostUploads are why a transfer to MinIO may begin again: a completion whose client goes away can
// end the upload, or take its parts, and make no object, once in two hundred.
var lostUploads = []string{
	"the upload no longer exists",
	"a part was replaced by an earlier attempt of it that came late",
}

// judge compares what the last child moved with what was missing. It returns false if the service
// has lost the upload.
func (b *before) judge(t *testing.T, kind string, out []byte) bool {
	t.Helper()
	var now took
	if err := json.Unmarshal(out, &now); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	if slices.Contains(lostUploads, now.Restarted) && strings.HasPrefix(b.url, "s3:") {
		return false
	}
	if now.Restarted != "" {
		t.Errorf("%s began again: %s", kind, now.Restarted)
	}
	if now.Resumed != b.bytes() {
		t.Errorf("%s says that it had %d bytes; the state has %d", kind, now.Resumed, b.bytes())
	}
	if missing := size - b.bytes(); now.Moved > missing || now.Read > missing {
		t.Errorf("%s moved %d bytes, and read %d from the service, although only %d were missing",
			kind, now.Moved, now.Read, missing)
	}
	if now.Puts > 0 {
		t.Errorf("%s sent the whole object %d times", kind, now.Puts)
	}
	if now.Uploads > 0 && b.Upload != "" {
		t.Errorf("%s began %d uploads, and the state names one", kind, now.Uploads)
	}
	if kind == "down" {
		b.judgeReads(t, &now)
		return true
	}
	var want []int
	for number := 1; number <= (size+partSize-1)/partSize; number++ {
		if !slices.ContainsFunc(b.Parts, func(p *storage.Part) bool { return p.Number == number }) {
			want = append(want, number)
		}
	}
	if slices.Sort(now.Parts); !slices.Equal(now.Parts, want) {
		t.Errorf("%s sent parts %d, want those that the state does not name, %d", kind, now.Parts,
			want)
	}
	return true
}

// judgeReads compares what the last child asked for with what the state names.
func (b *before) judgeReads(t *testing.T, now *took) {
	t.Helper()
	for _, asked := range now.Asked {
		from, to := asked[0], asked[0]+asked[1]
		if asked[1] == 0 {
			to = size
		}
		for _, x := range b.Done {
			if from < x.At+x.Size && x.At < to {
				t.Errorf("bytes %d to %d were asked for, and the state has %d to %d", from, to,
					x.At, x.At+x.Size)
			}
		}
	}
	// A range ends where another hole begins.
	if most := int(size-b.bytes())/(2<<20) + 2*(len(b.Done)+1); len(now.Asked) > most {
		t.Errorf("%d requests for %d bytes in %d holes, want at most %d", len(now.Asked),
			size-b.bytes(), len(b.Done)+1, most)
	}
}
