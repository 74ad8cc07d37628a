package gcs

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// MaxBatch is Options.BatchSize; 0 on an emulator.
func (s *Store) MaxBatch() int {
	if s.emulator {
		return 0
	}
	return s.batch
}

type deletion struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Object  []deletedObject
}

type deletedObject struct{ Key string }

// DeleteBatch makes one multi-object delete of the XML API,
// https://cloud.google.com/storage/docs/xml-api/post-bucket. Keys that XML cannot carry, which
// would arrive as other keys, are deleted one by one.
func (s *Store) DeleteBatch(
	ctx context.Context, keys []string, _ *storage.DeleteBatchOptions,
) ([]error, error) {
	switch {
	case s.emulator:
		return nil, driver.Unsupportedf("batches on an emulator")
	case len(keys) > s.batch:
		return nil, driver.Invalidf("%d keys, at most %d", len(keys), s.batch)
	}
	errs := make([]error, len(keys))
	index := make(map[string][]int, len(keys)) // a key may be there twice
	var list deletion
	list.Quiet = true
	for i, key := range keys {
		switch err := s.checkAsked(key); {
		case err != nil:
			errs[i] = err
			continue
		case !httpdriver.XMLText(key):
			errs[i] = s.Delete(ctx, key, &storage.DeleteOptions{})
			continue
		}
		if index[key] == nil {
			list.Object = append(list.Object, deletedObject{key})
		}
		index[key] = append(index[key], i)
	}
	if len(list.Object) == 0 {
		return errs, nil
	}
	body, err := xml.Marshal(&list)
	if err != nil {
		return nil, driver.Invalidf("keys: %w", err)
	}
	var answer struct {
		Error []struct{ Key, Code, Message string }
	}
	a := writing().ofBucket()
	if _, err := s.sendXML(ctx, a, request{
		method: http.MethodPost,
		url:    s.xmlBucket() + "?delete",
		header: http.Header{"Content-Type": {"application/xml"}},
		body:   bytes.NewReader(body),
		size:   int64(len(body)),
	}, "DeleteResult", &answer); err != nil {
		return nil, err
	}
	for _, failed := range answer.Error {
		e := refusal(a, 0, said{failed.Code, failed.Message})
		if e.Kind == storage.ErrNotExist {
			continue
		}
		e.Key, e.InDoubt = failed.Key, e.Kind == storage.ErrUnavailable
		where, ok := index[failed.Key]
		if !ok {
			return nil, e // of a key that the service writes otherwise: which one is not known
		}
		for _, i := range where {
			errs[i] = e
		}
	}
	return errs, nil
}
