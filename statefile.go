package storage

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// stateFile is where a transfer keeps what a later process needs to go on with it. It is written to
// a temporary file, synced and renamed, so that whoever reads it finds a whole state. What it holds
// gives access to an upload, so only its owner may read it.
type stateFile struct {
	path  string
	magic []byte // what it begins with: of one kind of transfer
}

// The kinds of states, by the first bytes of their files.
const (
	ofUploads   = `{"storage":"upload",`
	ofDownloads = `{"storage":"download",`
	ofAny       = `{"storage":"`
)

// load reads the state into v. It returns false if there is none that can be followed.
func (f stateFile) load(v any) (bool, error) {
	data, err := f.read()
	if err != nil || !bytes.HasPrefix(data, f.magic) {
		return false, err
	}
	return json.Unmarshal(data, v) == nil, nil
}

// read returns the state of a transfer of any kind; empty: there is none. A file that no transfer
// wrote is an error, since a state would replace it.
func (f stateFile) read() ([]byte, error) {
	data, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, f.failed(err)
	case len(data) > 0 && !bytes.HasPrefix(data, []byte(ofAny)):
		return nil, invalid("StateFile %s is a file of something else", f.path)
	}
	return data, nil
}

// save writes the state v.
func (f stateFile) save(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return f.failed(err)
	}
	// Not the file's own name, which may be as long as names can be.
	temp := filepath.Join(filepath.Dir(f.path), ".storage-"+rand.Text()+".state")
	w, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return f.failed(err)
	}
	_, err = w.Write(append(append(bytes.Clone(f.magic), data[1:]...), '\n'))
	if err = errors.Join(err, w.Sync(), w.Close()); err == nil {
		err = os.Rename(temp, f.path)
	}
	if err != nil {
		os.Remove(temp)
		return f.failed(err)
	}
	return nil
}

// remove ends the state. What no transfer wrote stays.
func (f stateFile) remove() error {
	if data, err := f.read(); err != nil || len(data) == 0 {
		return err
	}
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.failed(err)
	}
	return nil
}

// done ends the state of a transfer that succeeded. A file that stays makes no failure of it, and
// becomes empty if it can: the next call would take its own write for this one.
func (f stateFile) done() {
	if data, err := f.read(); err == nil && len(data) > 0 && f.remove() != nil {
		_ = os.Truncate(f.path, 0)
	}
}

func (f stateFile) failed(err error) error {
	return &Error{Err: fmt.Errorf("state file: %w", err)}
}

// mayResume reports whether a transfer that failed with err can be taken up from its state. Other
// failures are answers that a second try would get again.
func mayResume(err error) bool {
	e := asError(err)
	switch e.Kind {
	case nil, ErrClosed, ErrUnavailable, ErrThrottled, ErrPermission, ErrUnknownOutcome:
		return true
	}
	return false
}

// putState takes StateFile out of opts.
func putState(opts *PutOptions) (string, *PutOptions) {
	if opts == nil || opts.StateFile == "" {
		return "", opts
	}
	o := *opts
	o.StateFile = ""
	return opts.StateFile, &o
}

// getState takes StateFile out of opts.
func getState(opts *GetOptions) (string, *GetOptions) {
	if opts == nil || opts.StateFile == "" {
		return "", opts
	}
	o := *opts
	o.StateFile = ""
	return opts.StateFile, &o
}
