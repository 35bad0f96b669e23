package ldap_test

import (
	"testing"

	"go.uber.org/goleak"
)

// Whatever a server does, nothing of a connection is left behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
