package fault_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

// The create is committed and its answer is lost. A look at the object tells that it happened, and
// the bytes are not sent again.
func Example() {
	inner, err := memory.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := fault.New(inner)
	s.Next("Put", fault.Lost())

	b := storage.New(s, nil)
	defer b.Close()
	_, err = b.Put(context.Background(), "greeting", strings.NewReader("hello"),
		&storage.PutOptions{IfAbsent: true})
	fmt.Println(err)
	for _, c := range s.Calls() {
		fmt.Println(c.Op, c.Key)
	}
	// Output:
	// <nil>
	// Put greeting
	// Stat greeting
}
