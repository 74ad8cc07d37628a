package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// uploadAccount is what another process needs to go on with an upload. It gives access to that
// upload, and no credential is in it.
type uploadAccount struct {
	Key     string  `json:"key"`            // as the Store sees it
	Options string  `json:"options"`        // the digest of the write
	Upload  string  `json:"upload"`         // its ID; empty: there is none yet
	WriteID string  `json:"writeId"`        // of the claim
	Base    string  `json:"base,omitempty"` // of the claim, as an entry
	Parts   []*Part `json:"parts"`          // those that the service has
}

// account is that of u, in which no part is under way.
func (u *upload) account() uploadAccount {
	a := uploadAccount{
		Key: u.w.key, Options: u.w.digest(), Upload: u.id, WriteID: u.claim.id,
		Parts: slices.Clone(u.parts),
	}
	if len(u.claim.base.ids) > 0 {
		a.Base = u.claim.base.entry(a.Key)
	}
	return a
}

// resume goes on with an upload. The claim is the one that the upload began with: its object tells
// whether an earlier process completed it.
func (w *write) resume(
	ctx context.Context, limits PartLimits, total int64, a *uploadAccount,
) *upload {
	c := &claim{key: w.key, id: a.WriteID, absent: w.opts.IfAbsent, etag: w.opts.IfMatch}
	c.base = parseLineage(w.key, a.Base)
	if c.absent {
		c.mine = created(c.id)
	} else {
		c.mine = c.base.then(c.id)
	}
	u := w.upload(ctx, limits, total, c)
	u.id = a.Upload
	u.resent.Store(true) // perhaps
	u.parts = slices.SortedFunc(slices.Values(a.Parts), byNumber)
	for _, p := range u.parts {
		u.done += p.Size
	}
	u.live(ctx)
	return u
}

// digest is a hash of what the object is given beside its bytes, and of the condition.
func (w *write) digest() string {
	o := &w.opts
	text, err := json.Marshal(struct {
		Headers   headers
		Tags      map[string]string
		IfAbsent  bool
		IfMatch   string
		Checksums Checksums
	}{o.headers(), o.Tags, o.IfAbsent, o.IfMatch, o.Checksums})
	if err != nil {
		return "" // of texts and numbers there is none
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
