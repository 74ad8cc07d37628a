package torture

import (
	"testing"

	"github.com/polystore/storage/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
