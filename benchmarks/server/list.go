package server

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) sorted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		for k := range s.objects {
			s.keys = append(s.keys, k)
		}
		slices.Sort(s.keys)
	}
	return s.keys
}

// listEntry is what a list says of o, with its key encoded: all clients ask for that.
func listEntry(key string, o *object) string {
	return entryOf(encoded(key), o)
}

func entryOf(key string, o *object) string {
	var b strings.Builder
	b.WriteString("<Contents><Key>")
	xml.EscapeText(&b, []byte(key)) // a strings.Builder never fails
	fmt.Fprintf(&b, "</Key><LastModified>%s</LastModified><ETag>&quot;%s&quot;</ETag>"+
		"<Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>",
		o.modified.UTC().Format("2006-01-02T15:04:05.000Z"), strings.Trim(o.etag, `"`), o.size)
	return b.String()
}

// encoded is key as encoding-type=url has it. S3 leaves slashes as they are.
func encoded(key string) string {
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

// list answers ListObjectsV2. A delimiter groups the keys of a page.
func (s *Server) list(w http.ResponseWriter, q url.Values) {
	prefix, delimiter := q.Get("prefix"), q.Get("delimiter")
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	limit := 1000
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		limit = min(limit, n)
	}
	keys := s.sorted()
	i, found := slices.BinarySearch(keys, max(prefix, after))
	if found && after >= prefix {
		i++
	}
	encode, entry := encoded, func(_ string, o *object) string { return o.entry }
	if q.Get("encoding-type") != "url" {
		encode, entry = func(k string) string { return k }, entryOf
	}
	var b strings.Builder
	count, last, truncated := 0, "", false
	s.mu.RLock()
	for ; i < len(keys) && strings.HasPrefix(keys[i], prefix); i++ {
		if count == limit {
			truncated = true
			break
		}
		k := keys[i]
		if delimiter != "" {
			if dir, _, ok := strings.Cut(k[len(prefix):], delimiter); ok {
				dir = prefix + dir + delimiter
				if strings.HasPrefix(after, dir) {
					continue
				}
				if dir != last {
					count++
					last = dir
					b.WriteString("<CommonPrefixes><Prefix>")
					xml.EscapeText(&b, []byte(encode(dir))) // a strings.Builder never fails
					b.WriteString("</Prefix></CommonPrefixes>")
				}
				after = dir
				continue
			}
		}
		o := s.objects[k]
		if o == nil {
			continue
		}
		count++
		last = k
		b.WriteString(entry(k, o))
	}
	s.mu.RUnlock()
	fmt.Fprintf(&b, "<KeyCount>%d</KeyCount><IsTruncated>%t</IsTruncated>", count, truncated)
	if truncated {
		b.WriteString("<NextContinuationToken>")
		xml.EscapeText(&b, []byte(last))
		b.WriteString("</NextContinuationToken>")
	}
	if q.Get("encoding-type") == "url" {
		b.WriteString("<EncodingType>url</EncodingType>")
	}
	writeXML(w, `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+
		"<Name>bench</Name><MaxKeys>1000</MaxKeys>"+b.String()+"</ListBucketResult>")
}

// deleteMany answers DeleteObjects.
func (s *Server) deleteMany(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Quiet  bool
		Object []struct{ Key string }
	}
	data, err := io.ReadAll(r.Body)
	if err == nil {
		err = xml.Unmarshal(data, &body)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "MalformedXML")
		return
	}
	var b strings.Builder
	for _, o := range body.Object {
		s.Remove(o.Key)
		if !body.Quiet {
			b.WriteString("<Deleted><Key>")
			xml.EscapeText(&b, []byte(o.Key)) // a strings.Builder never fails
			b.WriteString("</Key></Deleted>")
		}
	}
	writeXML(w, "<DeleteResult>"+b.String()+"</DeleteResult>")
}
