package host

import "context"

// Unsupported is every facet of a machine that has none: each question is
// answered with ErrUnsupported.
type Unsupported struct{}

var (
	_ Files        = Unsupported{}
	_ Registry     = Unsupported{}
	_ Accounts     = Unsupported{}
	_ System       = Unsupported{}
	_ Permissions  = Unsupported{}
	_ Management   = Unsupported{}
	_ Events       = Unsupported{}
	_ Running      = Unsupported{}
	_ Network      = Unsupported{}
	_ Media        = Unsupported{}
	_ Directory    = Unsupported{}
	_ PersonalData = Unsupported{}
	_ Past         = Unsupported{}
)

// ReadFile implements Files.
func (Unsupported) ReadFile(context.Context, string, int64) ([]byte, error) {
	return nil, ErrUnsupported
}

// ReadRange implements Files.
func (Unsupported) ReadRange(context.Context, string, int64, int64) ([]byte, error) {
	return nil, ErrUnsupported
}

// Stat implements Files.
func (Unsupported) Stat(context.Context, string) (FileInfo, error) {
	return FileInfo{}, ErrUnsupported
}

// ReadDir implements Files.
func (Unsupported) ReadDir(context.Context, string) ([]FileInfo, error) {
	return nil, ErrUnsupported
}

// Walk implements Files.
func (Unsupported) Walk(context.Context, string, func(string, FileInfo, error) error) error {
	return ErrUnsupported
}

// Value implements Registry.
func (Unsupported) Value(context.Context, string, string) (RegistryValue, error) {
	return RegistryValue{}, ErrUnsupported
}

// Subkeys implements Registry.
func (Unsupported) Subkeys(context.Context, string) ([]string, error) {
	return nil, ErrUnsupported
}

// ValueNames implements Registry.
func (Unsupported) ValueNames(context.Context, string) ([]string, error) {
	return nil, ErrUnsupported
}

// Users implements Accounts.
func (Unsupported) Users(context.Context) ([]User, error) { return nil, ErrUnsupported }

// PasswordPolicy implements Accounts.
func (Unsupported) PasswordPolicy(context.Context) (PasswordPolicy, error) {
	return PasswordPolicy{}, ErrUnsupported
}

// Members implements Accounts.
func (Unsupported) Members(context.Context, string) ([]Member, error) { return nil, ErrUnsupported }

// Identity implements System.
func (Unsupported) Identity(context.Context) (Identity, error) { return Identity{}, ErrUnsupported }

// Hardware implements System.
func (Unsupported) Hardware(context.Context) (Hardware, error) { return Hardware{}, ErrUnsupported }

// Volumes implements System.
func (Unsupported) Volumes(context.Context) ([]Volume, error) { return nil, ErrUnsupported }

// Interfaces implements System.
func (Unsupported) Interfaces(context.Context) ([]Interface, error) { return nil, ErrUnsupported }

// Scan implements PersonalData.
func (Unsupported) Scan(context.Context, ScanRequest) (ScanSummary, error) {
	return ScanSummary{}, ErrUnsupported
}
