package main

import (
	"context"
	_ "embed" // the peers
	"os"
	"path/filepath"

	"github.com/polystore/storage/internal/testenv/program"
)

//go:embed peers.py
var peersPy []byte

// pythons are the peers in Python, each in a virtual environment of the cache.
var pythons = map[string]program.Pip{
	"boto3":   {Package: "boto3", Version: "1.44.5"},
	"awscrt":  {Package: "awscrt", Version: "0.38.0"},
	"obstore": {Package: "obstore", Version: "0.12.1"},
}

// interpreter returns that of a peer, with the program of all of them.
func (p *place) interpreter(ctx context.Context, pip program.Pip) ([]string, error) {
	exe, err := pip.Install(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(p.dir, "peers.py")
	return []string{exe, path}, os.WriteFile(path, peersPy, 0o600)
}
