package main

import (
	"context"
	"fmt"

	"github.com/polystore/storage/internal/apitext"
)

const apiDir = "api"

// api fails where the exported API is not what the files in api/ say.
func api(ctx context.Context) error {
	diff, err := apitext.Check(ctx, ".", apiDir)
	if err != nil {
		return err
	}
	if diff != "" {
		return fmt.Errorf("the exported API is not that of %s/:\n%s"+
			"if it is meant to change: make api UPDATE=1", apiDir, diff)
	}
	return nil
}

func apiUpdate(ctx context.Context) error { return apitext.Update(ctx, ".", apiDir) }
