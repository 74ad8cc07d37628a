package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/polystore/storage"
)

type versionCmd struct {
	JSON bool `help:"One JSON object."`
}

func (c *versionCmd) Run(a *app) error {
	v := struct {
		Version  string   `json:"version"`
		Go       string   `json:"go"`
		Platform string   `json:"platform"`
		Schemes  []string `json:"schemes"`
	}{
		"(unknown)", runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH,
		storage.DefaultMux.Schemes(),
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	if c.JSON {
		return a.json(v)
	}
	_, err := fmt.Fprintf(a.stdout, "polystore %s\n%s %s\nschemes: %s\n",
		v.Version, v.Go, v.Platform, strings.Join(v.Schemes, " "))
	return err
}
