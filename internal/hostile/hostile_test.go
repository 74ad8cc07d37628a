package hostile

import "testing"

func TestComplete(t *testing.T) { Complete(t) }
