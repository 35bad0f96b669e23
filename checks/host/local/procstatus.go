package local

import (
	"strings"

	"vigia/checks/host"
)

// parseProcStatus reads name and effective user of /proc/PID/status. program is false
// for what has no memory of its own: a thread of the kernel, or a process that has ended.
func parseProcStatus(status string) (p host.Process, program bool) {
	for line := range strings.Lines(status) {
		field, value, _ := strings.Cut(line, ":")
		switch field {
		case "Name":
			p.Name = unescapeName(strings.TrimSpace(value))
		case "Uid": // real, effective, saved, of the file system
			if ids := strings.Fields(value); len(ids) > 1 {
				p.Owner = ids[1]
			}
		case "VmSize":
			program = true
		}
	}
	return p, program && p.Name != ""
}

// unescapeName undoes what status does to a line feed and a backslash in a name.
func unescapeName(name string) string {
	return strings.NewReplacer(`\n`, "\n", `\\`, `\`).Replace(name)
}

// serviceProgram cuts the program out of the command line of a Windows service, as Windows
// finds it: what stands in quotes, or what ends in .exe or .sys. The arguments are not
// kept: they hold secrets.
func serviceProgram(image string) string {
	image = strings.TrimSpace(image)
	if rest, ok := strings.CutPrefix(image, `"`); ok {
		program, _, _ := strings.Cut(rest, `"`)
		return program
	}
	lower := strings.ToLower(image)
	if len(lower) == len(image) { // else some letter changed its size
		for _, ext := range []string{".exe", ".sys"} {
			for from := 0; ; {
				i := strings.Index(lower[from:], ext)
				if i < 0 {
					break
				}
				end := from + i + len(ext)
				if end == len(image) || image[end] == ' ' || image[end] == '\t' {
					return image[:end]
				}
				from = end
			}
		}
	}
	program, _, _ := strings.Cut(image, " ")
	return program
}
