package fault_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/polystore/storage/conformance/fault"
)

// A service's own test loses the answer to an upload. The upload has happened; a client that sends
// it again, and is told that the file exists, must not report a failure.
func ExampleTransport() {
	files := make(map[string]string)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := files[r.URL.Path]; ok && r.Header.Get("If-None-Match") == "*" {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		body, _ := io.ReadAll(r.Body)
		files[r.URL.Path] = string(body)
		w.WriteHeader(http.StatusCreated)
	}))
	defer service.Close()

	faults := &fault.Transport{Base: service.Client().Transport}
	faults.Next("Put", fault.Lost())
	client := &http.Client{Transport: faults}
	for range 2 {
		req, err := http.NewRequest("PUT", service.URL+"/greeting", strings.NewReader("hello"))
		if err != nil {
			fmt.Println(err)
			return
		}
		req.Header.Set("If-None-Match", "*")
		resp, err := client.Do(req)
		if err != nil {
			fmt.Println("no answer")
			continue
		}
		resp.Body.Close()
		fmt.Println(resp.StatusCode)
	}
	fmt.Println(files["/greeting"])
	// Output:
	// no answer
	// 412
	// hello
}
