package accounts

import (
	"testing"

	"vigia/checks/checktest"
)

func TestMain(m *testing.M) {
	checktest.Main(m, Checks(), map[string]string{
		"accounts.password_composition windows": "the complexity of Windows is one switch: it can be off in one way",
		"accounts.password_username windows":    "the complexity of Windows is one switch: it can be off in one way",
		"accounts.unique windows":               "Windows gives no number and no name twice: what is left is the guest",
	})
}
