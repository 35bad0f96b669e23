package protection

import "testing"

func TestExclusionWidth(t *testing.T) {
	for _, tt := range []struct{ kind, what, want string }{
		{excludedPath, `C:\`, widthDrive},
		{excludedPath, `c:`, widthDrive},
		{excludedPath, `D:\*`, widthDrive},
		{excludedPath, `D:\*.*`, widthDrive},
		{excludedPath, `*`, widthDrive},
		{excludedPath, `%SystemDrive%\`, widthDrive},
		{excludedPath, `\\?\C:\`, widthDrive},
		{excludedPath, `C:/`, widthDrive},
		{excludedPath, `C:\Users`, widthWide},
		{excludedPath, `E:\Users\*`, widthWide},
		{excludedPath, `C:\Users\*\Downloads\`, widthWide},
		{excludedPath, `%TEMP%`, widthWide},
		{excludedPath, `C:\Program Files\Padrón`, ""},
		{excludedPath, `C:\Users\ana\proyecto`, ""},
		{excludedPath, `\\servidor\copias`, ""},
		{excludedExtension, "exe", widthPrograms},
		{excludedExtension, "*.JS", widthPrograms},
		{excludedExtension, "*", widthPrograms},
		{excludedExtension, "mdf", ""},
		{excludedProcess, "*", widthPrograms},
		{excludedProcess, `C:\*`, widthPrograms},
		{excludedProcess, `C:\Windows\System32\cmd.exe`, widthWide},
		{excludedProcess, `C:\Programas\padron.exe`, ""},
		{excludedProcess, `C:\Programas\*`, widthPrograms},
	} {
		if got := (exclusion{tt.kind, tt.what}).width(); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.kind, tt.what, got, tt.want)
		}
	}
}

func TestSortedExclusions(t *testing.T) {
	var list []exclusion
	for i := range maxExclusions + 5 {
		list = append(list, exclusion{excludedPath, `C:\app` + string(rune('A'+i%26)) + string(rune('a'+i/26))})
	}
	list = append(list, exclusion{excludedPath, `D:\`}, exclusion{excludedPath, `D:\`})
	kept, more := sortedExclusions(list)
	if len(kept) != maxExclusions || more != 6 || kept[0].What != `D:\` {
		t.Errorf("got %d kept, %d more, first %+v", len(kept), more, kept[0])
	}
}
