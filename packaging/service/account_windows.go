package service

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// Account is that of this process: its SID on Windows, its user id elsewhere.
func Account() (string, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", fmt.Errorf("read the account of the process: %w", err)
	}
	return user.User.Sid.String(), nil
}
