package service

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// serviceFolder is the access list of a data folder: the machine and administrators
// do everything, users read what lies directly in it and nothing below. It takes
// nothing over from above ([MS-DTYP] 2.5.1).
const serviceFolder = "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OINP;0x1200a9;;;BU)(A;;0x1200a9;;;BU)"

// MakeFolder makes a service's data folder, if there is none, so that administrators and
// the machine alone change it, and users read no more than the files directly in it. One
// that is there stays as it is.
func MakeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	sd, err := windows.SecurityDescriptorFromString(serviceFolder)
	if err != nil {
		return fmt.Errorf("protect %s: %w", dir, err)
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return fmt.Errorf("protect %s: %w", dir, err)
	}
	err = windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil)
	if err != nil {
		return fmt.Errorf("protect %s: %w", dir, err)
	}
	return nil
}
