package host

import "context"

// Management reads instances of WMI classes, for what Windows tells nowhere else.
// Linux answers ErrUnsupported.
type Management interface {
	// Instances returns the named properties of all instances of a class, such as
	// Win32_EncryptableVolume of `root\CIMV2\Security\MicrosoftVolumeEncryption`. A
	// namespace or class that the machine does not have is fs.ErrNotExist. It never
	// takes longer than ctx, whatever a provider does.
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
