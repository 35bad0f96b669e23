package extract

import (
	"testing"
	"time"
)

func TestFullNumber(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"1.24574718306011E+017", "124574718306011000"},
		{"1.24574718306011E17", "124574718306011000"},
		{"124574718306011000", "124574718306011000"},
		{"8220470127", "8220470127"},
		{"8.220470127e9", "8220470127"},
		{"45123.0", "45123"},
		{"45123.", "45123"},
		{"1234.50", "1234.5"},
		{"0.30000000000000004", "0.30000000000000004"},
		{".5", "0.5"},
		{"-12.5E1", "-125"},
		{"1.5E-3", "0.0015"},
		{"12E-1", "1.2"},
		{"0", "0"},
		{"00123", "00123"},
		{"0.5E1", "5"},
		{"0E5", "0"},
		{"1E+308", "1E+308"},
		{"1E", "1E"},
		{".5", "0.5"},
		{"1.2.3", "1.2.3"},
		{"#N/A", "#N/A"},
		{"-", "-"},
		{"", ""},
		{"12345678901234567890123456789012345678901", "12345678901234567890123456789012345678901"},
	} {
		if got := string(fullNumber(nil, []byte(test.in))); got != test.want {
			t.Errorf("fullNumber(%q): got %q, want %q", test.in, got, test.want)
		}
	}
}

func TestNumberFormats(t *testing.T) {
	for _, test := range []struct {
		code, in, want string
		since1904      bool
	}{
		{"dd/mm/yyyy", "31118", "1985-03-12", false},
		{"dd/mm/yyyy", "31118.75", "1985-03-12", false},
		{"yyyy-mm-dd;@", "60", "1900-02-28", false}, // the 29th never was
		{"d", "59", "1900-02-28", false},
		{"d", "61", "1900-03-01", false},
		{"d", "1", "1900-01-01", false},
		{"d", "29656", "1985-03-12", true},
		{`[$-80A]d" de "mmmm" de "yyyy`, "45351", "2024-02-29", false},
		{"d", "8220470127", "8220470127", false}, // a number in a column of dates
		{"d", "0.5", "0.5", false},
		{"h:mm", "45351", "45351", false},
		{"General", "45351", "45351", false},
		{"Standard", "45351", "45351", false},
		{`"Dólares" 0`, "45351", "45351", false},
		{"[Red]0.00", "45351", "45351", false},
		{"00000000000", "1234567897", "01234567897", false},
		{`00\-00\-00\-0000\-0`, "1234567897", "01234567897", false},
		{"00000", "123456", "123456", false},
		{"000000000000000000", "1.2180000118359E+16", "012180000118359000", false},
		{"#,##0", "1234567897", "1234567897", false},
		{`"no end`, "1", "1", false},
		{"[no end", "1", "1", false},
	} {
		if got := string(parseFormat([]byte(test.code)).append(nil, []byte(test.in), test.since1904)); got != test.want {
			t.Errorf("%s as %s: got %q, want %q", test.in, test.code, got, test.want)
		}
	}
}

// Every day that a sheet can hold has the date that the standard library gives it.
func TestDatesOfSheets(t *testing.T) {
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	for days := 61; days < 2_957_000; days += 17 {
		got := string(appendDate(nil, days, false))
		if want := start.AddDate(0, 0, days).Format(time.DateOnly); got != want {
			t.Fatalf("day %d: got %s, want %s", days, got, want)
		}
	}
}
