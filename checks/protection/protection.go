// Package protection checks what stands between the machine and what attacks it
// from outside: an antivirus that watches and is current (SYS-AV), a firewall
// (SYS-FW), security patches (SYS-PATCH) and a clock that is kept right.
//
// Products are known by their own marks (registry values, WMI properties, names of
// services and programs, headers of signature files), never by text made for people.
// A product whose state cannot be read is unknown, not fine, and nothing here asks
// the network what is newest: ages are counted from the dates that the machine holds.
package protection

import (
	"vigia/checks"
)

// Checks lists the checks of this domain.
func Checks() []checks.Check {
	return []checks.Check{antivirus(), firewall(), patches(), clock()}
}
