package backup

import "filippo.io/age"

// QuickPassphrase is Passphrase with a work factor for tests.
func QuickPassphrase(text string) (age.Recipient, age.Identity, error) { return passphrase(text, 10) }
