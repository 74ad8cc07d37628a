package gcsfake_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"cloud.google.com/go/storage"
)

const (
	objects = "/storage/v1/b/BUCKET/o"
	uploads = "/upload/storage/v1/b/BUCKET/o?uploadType="
)

// path is the resource of an object.
func path(name string) string { return objects + "/" + url.PathEscape(name) }

// put writes an object with metadata, in one request.
func (p *peer) put(metadata, data string, query ...string) answer {
	p.Helper()
	return p.do("POST", uploads+"multipart&"+strings.Join(query, "&"), related(metadata, data),
		"Content-Type", "multipart/related; boundary=b")
}

// related says the type in both of its parts, as Google's clients do.
func related(metadata, data string) string {
	var m struct{ ContentType string }
	json.Unmarshal([]byte(metadata), &m) // what is no JSON has no type
	return "--b\r\nContent-Type: application/json\r\n\r\n" + metadata +
		"\r\n--b\r\nContent-Type: " + cmp.Or(m.ContentType, "text/plain") + "\r\n\r\n" + data +
		"\r\n--b--\r\n"
}

// generation is that of a live object, as a parameter's value.
func (p *peer) generation(name string) string {
	p.Helper()
	return fmt.Sprint(p.ask("GET", path(name), "").object(p.T).Generation)
}

func (p *peer) get(name string)   { p.Helper(); p.do("GET", path(name)+"?alt=media", "") }
func (p *peer) attrs(name string) { p.Helper(); p.do("GET", path(name), "") }

// resumable writes data in chunks. The last answer is recorded, and of those before it the status.
func (p *peer) resumable(name, data string, chunk int, query ...string) {
	p.Helper()
	a := p.ask("POST", uploads+"resumable&name="+name+"&"+strings.Join(query, "&"),
		`{"contentType":"text/x"}`, "Content-Type", "application/json")
	uri := a.Header.Get("Location")
	for first := 0; ; first += chunk {
		last := min(first+chunk, len(data))
		r := fmt.Sprintf("bytes %d-%d/*", first, last-1)
		if last == len(data) {
			r = fmt.Sprintf("bytes %d-%d/%d", first, last-1, len(data))
		}
		if first == last {
			r = fmt.Sprintf("bytes */%d", len(data))
		}
		a := call{"PUT", uri, map[string]string{"Content-Range": r}, data[first:last]}.do(p.T, "")
		if last == len(data) {
			p.record(a)
			return
		}
		p.steps = append(p.steps, a.Status)
	}
}

// compareRows are the rows that the survey of test servers found fake-gcs-server to do as
// documented, under its names for them.
func compareRows() []row {
	return slices.Concat(basicRows(), conditionRows(), readRows(), attributeRows(), copyRows(),
		listRows(), keyRows(), versionRows(), signRows(), raceRows())
}

func basicRows() []row {
	return []row{
		{name: "bucket.attrs", run: func(p *peer) { p.do("GET", "/storage/v1/b/BUCKET", "") }},
		{name: "bucket.create_again", run: func(p *peer) {
			p.do("POST", "/storage/v1/b?project=p",
				`{"name":"BUCKET"}`)
		}},
		{name: "bucket.create, bucket.delete_empty", run: func(p *peer) {
			p.do("POST", "/storage/v1/b?project=p", `{"name":"BUCKET-2"}`)
			p.do("DELETE", "/storage/v1/b/BUCKET-2", "")
			p.do("GET", "/storage/v1/b/BUCKET-2", "")
		}},
		{name: "bucket.attrs_missing", run: func(p *peer) {
			p.do("GET", "/storage/v1/b/missing",
				"")
		}},
		{name: "bucket.write_missing_bucket", run: func(p *peer) {
			p.do("POST", "/upload/storage/v1/b/missing/o?uploadType=media&name=k", "x")
		}},
		{name: "bucket.list_missing_bucket",
			run: func(p *peer) { p.do("GET", "/storage/v1/b/missing/o", "") }},
		{name: "basic.write, basic.read", run: func(p *peer) {
			p.put(`{"name":"k"}`, "hello")
			p.get("k")
			p.do("GET", "/BUCKET/k", "")
		}},
		{name: "basic.read_missing, basic.attrs_missing, basic.delete_missing", run: func(p *peer) {
			p.get("k")
			p.attrs("k")
			p.do("DELETE", path("k"), "")
			p.do("GET", "/BUCKET/k", "")
		}, differs: map[int]string{0: "an error without a body that says so", 3: "the same"}},
		{name: "basic.empty", run: func(p *peer) {
			p.put(`{"name":"k"}`, "")
			p.get("k")
		}},
		{name: "basic.cancelled_write_invisible", run: func(p *peer) {
			p.ask("POST", uploads+"multipart",
				"--b\r\nContent-Type: application/json\r\n\r\n{\"name\":\"k\"}\r\n--b\r\n\r\nhalf",
				"Content-Type", "multipart/related; boundary=b")
			p.attrs("k")
		}},
		{name: "cksum.good",
			run: func(p *peer) { p.put(`{"name":"k","crc32c":"mnG7TA==","md5Hash":"XUFAKrxLKna5cZ2REBfFkg=="}`, "hello") }},
		{name: "cksum.bad_crc32c", run: func(p *peer) {
			p.put(`{"name":"k","crc32c":"AAAAAA=="}`, "hello")
			p.attrs("k")
		}},
		{name: "cksum.bad_md5", run: func(p *peer) {
			p.put(`{"name":"k","md5Hash":"AAAAAAAAAAAAAAAAAAAAAA=="}`, "hello")
			p.attrs("k")
		}},
		{name: "cksum.reader_attrs", run: func(p *peer) {
			p.put(`{"name":"k"}`, "hello")
			a := p.ask("GET", "/BUCKET/k", "")
			p.steps = append(p.steps, strings.Join(a.Header.Values("X-Goog-Hash"), ","))
		}},
	}
}

func conditionRows() []row {
	data := strings.Repeat("x", quantum+5)
	return []row{
		{name: "cond.dne_new, cond.dne_exists, cond.dne_kept", run: func(p *peer) {
			p.put(`{"name":"k"}`, "1", "ifGenerationMatch=0")
			p.put(`{"name":"k"}`, "2", "ifGenerationMatch=0")
			p.get("k")
		}},
		{name: "cond.dne_exists_smallbody_chunked, cond.dne_exists_resumable, " +
			"cond.dne_resumable_kept", run: func(p *peer) {
			p.resumable("k", "small", quantum, "ifGenerationMatch=0")
			p.resumable("k", "again", quantum, "ifGenerationMatch=0")
			p.resumable("k", data, quantum, "ifGenerationMatch=0")
			p.get("k")
		}},
		{name: "cond.genmatch_good, cond.genmatch_stale, cond.genmatch_stale_resumable",
			run: func(p *peer) {
				p.put(`{"name":"k"}`, "1")
				g := p.generation("k")
				p.put(`{"name":"k"}`, "2", "ifGenerationMatch="+g)
				p.put(`{"name":"k"}`, "3", "ifGenerationMatch="+g)
				p.resumable("k", data, quantum, "ifGenerationMatch="+g)
				p.get("k")
			}},
		{name: "cond.genmatch_missing", run: func(p *peer) {
			p.put(`{"name":"k"}`, "1",
				"ifGenerationMatch=77")
		}},
		{name: "cond.gennotmatch_write", run: func(p *peer) {
			p.put(`{"name":"k"}`, "1")
			p.put(`{"name":"k"}`, "2", "ifGenerationNotMatch="+p.generation("k"))
			p.get("k")
			p.put(`{"name":"k"}`, "3", "ifGenerationNotMatch=77")
		},
			differs: map[int]string{1: "412, where the table of request-preconditions has 304 " +
				"for every NotMatch"}},
		{name: "cond.read_genmatch_good, range.with_generation", run: func(p *peer) {
			p.put(`{"name":"k"}`, "0123")
			g := p.generation("k")
			p.do("GET", path("k")+"?alt=media&ifGenerationMatch="+g, "")
			p.do("GET", path("k")+"?ifGenerationMatch="+g, "")
			p.do("GET", path("k")+"?alt=media&generation="+g, "", "Range", "bytes=1-2")
		}},
		{name: "cond.delete_genmatch_good", run: func(p *peer) {
			p.put(`{"name":"k"}`, "1")
			p.do("DELETE", path("k")+"?ifGenerationMatch="+p.generation("k"), "")
			p.attrs("k")
		}},
	}
}

func readRows() []row {
	rows := []row{{name: "range.zero_len", run: func(p *peer) {
		p.put(`{"name":"k"}`, "0123456789")
		a := p.ask("HEAD", "/BUCKET/k", "")
		p.steps = append(p.steps, a.Status, a.Header.Get("Content-Length"))
	}}}
	for name, header := range map[string]string{"mid": "bytes=2-4", "from": "bytes=7-",
		"negative": "bytes=-3", "negative_long": "bytes=-30", "past_end": "bytes=8-99",
		"beyond": "bytes=10-", "beyond2": "bytes=12-13"} {
		differs := map[int]string{}
		if strings.HasPrefix(name, "beyond") {
			differs[1] = "an XML error from the JSON API"
		}
		rows = append(rows, row{name: "range." + name, differs: differs, run: func(p *peer) {
			p.put(`{"name":"k"}`, "0123456789")
			for _, path := range []string{path("k") + "?alt=media", "/BUCKET/k"} {
				p.do("GET", path, "", "Range", header)
			}
		}})
	}
	for name, test := range map[string]struct{ size, chunk int }{"chunk_256KiB": {3<<20 + 7,
		quantum}, "chunk_1024KiB": {3<<20 + 7, 1 << 20},
		"chunk_16384KiB": {17<<20 + 7, 16 << 20}, "exact_multiple": {2 * quantum, quantum},
		"empty": {0, quantum}} {
		rows = append(rows, row{name: "resumable." + name, run: func(p *peer) {
			p.resumable("k", strings.Repeat("0123456789abcdef", test.size/16+1)[:test.size],
				test.chunk)
			p.attrs("k")
		}})
	}
	return rows
}

func attributeRows() []row {
	var rows []row
	for name, field := range map[string]string{
		"content_type":           `"contentType":"text/x; charset=utf-8"`,
		"cache_control":          `"cacheControl":"max-age=60"`,
		"content_disposition":    `"contentDisposition":"attachment; filename=\"a b\""`,
		"content_encoding":       `"contentEncoding":"br"`,
		"content_language":       `"contentLanguage":"de"`,
		"metadata_mixed_unicode": `"metadata":{"Mixed-Case":"Value","uni":"grüße €","ключ":"x","empty":""}`,
		"custom_time":            `"customTime":"2020-01-02T03:04:05Z"`,
		"storage_class":          `"storageClass":"NEARLINE"`,
	} {
		rows = append(rows, row{name: "attrs." + name, run: func(p *peer) {
			p.put(`{"name":"k",`+field+`}`, "hello")
			p.attrs("k")
		}})
	}
	return rows
}

func copyRows() []row {
	compose := func(p *peer, name string, sources ...string) {
		var list []string
		for _, s := range sources {
			list = append(list, `{"name":"`+s+`"}`)
		}
		p.do("POST", path(name)+"/compose",
			`{"destination":{"contentType":"text/plain"},"sourceObjects":[`+strings.Join(list, ",")+
				`]}`)
		p.get(name)
	}
	composite := []string{"componentCount", "md5Hash"}
	rewrite := func(p *peer, query, body string) {
		p.do("POST", path("k")+"/rewriteTo/b/BUCKET/o/copy?"+query, body)
		p.attrs("copy")
	}
	return []row{
		{name: "compose.basic", ignore: composite, run: func(p *peer) {
			p.put(`{"name":"a"}`, "1")
			p.put(`{"name":"b"}`, "2")
			compose(p, "c", "a", "b")
		}},
		{name: "compose.32", ignore: composite, run: func(p *peer) {
			p.put(`{"name":"a"}`, "1")
			compose(p, "c", slices.Repeat([]string{"a"}, 32)...)
		}},
		{name: "compose.onto_self", ignore: composite, run: func(p *peer) {
			p.put(`{"name":"a"}`, "1")
			p.put(`{"name":"b"}`, "2")
			compose(p, "a", "a", "b")
		}},
		{name: "copy.basic", run: func(p *peer) {
			p.put(`{"name":"k","metadata":{"a":"b"},"contentType":"text/x"}`, "hello")
			rewrite(p, "", "")
		}},
		{name: "copy.replace_meta", run: func(p *peer) {
			p.put(`{"name":"k","metadata":{"a":"b"},"contentType":"text/x"}`, "hello")
			rewrite(p, "", `{"metadata":{"c":"d"},"contentType":"text/y"}`)
		}},
		{name: "copy.src_generation_missing", run: func(p *peer) {
			p.put(`{"name":"k"}`, "hello")
			rewrite(p, "sourceGeneration=77", "")
		}},
		{name: "copy.src_missing", run: func(p *peer) { rewrite(p, "", "") }},
	}
}

func listRows() []row {
	fill := func(p *peer, names ...string) {
		for _, name := range names {
			p.ask("POST", uploads+"media&name="+url.QueryEscape(name), "x", "Content-Type",
				"text/x")
		}
	}
	list := func(query string, names ...string) func(p *peer) {
		return func(p *peer) {
			fill(p, names...)
			p.do("GET", objects+"?"+query, "")
		}
	}
	pages := func(size int, names ...string) func(p *peer) {
		return func(p *peer) {
			fill(p, names...)
			for token := ""; ; {
				a := p.do("GET", fmt.Sprintf("%s?maxResults=%d&pageToken=%s", objects, size,
					url.QueryEscape(token)), "")
				if token = decode[struct{ NextPageToken string }](p.T,
					a).NextPageToken; token == "" {
					return
				}
			}
		}
	}
	tree := []string{"l/a", "l/b/1", "l/b/2", "l/c", "l/d/", "l/d/1", "m"}
	var many []string
	for i := range 2500 {
		many = append(many, fmt.Sprintf("n/%04d", i))
	}
	return []row{
		{name: "list.delimiter", run: list("prefix=l/&delimiter=/", tree...)},
		{name: "list.start_offset_inclusive", run: list("startOffset=l/b/2", tree...)},
		{name: "list.end_offset", run: list("endOffset=l/c", tree...)},
		{name: "list.include_trailing_delimiter",
			run: list("prefix=l/&delimiter=/&includeTrailingDelimiter=true", tree...)},
		{name: "list.odd_delimiter", run: list("delimiter=%3D", "a=b", "a=c", "b", "é=x")},
		{name: "list.utf8_order", run: list("", "\uffff", "\U0001f600", "é", "z", "a", "Z")},
		{name: "list.page_size_1", run: pages(1, "c", "a", "b")},
		{name: "list.pager", run: pages(2, "c", "a", "b", "e", "d")},
		{name: "list.2500", run: pages(1000, many...)},
	}
}

func keyRows() []row {
	var rows []row
	for name, key := range map[string]string{
		"double_slash": "k/a//b", "leading_slash": "/k/a", "lead_double_slash": "//k/a",
		"space": "k/a b ", "dotdot": "../x", "dotdot_mid": "k/../x", "dot_seg": "k/./x",
		"emoji": "k/😀", "pct2F": "k/a%2Fb", "pct_raw": "k/100%", "plus": "k/a+b",
		"trail_slash": "k/a/", "len1024": "k/" + strings.Repeat("y", 1022),
		"query_hash": "k/?a=b#c", "backslash": `k\a`, "colon_star": `k/:*"<>|`, "tab": "k/a\tb",
		"ctrl01": "k/a\x01b", "del7f": "k/a\x7fb", "nfd": "k/e\u0301",
		"semi": "k/a;b", "file_dir1": "k/fd", "file_dir2": "k/fd/child", "brackets": "k/[a]{b}",
		"acl_word": "k/acl", "compose_word": "k/compose",
		"rewrite_word": "k/rewriteTo/b/x/o/y", "o_word": "o/o",
	} {
		rows = append(rows, row{name: "key." + name, run: func(p *peer) {
			p.do("POST", uploads+"media&name="+url.QueryEscape(key), "hello", "Content-Type",
				"text/x")
			p.attrs(key)
			p.get(key)
			p.do("GET", "/BUCKET/"+url.PathEscape(key), "")
			p.do("GET", objects, "")
			p.do("DELETE", path(key), "")
			p.attrs(key)
		}})
	}
	return rows
}

func versionRows() []row {
	return []row{{name: "ver.enabled, read_generation, list, delete_archives, dne_after_delete, " +
		"delete_generation, copy_generation", run: func(p *peer) {
		p.do("PATCH", "/storage/v1/b/BUCKET", `{"versioning":{"enabled":true}}`)
		p.put(`{"name":"k"}`, "1")
		first := p.generation("k")
		p.put(`{"name":"k"}`, "22")
		p.do("GET", path("k")+"?alt=media&generation="+first, "")
		p.do("GET", objects+"?versions=true", "")
		p.do("DELETE", path("k"), "")
		p.attrs("k")
		p.do("GET", objects+"?versions=true", "")
		p.put(`{"name":"k"}`, "333", "ifGenerationMatch=0")
		p.do("POST", path("k")+"/rewriteTo/b/BUCKET/o/copy?sourceGeneration="+first, "")
		p.do("DELETE", path("k")+"?generation="+first, "")
		p.do("GET", path("k")+"?generation="+first, "")
	}, differs: map[int]string{4: "the live generation is listed before older ones"}}}
}

func signRows() []row {
	signed := func(p *peer, method, name, body string, o storage.SignedURLOptions) {
		o.Method, o.Style = method, storage.PathStyle()
		u := p.signer.url(p.T, p.server, p.bucket, name, o)
		a := documented(method, call{method: method, path: u, body: body}.do(p.T, ""))
		p.steps = append(p.steps, a.Status, map[string]string{"GET": a.Body}[method])
	}
	return []row{{name: "sign.get_v4, sign.put_v4, sign.delete_v4", run: func(p *peer) {
		p.put(`{"name":"k"}`, "hello")
		signed(p, "GET", "k", "", storage.SignedURLOptions{})
		signed(p, "PUT", "s", "signed", storage.SignedURLOptions{})
		p.get("s")
		signed(p, "DELETE", "k", "", storage.SignedURLOptions{})
		p.attrs("k")
	}}}
}

func raceRows() []row {
	race := func(writers int, write func(p *peer, i int) answer) func(p *peer) {
		return func(p *peer) {
			var wg sync.WaitGroup
			statuses := make([]int, writers)
			for i := range writers {
				wg.Go(func() { statuses[i] = write(p, i).Status })
			}
			wg.Wait()
			slices.Sort(statuses)
			p.steps = append(p.steps, statuses)
		}
	}
	return []row{
		{name: "conc.dne_32_one_winner", run: race(32, func(p *peer, i int) answer {
			return p.ask("POST", uploads+"media&name=k&ifGenerationMatch=0", fmt.Sprint(i))
		})},
		{name: "conc.dne_16_resumable_one_winner", run: race(16, func(p *peer, i int) answer {
			uri := p.ask("POST", uploads+"resumable&name=k&ifGenerationMatch=0",
				"").Header.Get("Location")
			return call{method: "PUT", path: uri, body: fmt.Sprint(i)}.do(p.T, "")
		})},
		{name: "conc.cas_counter", run: func(p *peer) {
			p.put(`{"name":"k"}`, "")
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for n := 0; n < 10; {
						o := p.ask("GET", path("k"), "").object(p.T)
						data := p.ask("GET", path("k")+"?alt=media&generation="+
							fmt.Sprint(o.Generation), "")
						if data.Status == 404 {
							continue // it was replaced in between
						}
						if p.ask("POST", uploads+"media&name=k&ifGenerationMatch="+
							fmt.Sprint(o.Generation), data.Body+"x").Status == 200 {
							n++
						}
					}
				})
			}
			wg.Wait()
			p.attrs("k")
		}},
		{name: "conc.no_torn_reads", run: func(p *peer) {
			const size = 64 << 10
			p.put(`{"name":"k"}`, strings.Repeat("a", size))
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					for range 10 {
						p.ask("POST", uploads+"media&name=k", strings.Repeat(string(rune('a'+i)),
							size))
						got := p.ask("GET", path("k")+"?alt=media", "").Body
						if len(got) != size || strings.Count(got, got[:1]) != size {
							p.Error("a torn read")
						}
					}
				})
			}
			wg.Wait()
		}},
	}
}
