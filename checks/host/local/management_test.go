package local

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"testing"

	"vigia/checks/host"
)

func TestCIMNumber(t *testing.T) {
	t.Parallel()
	const junk = 0xABCD << 48 // what stood in the rest of the variant
	for _, tt := range []struct {
		name string
		cim  uint32
		bits uint64
		want string
	}{
		{"state of a product", cimUint32, junk | 397568, "397568"},
		{"unsigned handed over as signed", cimUint32, junk | 0xFFFFFFFF, "4294967295"},
		{"signed", cimSint32, 0xFFFFFFFF, "-1"},
		{"short unsigned", cimUint16, junk | 0xFFFF, "65535"},
		{"short signed", cimSint16, 0xFFFF, "-1"},
		{"byte", cimUint8, junk | 255, "255"},
		{"signed byte", cimSint8, 0x80, "-128"},
		{"true is -1", cimBoolean, junk | 0xFFFF, "true"},
		{"false", cimBoolean, junk, "false"},
		{"character", cimChar16, 'C', "C"},
		{"real", cimReal64, math.Float64bits(1.5), "1.5"},
		{"short real", cimReal32, uint64(math.Float32bits(0.1)), "0.1"},
	} {
		if got, ok := cimNumber(tt.cim, tt.bits); got != tt.want || !ok {
			t.Errorf("%s: got %q %t, want %q", tt.name, got, ok, tt.want)
		}
	}
	if got, ok := cimNumber(13, 1); ok {
		t.Errorf("an object: got %q, want nothing", got)
	}
}

func TestManagementError(t *testing.T) {
	t.Parallel()
	for hresult, want := range map[uint32]error{
		0x8004100E: fs.ErrNotExist,
		0x80041010: fs.ErrNotExist,
		0x80041003: fs.ErrPermission,
		0x80070005: fs.ErrPermission,
		0x80040154: host.ErrUnsupported,
		0x80041069: context.DeadlineExceeded,
		0x800106BA: errManagement, // Defender is switched off
	} {
		if got := managementError(hresult); !errors.Is(got, want) {
			t.Errorf("%#x: got %v, want %v", hresult, got, want)
		}
	}
}

func TestProtectorError(t *testing.T) {
	t.Parallel()
	for code, want := range map[uint32]error{
		0:          nil,
		0x80310008: nil, // BitLocker is not on
		0x80070057: nil, // a kind that this Windows does not know
		0x80070005: fs.ErrPermission,
	} {
		if got := protectorError(code); !errors.Is(got, want) {
			t.Errorf("%#x: got %v, want %v", code, got, want)
		}
	}
}

func TestManagementQuery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		class      string
		properties []string
		want       string
	}{
		{"AntiVirusProduct", []string{"displayName", "productState"}, "SELECT displayName, productState FROM AntiVirusProduct"},
		{"MSFT_MpComputerStatus", nil, "SELECT * FROM MSFT_MpComputerStatus"},
		{encryptableVolume, []string{"DriveLetter", keyProtectors}, "SELECT * FROM Win32_EncryptableVolume"},
		{encryptableVolume, []string{"DriveLetter"}, "SELECT DriveLetter FROM Win32_EncryptableVolume"},
		{"Win32_Process WHERE 1=1", nil, ""},
		{"Win32_Process", []string{"Name, CommandLine"}, ""},
		{"", nil, ""},
		{"9", nil, ""},
	} {
		got, err := managementQuery(tt.class, tt.properties)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s %v: got %q, %v; want %q", tt.class, tt.properties, got, err, tt.want)
		}
	}
}
