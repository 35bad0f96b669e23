package media

import (
	"testing"

	"vigia/checks/checktest"
)

func TestMain(m *testing.M) { checktest.Main(m, Checks(), nil) }
