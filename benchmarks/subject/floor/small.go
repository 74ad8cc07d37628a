package floor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/polystore/storage/benchmarks/subject"
)

// A small operation of the floor is one request, signed and checked for its status.

func (f *floor) Read(ctx context.Context, key string, buf []byte) error {
	resp, err := f.do(ctx, http.MethodGet, key, nil, 0, nil)
	if err != nil {
		return err
	}
	return subject.ReadAll(resp.Body, buf)
}

func (f *floor) Write(ctx context.Context, key string, data []byte) error {
	resp, err := f.do(ctx, http.MethodPut, key, bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		return err
	}
	return discard(resp)
}

func (f *floor) Stat(ctx context.Context, key string) (int64, error) {
	resp, err := f.do(ctx, http.MethodHead, key, nil, 0, nil)
	if err != nil {
		return 0, err
	}
	return resp.ContentLength, discard(resp)
}

func (f *floor) Delete(ctx context.Context, key string) error {
	resp, err := f.do(ctx, http.MethodDelete, key, nil, 0, nil)
	if err != nil {
		return err
	}
	return discard(resp)
}

// List reads page after page, and looks at nothing but the end.
func (f *floor) List(ctx context.Context, prefix string) (int, error) {
	count, token := 0, ""
	for {
		q := url.Values{"list-type": {"2"}, "prefix": {prefix}}
		if token != "" {
			q.Set("continuation-token", token)
		}
		resp, err := f.do(ctx, http.MethodGet, "?"+q.Encode(), nil, 0, nil)
		if err != nil {
			return count, err
		}
		var b bytes.Buffer
		_, err = b.ReadFrom(resp.Body)
		resp.Body.Close()
		if err != nil {
			return count, err
		}
		page := b.String()
		count += strings.Count(page, "<Contents>")
		_, rest, more := strings.Cut(page, "<NextContinuationToken>")
		if !more {
			return count, nil
		}
		next, _, ok := strings.Cut(rest, "<")
		if !ok || next == token {
			return count, fmt.Errorf("token %q", next)
		}
		token = next
	}
}
