package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/polystore/storage"
)

// play sends files to the inbox as its users would, and looks at what became of them. What it does
// not find as it says is an error.
func play(ctx context.Context, bucket *storage.Bucket, s *server, out io.Writer) error {
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}
	defer client.CloseIdleConnections()
	people := []string{"ana", "bo", "chen", "dara", "eve", "finn", "gita", "hugo"}

	fmt.Fprintf(out, "\n%d people upload a file each, at the same time\n", len(people))
	answers := make([]string, len(people))
	var wg sync.WaitGroup
	for i, who := range people {
		wg.Go(func() {
			body := strings.NewReader("hello from " + who + "\n")
			answers[i] = post(ctx, client, s.url+"/files/"+who+".txt", body)
		})
	}
	wg.Wait()
	var files []string
	for i, who := range people {
		fmt.Fprintf(out, "  %s.txt: %s\n", who, answers[i])
		if !strings.HasPrefix(answers[i], "201 ") {
			return fmt.Errorf("%s.txt should have been created: the inbox says %s", who, answers[i])
		}
		files = append(files, who+".txt")
	}

	fmt.Fprintf(out, "\nthe index, which all of them changed, has every file\n")
	body, err := get(ctx, client, &storage.SignedURL{Method: "GET", URL: s.url + "/"})
	if err != nil {
		return err
	}
	var entries []entry
	if err := json.Unmarshal([]byte(body), &entries); err != nil {
		return err
	}
	var indexed []string
	for _, e := range entries {
		fmt.Fprintf(out, "  %-8s  %2d bytes  sha256 %.16s…\n", e.Name, e.Size, e.SHA256)
		indexed = append(indexed, e.Name)
	}
	if !slices.Equal(indexed, files) {
		return fmt.Errorf("the index has %q and should have %q: this store lost a change",
			indexed, files)
	}

	fmt.Fprintf(out, "\na name is given once\n")
	again := post(ctx, client, s.url+"/files/ana.txt", strings.NewReader("not ana\n"))
	fmt.Fprintf(out, "  ana.txt again: %s\n", again)
	if !strings.HasPrefix(again, "409 ") {
		return fmt.Errorf("ana.txt should have been refused the second time: the inbox says %s",
			again)
	}

	fmt.Fprintf(out, "\nan upload that breaks off leaves nothing behind\n")
	half := io.MultiReader(strings.NewReader("half of "), brokenReader{})
	fmt.Fprintf(out, "  zoe.txt: %s\n", post(ctx, client, s.url+"/files/zoe.txt", half))
	exists, err := bucket.Exists(ctx, fileKey("zoe.txt"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  zoe.txt exists: %v\n", exists)
	if exists {
		return errors.New("zoe.txt should not exist: this store kept a part of an upload")
	}

	fmt.Fprintf(out, "\na link to ana.txt, for anyone\n")
	link, err := (&inbox{bucket: bucket}).link(ctx, "ana.txt")
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		fmt.Fprintf(out, "  link: this store signs no URLs, so the inbox serves the file itself\n")
		link = &storage.SignedURL{Method: "GET", URL: s.url + "/files/ana.txt"}
	case err != nil:
		return err
	default:
		fmt.Fprintf(out, "  link: signed by the store's own service, valid for 15 minutes\n")
	}
	body, err = get(ctx, client, link)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  fetched without credentials: %q\n", body)
	if body != "hello from ana\n" {
		return errors.New("ana.txt should be what ana sent")
	}

	fmt.Fprintf(out, "\nwhat is in the store\n")
	want := []string{indexKey}
	for _, name := range files {
		want = append(want, fileKey(name))
	}
	slices.Sort(want)
	var keys []string
	for o, err := range bucket.List(ctx, nil) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %s\n", o.Key)
		keys = append(keys, o.Key)
	}
	if !slices.Equal(keys, want) {
		return fmt.Errorf("the store lists %q and should list %q", keys, want)
	}
	return nil
}

// brokenReader is a connection that breaks.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// post sends a body and says what the inbox answered.
func post(ctx context.Context, client *http.Client, url string, body io.Reader) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return err.Error()
	}
	resp, err := client.Do(req)
	if err != nil {
		return "the connection broke"
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if resp.StatusCode < http.StatusInternalServerError {
		return resp.Status
	}
	return resp.Status + ": " + strings.TrimSpace(string(said))
}

// get makes the request of a link, with what must be sent with it, and returns the body.
func get(ctx context.Context, client *http.Client, link *storage.SignedURL) (string, error) {
	req, err := http.NewRequestWithContext(ctx, link.Method, link.URL, nil)
	if err != nil {
		return "", errors.New("the link is not a URL") // which must not be printed
	}
	for name, values := range link.Header {
		req.Header[name] = values
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", errors.New("the link could not be fetched")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the link answered %s", resp.Status)
	}
	return string(body), err
}
