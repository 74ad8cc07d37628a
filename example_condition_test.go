package storage_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"sync"

	"github.com/polystore/storage"
	_ "github.com/polystore/storage/providers/memory"
)

// Any number of programs can count at the same time: no update is lost.
func ExampleBucket_Update() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	count := func() error {
		_, err := b.Update(ctx, "state.json",
			func(old []byte, o *storage.Object) ([]byte, error) {
				var state struct{ Visits int }
				if o != nil { // nil: there is no object yet
					if err := json.Unmarshal(old, &state); err != nil {
						return nil, err // nothing is written
					}
				}
				state.Visits++
				return json.Marshal(state)
			})
		return err
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := count(); err != nil {
				log.Fatal(err)
			}
		})
	}
	wg.Wait()
	data, err := b.ReadAll(ctx, "state.json", nil)
	fmt.Printf("%s %v\n", data, err)
	// Output: {"Visits":8} <nil>
}

// UpdateWith gives an object that it creates its headers. An existing object keeps its own.
func ExampleBucket_UpdateWith() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	add := func(old []byte, _ *storage.Object) ([]byte, error) { return append(old, "x\n"...), nil }
	opts := &storage.UpdateOptions{Create: &storage.PutOptions{ContentType: "text/plain"}}
	for range 2 {
		if _, err := b.UpdateWith(ctx, "list", add, opts); err != nil {
			log.Fatal(err)
		}
	}
	o, err := b.Stat(ctx, "list", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(o.ContentType, o.Size)
	// Output: text/plain 4
}

// IfAbsent makes an object a lock: exactly one of many programs creates it. The holder removes the
// object only if it is still its own. A lock whose holder dies stays; a real one needs an expiry.
func ExamplePutOptions_ifAbsent() {
	ctx := context.Background()
	b, err := storage.Open(ctx, "mem://")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	lock := func(owner string) (release func() error, err error) {
		o, err := b.WriteAll(ctx, "lock", []byte(owner), &storage.PutOptions{IfAbsent: true})
		if err != nil {
			return nil, err
		}
		return func() error {
			return b.Delete(ctx, "lock", &storage.DeleteOptions{IfMatch: o.ETag})
		}, nil
	}

	release, err := lock("ada")
	fmt.Println("ada:", err)
	_, err = lock("bob")
	fmt.Println("bob is too late:", errors.Is(err, storage.ErrExist))
	fmt.Println("release:", release())
	_, err = lock("bob")
	fmt.Println("bob:", err)
	// Output:
	// ada: <nil>
	// bob is too late: true
	// release: <nil>
	// bob: <nil>
}
