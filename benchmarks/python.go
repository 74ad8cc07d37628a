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

// command returns what measures a subject: this program, or an interpreter and its peers.
func (p *place) command(ctx context.Context, name string) ([]string, error) {
	pip, ok := pythons[name]
	if !ok {
		exe, err := os.Executable()
		return []string{exe, "work"}, err
	}
	exe, err := pip.Install(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(p.dir, "peers.py")
	return []string{exe, path}, os.WriteFile(path, peersPy, 0o600)
}
