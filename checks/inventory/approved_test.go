package inventory

import "testing"

func TestApproved(t *testing.T) {
	writer := program{Name: "LibreOffice 24.8", Version: "24.8.2.1", Publisher: "The Document Foundation"}
	for _, tt := range []struct {
		name string
		line approved
		p    program
		want bool
	}{
		{"the name", approved{Name: "libreoffice 24.8"}, writer, true},
		{"another name", approved{Name: "libreoffice"}, writer, false},
		{"any text at the end", approved{Name: "LibreOffice*"}, writer, true},
		{"any text in the middle", approved{Name: "l*ce *"}, writer, true},
		{"any text at the beginning", approved{Name: "*24.9"}, writer, false},
		{"parts do not overlap", approved{Name: "LibreOffice*Office 24.8"}, writer, false},
		{"all of a publisher", approved{Name: "*", Publisher: "*document foundation"}, writer, true},
		{"another publisher", approved{Name: "*", Publisher: "Otra"}, writer, false},
		{"the version", approved{Name: "*", Versions: "24.8.2.1"}, writer, true},
		{"a version that begins so", approved{Name: "*", Versions: "24.*"}, writer, true},
		{"within bounds", approved{Name: "*", Versions: ">=24.2 <25"}, writer, true},
		{"below", approved{Name: "*", Versions: ">=24.10"}, writer, false},
		{"above", approved{Name: "*", Versions: "<24.8.2"}, writer, false},
		{"no version", approved{Name: "*", Versions: ">=1"}, program{Name: "x"}, false},
		{"epoch and revision of Debian", approved{Name: "*", Versions: ">=7.4 <8"}, program{Name: "x", Version: "4:7.4.7-1+deb12u5"}, true},
	} {
		if got := tt.line.allows(tt.p); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"1.10", "1.9", 1}, {"1.2", "1.2.0", 0}, {"1.2", "1.2.1", -1}, {"24.2rc1", "24.2", -1}, {"2:1.0", "1.5", -1},
		{"2:1.0", "1:9", 1}, {"007", "7", 0}, {"1.0-2", "1.0-10", -1}, {"", "1", -1}, {"1.", "1-", 0}, {"a", "b", -1}, {"1.a", "1.1", -1},
		{"99999999999999999999999", "100000000000000000000000", -1},
	} {
		if got := compareVersions(tt.a, tt.b); got != tt.want {
			t.Errorf("%s and %s: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
