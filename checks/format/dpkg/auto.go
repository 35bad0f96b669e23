package dpkg

import (
	"bytes"
	"fmt"
	"strings"
)

// AutoInstalled reads apt's /var/lib/apt/extended_states: the packages that were
// installed because another needed them, and not because somebody asked for them. Keys
// are the name and architecture of the system for "all" as well, as apt writes them:
// "libc6:amd64". What is not in it was asked for.
func AutoInstalled(b []byte) (map[string]bool, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("apt extended states: %w", ErrTooLarge)
	}
	out := make(map[string]bool)
	var name, arch string
	auto := false
	end := func() {
		if auto && name != "" {
			out[name+":"+arch] = true
		}
		name, arch, auto = "", "", false
	}
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			end()
			continue
		}
		field, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(field) {
		case "package":
			name = value
		case "architecture":
			arch = value
		case "auto-installed":
			auto = value == "1"
		}
	}
	end()
	return out, nil
}
