package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/polystore/storage"
)

type rmCmd struct {
	jobsFlag

	URL       []string `arg:"" help:"Objects, or with -r directories and buckets."`
	Recursive bool     `short:"r" help:"The object and all below it; of a bucket, everything."`
	IfMatch   version  `placeholder:"ETAG" help:"Delete only this version of the one object."`
	JSON      bool     `help:"Print what was done as one JSON object."`
}

func (c *rmCmd) Run(a *app) error {
	ls := make([]location, len(c.URL))
	for i, arg := range c.URL {
		var err error
		if ls[i], err = parseLocation(arg); err != nil {
			return err
		}
	}
	if c.IfMatch != "" && (c.Recursive || len(ls) > 1) {
		return usage("--if-match is for one object")
	}
	r := &removal{app: a, opts: &storage.DeleteManyOptions{Concurrency: int(c.Jobs)}}
	var err error
	switch {
	case c.Recursive:
		err = r.trees(ls)
	case len(ls) == 1:
		err = r.one(ls[0], string(c.IfMatch))
	default:
		err = r.many(ls)
	}
	if c.JSON && (err == nil || errors.Is(err, errReported)) {
		err = errors.Join(a.json(r.result), err)
	}
	return err
}

// removal gathers what became of the objects.
type removal struct {
	app    *app
	opts   *storage.DeleteManyOptions
	result struct {
		Deleted int `json:"deleted"` // also those that were not there
		Failed  int `json:"failed"`
	}
}

func (r *removal) one(l location, ifMatch string) error {
	b, key, err := r.app.object(l)
	if err != nil {
		return err
	}
	if err := b.Delete(r.app.ctx, key, &storage.DeleteOptions{IfMatch: ifMatch}); err != nil {
		return err
	}
	r.result.Deleted++
	return nil
}

// many deletes objects of any number of buckets, those of one together.
func (r *removal) many(ls []location) error {
	keys := make(map[*storage.Bucket][]string)
	var order []*storage.Bucket
	for _, l := range ls {
		b, key, err := r.app.object(l)
		if err != nil {
			return err
		}
		if keys[b] == nil {
			order = append(order, b)
		}
		keys[b] = append(keys[b], key)
	}
	for _, b := range order {
		if err := r.note(b.DeleteMany(r.app.ctx, slices.Values(keys[b]), r.opts)); err != nil {
			return err
		}
	}
	return r.end()
}

func (r *removal) trees(ls []location) error {
	for _, l := range ls {
		if l.stdio {
			return usage("- cannot be deleted")
		}
		bucket, prefix := l.below()
		b, err := r.app.open(bucket)
		if err != nil {
			return err
		}
		if err := r.note(b.DeletePrefix(r.app.ctx, prefix, r.opts)); err != nil {
			return err
		}
		if prefix != "" && !strings.HasSuffix(l.key, "/") {
			// It is not counted: it may never have been an object. It goes last, since some stores
			// refuse to delete a directory that is not empty.
			if err := b.Delete(r.app.ctx, strings.TrimSuffix(prefix, "/"), nil); err != nil {
				return err
			}
		}
	}
	return r.end()
}

// note counts, and prints the failure of each key, but not of those that were under way when a
// signal came. Why not every key was tried is returned, as is any other failure.
func (r *removal) note(n int, err error) error {
	r.result.Deleted += n
	var failed *storage.DeleteError
	if !errors.As(err, &failed) {
		return err
	}
	r.result.Failed += failed.Failed
	stopped := r.app.ctx.Err()
	for _, e := range failed.Errors {
		if stopped == nil || !errors.Is(e, stopped) {
			r.app.warn(e)
		}
	}
	if more := failed.Failed - len(failed.Errors); more > 0 && stopped == nil {
		r.app.warn(errors.New("and " + strconv.Itoa(more) + " more"))
	}
	if whole, ok := errors.AsType[*storage.Error](err); ok && whole.Err == failed {
		return nil
	}
	return err
}

func (r *removal) end() error {
	if r.result.Failed > 0 {
		return errReported
	}
	return nil
}
