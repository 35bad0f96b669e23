package inventory

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"strings"
	"testing"

	"vigia/checks/checktest"
	"vigia/checks/host"
)

func TestMain(m *testing.M) { checktest.Main(m, Checks(), nil) }

// tree is checktest.Files with modes, and with the notation of Windows where dos is set:
// `C:\Users` is "C:/Users" in the files.
type tree struct {
	checktest.Files
	modes map[string]fs.FileMode
	dos   bool
}

func (f tree) name(name string) string {
	if f.dos {
		return strings.TrimSuffix(strings.ReplaceAll(name, `\`, "/"), "/")
	}
	return name
}

func (f tree) ReadFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	return f.Files.ReadFile(ctx, f.name(name), limit)
}

func (f tree) ReadRange(ctx context.Context, name string, offset, length int64) ([]byte, error) {
	return f.Files.ReadRange(ctx, f.name(name), offset, length)
}

func (f tree) Stat(ctx context.Context, name string) (host.FileInfo, error) {
	info, err := f.Files.Stat(ctx, f.name(name))
	if m, ok := f.modes[f.name(name)]; ok && err == nil {
		info.Mode = m
	}
	return info, err
}

func (f tree) ReadDir(ctx context.Context, name string) ([]host.FileInfo, error) {
	entries, err := f.Files.ReadDir(ctx, f.name(name))
	for i := range entries {
		if m, ok := f.modes[path.Join(f.name(name), entries[i].Name)]; ok {
			entries[i].Mode = m
		}
	}
	return entries, err
}

// linuxHost has one person, and packages of dpkg: "name version" each.
func linuxHost(packages []string, files map[string]string, modes map[string]fs.FileMode, unreadable ...string) host.Host {
	content := map[string]string{
		"/etc/passwd": "root:x:0:0::/root:/bin/bash\nusuario1:x:1000:1000::/home/usuario1:/bin/bash\n",
		"/etc/group":  "root:x:0:\ndisk:x:6:\n", "/home/usuario1/.profile": "",
	}
	for _, p := range packages {
		name, version, _ := strings.Cut(p, " ")
		content["/var/lib/dpkg/status"] += "Package: " + name + "\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\nVersion: " + version + "\n\n"
	}
	maps.Copy(content, files)
	return host.Host{OS: host.Linux, System: system{}, Files: tree{Files: checktest.Files{Content: content, Unreadable: unreadable}, modes: modes}}
}

const person = "S-1-5-21-1-2-3-1001"

// windowsHost has one person; values go by `KEY\name`, files by "C:/...".
func windowsHost(values map[string]any, files map[string]string, unreadable ...string) host.Host {
	all := map[string]any{
		profileList + `\` + person + `\ProfileImagePath`:  `C:\Users\usuario1`,
		`HKLM\SOFTWARE` + uninstall + `\Base\DisplayName`: "Base", `HKLM\SOFTWARE` + uninstall + `\Base\Publisher`: "Ejemplo",
		`HKU\` + person + `\Software\Ejemplo\x`: "x",
	}
	maps.Copy(all, values)
	content := map[string]string{"C:/Users/usuario1/ntuser.ini": ""}
	maps.Copy(content, files)
	var keys, paths []string
	for _, u := range unreadable {
		if strings.HasPrefix(u, "C:") {
			paths = append(paths, u)
		} else {
			keys = append(keys, u)
		}
	}
	return host.Host{
		OS: host.Windows, System: system{}, Registry: checktest.Registry{Values: all, Unreadable: keys},
		Files: tree{Files: checktest.Files{Content: content, Unreadable: paths}, dos: true},
	}
}
