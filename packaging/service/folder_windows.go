package service

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Access lists ([MS-DTYP] 2.5.1). They take nothing over from above. The machine and
// administrators do everything; users list the folder and read nothing in it, but for the
// file that is shown to them.
const (
	keptFolder = "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;0x1200a9;;;BU)"
	shownFile  = "D:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x120089;;;BU)"
	// What is added for somebody who is no administrator, and works in a folder of his own.
	ownFolder = "(A;OICI;FA;;;%s)"
	ownFile   = "(A;;FA;;;%s)"
)

// ofAdministrators makes them the owners: who owns a thing decides who may change it.
const ofAdministrators = "O:BA"

// MakeFolder makes a service's data folder and those above that there are not, so that
// administrators and the machine alone change them, and users read no more than the names
// in them and what ShowFile shows. They are never there with other rights, not for a
// moment. A folder that is there stays as it is.
func MakeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if up := filepath.Dir(dir); up != dir {
		if err := MakeFolder(up); err != nil {
			return err
		}
	}
	err := createFolder(dir, ofAdministrators+keptFolder)
	if errors.Is(err, windows.ERROR_INVALID_OWNER) { // of somebody who is none
		var self string
		if self, err = Account(); err == nil {
			err = createFolder(dir, keptFolder+fmt.Sprintf(ownFolder, self))
		}
	}
	if err != nil && !errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return nil
}

func createFolder(dir, access string) error {
	sd, err := windows.SecurityDescriptorFromString(access)
	if err != nil {
		return fmt.Errorf("access list: %w", err)
	}
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return err
	}
	attributes := windows.SecurityAttributes{SecurityDescriptor: sd}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	return windows.CreateDirectory(name, &attributes)
}

// ShowFile lets the users of the machine read a file of the data folder.
func ShowFile(name string) error {
	self, err := Account()
	if err != nil {
		return err
	}
	sd, err := windows.SecurityDescriptorFromString(shownFile + fmt.Sprintf(ownFile, self))
	if err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	err = windows.SetNamedSecurityInfo(name, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil)
	if err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	return nil
}
