package protection

import (
	"cmp"
	"slices"
	"strings"
)

// exclusion is one thing that Microsoft Defender does not look at.
type exclusion struct {
	Kind string `json:"kind"` // path, extension, process
	What string `json:"what"`
}

// Kinds of exclusions.
const (
	excludedPath      = "path"
	excludedExtension = "extension"
	excludedProcess   = "process"
)

// How much an exclusion leaves open: everything on a drive, every program, or a place or
// program that attacks like to use.
const (
	widthDrive    = "exclusion_drive"
	widthPrograms = "exclusion_programs"
	widthWide     = "exclusion_wide"
)

// maxExclusions bounds those kept as facts.
const maxExclusions = 64

// sortedExclusions sorts, cuts the list and counts the rest. What is judged to be wide
// is kept before what is not.
func sortedExclusions(list []exclusion) (kept []exclusion, more int) {
	slices.SortFunc(list, func(a, b exclusion) int {
		narrow := func(e exclusion) int {
			if e.width() == "" {
				return 1
			}
			return 0
		}
		return cmp.Or(narrow(a)-narrow(b), strings.Compare(a.Kind, b.Kind), strings.Compare(a.What, b.What))
	})
	list = slices.Compact(list)
	n := min(len(list), maxExclusions)
	return list[:n], len(list) - n
}

// width tells how much the exclusion leaves open, empty for what is not of concern.
func (e exclusion) width() string {
	what := strings.ToLower(strings.TrimSpace(e.What))
	switch e.Kind {
	case excludedExtension:
		if slices.Contains(programExtensions(), strings.TrimLeft(what, "*.")) {
			return widthPrograms
		}
	case excludedProcess:
		what = strings.ReplaceAll(what, "/", `\`)
		if strings.Trim(what, `*\.?:abcdefghijklmnopqrstuvwxyz`) == "" && strings.HasSuffix(what, "*") {
			return widthPrograms // *, C:\*
		}
		name := what[strings.LastIndexByte(what, '\\')+1:]
		if slices.Contains(programsForAll(), name) {
			return widthWide
		}
	case excludedPath:
		return pathWidth(strings.ReplaceAll(what, "/", `\`))
	}
	return ""
}

// pathWidth judges an excluded path in lower case.
func pathWidth(path string) string {
	path = strings.TrimPrefix(path, `\\?\`)
	for strings.HasSuffix(path, `\`) || strings.HasSuffix(path, `\*`) || strings.HasSuffix(path, `\*.*`) {
		path = strings.TrimRight(strings.TrimSuffix(path, ".*"), `\*`)
	}
	drive := len(path) == 2 && path[1] == ':'
	if drive || path == "" || path == "*" || path == "*.*" || path == "%systemdrive%" || path == "%homedrive%" {
		return widthDrive
	}
	if len(path) > 2 && path[1] == ':' {
		path = path[2:] // whichever drive
	}
	if slices.Contains(widePlaces(), path) {
		return widthWide
	}
	return ""
}

// programExtensions are those of what Windows runs, and of documents with macros.
func programExtensions() []string {
	return []string{"", "exe", "dll", "com", "scr", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "wsf", "hta",
		"msi", "lnk", "sys", "jar", "docm", "xlsm", "pptm", "doc", "xls"}
}

// programsForAll are programs that run what others wrote, or open everything.
func programsForAll() []string {
	return []string{"cmd.exe", "powershell.exe", "powershell_ise.exe", "pwsh.exe", "wscript.exe", "cscript.exe", "mshta.exe",
		"rundll32.exe", "regsvr32.exe", "msbuild.exe", "explorer.exe", "svchost.exe", "java.exe", "javaw.exe", "python.exe",
		"node.exe", "winword.exe", "excel.exe", "outlook.exe", "chrome.exe", "msedge.exe", "firefox.exe"}
}

// widePlaces are folders in which everybody may write or all programs stand.
func widePlaces() []string {
	return []string{`\users`, `\users\public`, `\windows`, `\windows\system32`, `\windows\temp`, `\temp`, `\program files`,
		`\program files (x86)`, `\programdata`, "%windir%", "%systemroot%", "%systemroot%\\temp", "%windir%\\temp", "%programfiles%", "%programfiles(x86)%",
		"%programdata%", "%allusersprofile%", "%temp%", "%tmp%", "%userprofile%", "%public%", "%appdata%", "%localappdata%",
		`\users\*\downloads`, `\users\*\appdata`, `\users\*\appdata\local`, `\users\*\appdata\local\temp`, `\users\*\desktop`}
}
