package driver

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/polystore/storage"
)

// CheckPartNumber refuses numbers of parts that are not in 1..most: ErrInvalid.
func CheckPartNumber(number, most int) error {
	if number < 1 || number > most {
		return Invalidf("part number %d is not in 1..%d", number, most)
	}
	return nil
}

// CheckParts refuses what no upload is completed with: no parts, numbers that are not in 1..most,
// and numbers that do not rise. It is for services that would make an object of it all the same.
func CheckParts(parts []*storage.Part, most int) error {
	if len(parts) == 0 {
		return Invalidf("an upload of no parts")
	}
	last := 0
	for _, p := range parts {
		if err := CheckPartNumber(p.Number, most); err != nil {
			return err
		}
		if p.Number <= last {
			return Invalidf("part %d comes behind part %d", p.Number, last)
		}
		last = p.Number
	}
	return nil
}

// ParsePartToken reads the page token of a list of parts that is the number of the last part
// before the page, as S3 has it; 0 for none, ErrInvalid for anything else.
func ParsePartToken(token string) (after int, err error) {
	if token == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(token, 10, 31)
	if err != nil || n == 0 {
		return 0, badToken(token)
	}
	return int(n), nil
}

// PartsPage cuts a page from all parts of an upload, for services that list them at once. It sorts
// them. Its tokens are those of [ParsePartToken]; a page has at most most parts.
func PartsPage(
	all []*storage.Part, opts *storage.ListPartsOptions, most int,
) (*storage.PartPage, error) {
	after, err := ParsePartToken(opts.PageToken)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(x, y *storage.Part) int { return cmp.Compare(x.Number, y.Number) })
	i := 0
	for i < len(all) && all[i].Number <= after {
		i++
	}
	page := &storage.PartPage{Parts: all[i:]}
	if n := PageSize(opts.PageSize, most); len(page.Parts) > n {
		page.Parts = page.Parts[:n:n]
		page.NextToken = strconv.Itoa(page.Parts[n-1].Number)
	}
	return page, nil
}

// CheckListUploads refuses what ListUploadsPage need not honour: Delimiter, and StartAfter.
func CheckListUploads(opts *storage.ListOptions) error {
	if err := Refuse("Delimiter of a list of uploads", opts.Delimiter != ""); err != nil {
		return err
	}
	return Refuse("StartAfter of a list of uploads", opts.StartAfter != "")
}

// CompareUploads orders uploads by key, those to one key by ID.
func CompareUploads(x, y *storage.Upload) int {
	return cmp.Or(strings.Compare(x.Key, y.Key), strings.Compare(x.ID, y.ID))
}

// UploadsPage cuts a page from all uploads, for services that list them at once. It sorts them, and
// drops those without the Prefix. A page has at most most uploads. What [CheckListUploads] refuses
// is refused here.
func UploadsPage(
	all []*storage.Upload, opts *storage.ListOptions, most int,
) (*storage.UploadPage, error) {
	if err := CheckListUploads(opts); err != nil {
		return nil, err
	}
	token, err := DecodeToken(opts.PageToken, 2)
	if err != nil {
		return nil, err
	}
	after := &storage.Upload{Key: token[0], ID: token[1]}
	all = slices.DeleteFunc(all, func(u *storage.Upload) bool {
		return CompareUploads(u, after) <= 0 || !strings.HasPrefix(u.Key, opts.Prefix)
	})
	slices.SortFunc(all, CompareUploads)
	page := &storage.UploadPage{Uploads: all}
	if n := PageSize(opts.PageSize, most); len(all) > n {
		page.Uploads = all[:n:n]
		page.NextToken = EncodeToken(all[n-1].Key, all[n-1].ID)
	}
	return page, nil
}
