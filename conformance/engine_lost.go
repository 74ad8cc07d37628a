package conformance

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// writePath is one way in which a Bucket writes an object.
type writePath struct {
	name  string
	verb  string    // the request that makes the object
	large bool      // in parts
	needs []Feature // to hold conditions
	write func(
		ctx context.Context, r *rig, name string, data []byte, ifAbsent bool, ifMatch string,
	) (*storage.Object, error)
}

var writePaths = []writePath{
	{name: "put", verb: "Put", needs: []Feature{IfAbsent, IfMatch}, write: writeSized},
	{name: "stream", verb: "Put", needs: []Feature{IfAbsent, IfMatch}, write: writeStream},
	{name: "writer", verb: "Put", needs: []Feature{IfAbsent, IfMatch}, write: writeWriter},
	{name: "file", verb: "Put", needs: []Feature{IfAbsent, IfMatch}, write: writeFile},
	{name: "copy", verb: "Copy", needs: []Feature{Copy, CopyConditions}, write: writeCopy},
	{
		name:  "multipart",
		verb:  "CompleteUpload",
		large: true,
		needs: []Feature{Multipart, MultipartConditions},
		write: writeSized,
	},
	{
		name:  "multipart-writer",
		verb:  "CompleteUpload",
		large: true,
		needs: []Feature{Multipart, MultipartConditions},
		write: writeWriter,
	},
	{
		name:  "multipart-file",
		verb:  "CompleteUpload",
		large: true,
		needs: []Feature{Multipart, MultipartConditions},
		write: writeFile,
	},
}

func writeSized(
	ctx context.Context, r *rig, name string, data []byte, ifAbsent bool, ifMatch string,
) (*storage.Object, error) {
	return r.b.Put(ctx, name, bytes.NewReader(data), &storage.PutOptions{
		IfAbsent: ifAbsent,
		IfMatch:  ifMatch,
	})
}

func writeStream(
	ctx context.Context, r *rig, name string, data []byte, ifAbsent bool, ifMatch string,
) (*storage.Object, error) {
	return r.b.Put(ctx, name, onlyRead{bytes.NewReader(data)}, &storage.PutOptions{
		IfAbsent: ifAbsent,
		IfMatch:  ifMatch,
	})
}

func writeWriter(
	ctx context.Context, r *rig, name string, data []byte, ifAbsent bool, ifMatch string,
) (*storage.Object, error) {
	w := r.b.NewWriter(ctx, name, &storage.PutOptions{IfAbsent: ifAbsent, IfMatch: ifMatch})
	defer w.Close()
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	return w.Commit()
}

func writeFile(
	ctx context.Context, r *rig, name string, data []byte, ifAbsent bool, ifMatch string,
) (*storage.Object, error) {
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, err
	}
	return r.b.UploadFile(ctx, name, path, &storage.PutOptions{
		IfAbsent: ifAbsent,
		IfMatch:  ifMatch,
	})
}

func writeCopy(
	ctx context.Context, r *rig, name string, data []byte, ifAbsent bool, ifMatch string,
) (*storage.Object, error) {
	if _, err := r.put(ctx, r.key(name+"-source"), data, nil); err != nil {
		return nil, err
	}
	return r.b.Copy(ctx, name, name+"-source", &storage.CopyOptions{
		IfAbsent: ifAbsent,
		IfMatch:  ifMatch,
	})
}

// blind lets the first look fail. A conditional copy has looked at its source before.
func (p *writePath) blind(condition string) []fault.Fault {
	if p.verb == "Copy" && condition != "no condition" {
		return []fault.Fault{fault.None(), fault.Unsent()}
	}
	return []fault.Fault{fault.Unsent()}
}

// data is an object for the path.
func (p *writePath) data(r *rig, seed uint64) []byte {
	if p.large {
		return r.large(seed)
	}
	return pattern(100, seed)
}

// lostAnswerChecks is one check for each path.
func lostAnswerChecks() []check {
	var checks []check
	for _, p := range writePaths {
		checks = append(checks, check{
			name: "engine/lost-answer-" + p.name, feature: Engine, needs: p.needs,
			rule: "rule 11: a write that was committed and whose answer was lost is nil, with " +
				"its ETag, and its bytes go up once",
			run: rigged(p.lostAnswers),
		})
	}
	return checks
}

func (p *writePath) lostAnswers(ctx context.Context, r *rig) error {
	conditions := []string{"IfAbsent", "IfMatch", "no condition"}
	if p.large && p.name != "multipart" {
		conditions = conditions[:r.many(3, 1)] // large objects cost time on a live bucket
	}
	for i, condition := range conditions {
		name := fmt.Sprint("k", i)
		ifMatch := ""
		if condition == "IfMatch" {
			base, err := r.b.Put(ctx, name, bytes.NewReader([]byte("the base")), nil)
			if err != nil {
				return err
			}
			ifMatch = base.ETag
		}
		data := p.data(r, uint64(i))
		r.script(p.verb, fault.Lost())
		o, err := p.write(ctx, r, name, data, condition == "IfAbsent", ifMatch)
		what := fmt.Sprintf("%s with %s, the answer lost once", p.name, condition)
		r.wrote(ctx, what, name, o, err, data)
		// An ID is in what has a condition, and in every upload. Anything else is sent again.
		want := 1
		if condition == "no condition" && !p.large {
			want = 2
		}
		r.called(what, p.verb, want)
		r.noUploads(what)

		// The look fails, so it is sent again, and refused; the next look tells.
		name += "-blind"
		if ifMatch != "" {
			base, err := r.b.Put(ctx, name, bytes.NewReader([]byte("the base")), nil)
			if err != nil {
				return err
			}
			ifMatch = base.ETag
		}
		r.script(p.verb, fault.Lost())
		if want == 1 {
			r.faults.Next("Stat", p.blind(condition)...)
		}
		o, err = p.write(ctx, r, name, data, condition == "IfAbsent", ifMatch)
		r.wrote(ctx, what+", and the first look fails", name, o, err, data)
		r.called(what+", and the first look fails", p.verb, 2)
	}
	return nil
}
