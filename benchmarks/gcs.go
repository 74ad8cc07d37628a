package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/polystore/storage/benchmarks/work"
)

// checkGCS tells whether an upload to the fake of Google Cloud Storage became the pattern, by what
// the service says of it, and removes it.
func (p *place) checkGCS(ctx context.Context, t work.Task, s *sample) error {
	url := "http://" + p.gcs.Addr + "/storage/v1/b/" + t.Target.Bucket + "/o/" + t.Key
	body, err := call(ctx, http.MethodGet, url)
	if err != nil {
		return err
	}
	var o struct{ Size, CRC32C string }
	if err := json.Unmarshal(body, &o); err != nil {
		return err
	}
	size, err := strconv.ParseInt(o.Size, 10, 64)
	sum, wrong := base64.StdEncoding.DecodeString(o.CRC32C)
	if err != nil || wrong != nil || len(sum) != 4 {
		return fmt.Errorf("%s is not described by %s", t.Key, body)
	}
	got := kept{Size: size, CRC: binary.BigEndian.Uint32(sum), OK: true}
	if err := p.compare(got, t.Size); err != nil {
		s.Err = err.Error()
	}
	_, err = call(ctx, http.MethodDelete, url)
	return err
}

// call makes a request without a body, and reads the answer.
func call(ctx context.Context, method, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode >= 300 {
		err = errors.Join(fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, body), err)
	}
	return body, err
}
