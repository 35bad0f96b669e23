package local

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"vigia/checks/host"
)

func TestLoad(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	const quiet = "some avg10=0.95 avg60=0.44 avg300=1.17 total=286388025\n"
	tests := []struct {
		name  string
		files map[string]string
		typed time.Duration // since input at a terminal; 0: nobody is there
		want  host.Load
	}{
		{"nothing can be read", nil, 0, host.Load{}},
		{"desktop at rest", map[string]string{"proc/pressure/cpu": quiet, "proc/pressure/io": quiet}, 0, host.Load{}},
		{"laptop with its cable", map[string]string{
			"sys/class/power_supply/AC/type": "Mains\n", "sys/class/power_supply/AC/online": "1\n",
			"sys/class/power_supply/BAT0/type": "Battery\n", "sys/class/power_supply/BAT0/status": "Discharging\n",
		}, 0, host.Load{}},
		{"laptop without", map[string]string{
			"sys/class/power_supply/AC/type": "Mains\n", "sys/class/power_supply/AC/online": "0\n",
			"sys/class/power_supply/BAT0/type": "Battery\n", "sys/class/power_supply/BAT0/status": "Discharging\n",
		}, 0, host.Load{Battery: true}},
		{"a mouse's battery", map[string]string{
			"sys/class/power_supply/hid/type": "Battery\n", "sys/class/power_supply/hid/status": "Discharging\n",
			"sys/class/power_supply/hid/scope": "Device\n",
		}, 0, host.Load{}},
		{"programs wait for the processor", map[string]string{"proc/pressure/cpu": "some avg10=61.20 avg60=3.00\n"}, 0, host.Load{Busy: true}},
		{"programs wait for the disk", map[string]string{"proc/pressure/io": "some avg10=12.00 avg60=3.00\n"}, 0, host.Load{Busy: true}},
		{"somebody types", map[string]string{"dev/pts/0": ""}, time.Minute, host.Load{Busy: true}},
		{"somebody went away", map[string]string{"dev/pts/0": ""}, time.Hour, host.Load{}},
		{"no such measure", map[string]string{"proc/pressure/io": "some avg10=x"}, 0, host.Load{}},
	}
	for _, tt := range tests {
		root := t.TempDir()
		for name, content := range tt.files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			if tt.typed > 0 {
				if err := os.Chtimes(path, now.Add(-tt.typed), now); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := loadOf(root, now); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
