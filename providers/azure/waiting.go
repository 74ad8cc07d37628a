package azure

import (
	"os"
	"strconv"

	"github.com/polystore/storage/driver/httpdriver"
)

// waiting says whether bodies wait for the service's word before they go up: while it is busy, and
// never where the environment says so. The rules are the SDK's.
type waiting struct {
	never bool
	busy  httpdriver.Busy
}

const envNoWaiting = "AZURE_STORAGE_DISABLE_EXPECT_CONTINUE_HEADER"

// fromEnvironment reads what the environment says.
func (w *waiting) fromEnvironment() { w.never, _ = strconv.ParseBool(os.Getenv(envNoWaiting)) }

func (w *waiting) now() bool { return !w.never && w.busy.Now() }
