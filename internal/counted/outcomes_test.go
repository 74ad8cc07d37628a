// Package counted counts what conditional writes report when their answers are lost or when a proxy
// delivers them twice, on real servers, with writers that race.
package counted

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
	_ "github.com/polystore/storage/providers/all"
)

// writes is how many conditional writes meet each trouble on each service.
var writes = flag.Int("writes", 300, "conditional writes of each kind on each service")

const (
	writers   = 3
	multipart = 40 // one round in so many sends its object in parts
	partSize  = 5 << 20
)

func TestMain(m *testing.M) { testenv.Main(m) }

// services are the URLs of an empty bucket on each.
var services = map[string]func(*testing.T) string{
	"MinIO":     func(t *testing.T) string { return s3URL(t, testenv.MinIO(t), "minio") },
	"versitygw": func(t *testing.T) string { return s3URL(t, testenv.VersityGW(t), "versitygw") },
	"gcsfake": func(t *testing.T) string {
		s := gcsfake.Start(t, gcsfake.Options{})
		return "gs://" + s.NewBucket(t) + "?" +
			url.Values{"endpoint": {s.URL}, "anonymous": {"true"}}.Encode()
	},
	"Azurite": func(t *testing.T) string {
		s := testenv.Azurite(t)
		t.Setenv("AZURE_STORAGE_KEY", s.AzureKey())
		return "az://" + s.NewBucket(t) + "?" +
			url.Values{"endpoint": {s.Endpoint + "/" + s.AccessKey}}.Encode()
	},
}

func s3URL(t *testing.T, s *testenv.Server, provider string) string {
	t.Setenv("AWS_ACCESS_KEY_ID", s.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.SecretKey)
	return "s3://" + s.NewBucket(t) + "?" + url.Values{
		"endpoint": {s.Endpoint}, "region": {s.Region}, "provider": {provider},
	}.Encode()
}

// No conditional write is reported as done that did not happen, or as refused that did.
func TestOutcomes(t *testing.T) {
	for name, open := range services {
		t.Run(name, func(t *testing.T) {
			address := open(t)
			for _, trouble := range []trouble{lost, doubled} {
				t.Run(string(trouble), func(t *testing.T) { outcomes(t, address, trouble) })
			}
		})
	}
}

// tally counts how the writes of a run ended.
type tally struct {
	mu                            sync.Mutex
	done, refused, unknown        int
	falseSuccesses, falseRefusals int
	settled, settledRequests      int // writes whose first request did it
	unexpected                    []error
}

func (c *tally) add(o *op, first bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	happened := o.happened.Load()
	switch {
	case err == nil:
		c.done++
		if !happened {
			c.falseSuccesses++
		}
		if first {
			c.settled++
			c.settledRequests += int(o.requests.Load())
		}
	case errors.Is(err, storage.ErrExist), errors.Is(err, storage.ErrPrecondition):
		c.refused++
		if happened {
			c.falseRefusals++
		}
	case errors.Is(err, storage.ErrUnknownOutcome):
		c.unknown++
	default:
		c.unexpected = append(c.unexpected, err)
	}
}

func outcomes(t *testing.T, address string, trouble trouble) {
	raw, err := storage.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	store := &unreliable{FullStore: storage.Full(raw.Store()), trouble: trouble}
	b := storage.New(store, &storage.Options{
		PartSize: partSize,
		Retry:    storage.RetryOptions{MinDelay: time.Millisecond, Budget: 1 << 20},
	})
	var c tally
	shared := string(trouble) + "/shared"
	if _, err := raw.WriteAll(t.Context(), shared, []byte("base"), nil); err != nil {
		t.Fatal(err)
	}
	for round := range *writes / writers {
		key, create := shared, round%2 == 0
		if create {
			key = fmt.Sprintf("%s/new-%d", trouble, round)
		}
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() { write(t, b, &c, key, create, round%multipart < 2) })
		}
		wg.Wait()
	}
	t.Logf("%d writes, each first request %s: %d done, %d refused, %d unknown; %.2f requests for "+
		"one "+
		"that its first request did", *writes/writers*writers, trouble, c.done, c.refused,
		c.unknown,
		float64(c.settledRequests)/float64(max(c.settled, 1)))
	if c.falseSuccesses > 0 || c.falseRefusals > 0 {
		t.Errorf("%d false successes, %d false refusals", c.falseSuccesses, c.falseRefusals)
	}
	if c.done == 0 || c.refused == 0 {
		t.Error("no write was done, or none was refused: nothing was tested")
	}
	for _, err := range c.unexpected {
		t.Errorf("an error that the contract does not name: %v", err)
	}
}

// write makes one conditional write and counts what it reports.
func write(t *testing.T, b *storage.Bucket, c *tally, key string, create, parts bool) {
	opts := &storage.PutOptions{IfAbsent: create}
	if !create {
		now, err := b.Stat(t.Context(), key, nil)
		if err != nil {
			t.Errorf("Stat: %v", err)
			return
		}
		opts.IfMatch = now.ETag
	}
	// On S3 equal bytes have equal ETags: no two writes are alike.
	data := rand.Text()
	if parts {
		data += strings.Repeat("x", partSize)
	}
	o := new(op)
	_, err := b.WriteAll(context.WithValue(t.Context(), opKey{}, o), key, []byte(data), opts)
	c.add(o, o.writes.Load() == 1, err)
}
