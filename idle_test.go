package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// idling lists nothing but tokens, which go round in a circle; of 0: which are always new.
type idling struct {
	*memory.Store
	circle, asked int
}

func (s *idling) token() string {
	s.asked++
	if s.circle > 0 {
		return fmt.Sprint(s.asked % s.circle)
	}
	return fmt.Sprint(s.asked)
}

func (s *idling) ListPage(context.Context, *storage.ListOptions) (*storage.Page, error) {
	return &storage.Page{NextToken: s.token()}, nil
}

func (s *idling) ListUploadsPage(
	context.Context, *storage.ListOptions,
) (*storage.UploadPage, error) {
	return &storage.UploadPage{NextToken: s.token()}, nil
}

// A list that has no entry and no end comes to one, by the error of a service that does not work.
func TestListWithoutAnEnd(t *testing.T) {
	for _, tc := range []struct{ circle, most int }{{2, 10}, {3, 16}, {100, 1000}, {0, 10_001}} {
		for name, call := range map[string]func(b *storage.Bucket) error{
			"List": func(b *storage.Bucket) error {
				for _, err := range b.List(t.Context(), nil) {
					if err != nil {
						return err
					}
				}
				return nil
			},
			"DeletePrefix": func(b *storage.Bucket) error {
				_, err := b.DeletePrefix(t.Context(), "p/", nil)
				return err
			},
			"CleanUploads": func(b *storage.Bucket) error {
				_, err := b.CleanUploads(t.Context(), time.Hour, nil)
				return err
			},
		} {
			m, err := memory.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			s := &idling{Store: m, circle: tc.circle}
			b := storage.New(s, nil)
			if err := call(b); !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("%s, a circle of %d: %v, want %v", name, tc.circle, err,
					storage.ErrUnavailable)
			}
			if s.asked > tc.most {
				t.Errorf("%s, a circle of %d: %d requests, want %d at most", name, tc.circle,
					s.asked, tc.most)
			}
			b.Close()
		}
	}
}
