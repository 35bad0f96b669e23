package host

import "context"

// Management reads instances of WMI classes, for what Windows tells nowhere else.
// Linux answers ErrUnsupported.
type Management interface {
	// Instances returns the named properties of all instances of a class, such as
	// Win32_EncryptableVolume of `root\CIMV2\Security\MicrosoftVolumeEncryption`. A
	// namespace or class that the machine does not have is fs.ErrNotExist, one that may
	// not be read fs.ErrPermission. It never takes longer than ctx, whatever a provider
	// does.
	//
	// One name is no property: KeyProtectorTypes of Win32_EncryptableVolume lists the
	// kinds of key protectors that GetKeyProtectors of that class finds (1 TPM, 2
	// external key, 3 numerical password, 4 TPM and PIN, 5 TPM and start-up key, 6 TPM,
	// PIN and start-up key, 7 public key, 8 passphrase, 9 TPM certificate, 10 CNG).
	Instances(ctx context.Context, namespace, class string, properties ...string) ([]Instance, error)
}

// Instance holds the properties of one instance as text: numbers in decimal, true and
// false, dates as DMTF writes them, elements of an array separated by a line feed. A
// property that is null is absent.
type Instance map[string]string

// Instances implements Management.
func (Unsupported) Instances(context.Context, string, string, ...string) ([]Instance, error) {
	return nil, ErrUnsupported
}
