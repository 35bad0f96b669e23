package collector

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestLoadConfig(t *testing.T) {
	for _, row := range []struct {
		name, file string
		environ    []string
		check      func(Config) bool
		wantErr    string
	}{
		{name: "no file", check: func(c Config) bool {
			return c.Agents.Listen == "127.0.0.1:8443" && c.Portal.Listen == "127.0.0.1:9443" && c.TimeZone.String() != "Local"
		}},
		{name: "a file", file: "organisation: Villa Ejemplo\ntime_zone: America/Monterrey\nportal:\n  hosts: [vigia.example]\n", check: func(c Config) bool {
			return c.Organisation == "Villa Ejemplo" && c.TimeZone.String() == "America/Monterrey" && c.Portal.Hosts[0] == "vigia.example"
		}},
		{name: "the environment, with the agent's beside it", environ: []string{"VIGIA_ORGANISATION=X", "VIGIA_AGENT_COLLECTOR=y", "VIGIA_DATA=z", "VIGIA_PASSPHRASE=secret"},
			check: func(c Config) bool { return c.Organisation == "X" }},
		{name: "own holidays", file: "holidays:\n  - 2026-12-12 Fiesta patronal\n  - 2026-12-24 hasta 12:00 Nochebuena\n", check: func(c Config) bool {
			return len(c.Holidays) == 2 && c.Holidays[0].String() == "2026-12-12 Fiesta patronal" && c.Holidays[1].Closes == 12*time.Hour
		}},
		{name: "a holiday without a name", file: "holidays:\n  - \"2026-12-12\"\n", wantErr: "vigia.yaml:1: holidays: "},
		{name: "unknown key", file: "portal:\n  lisen: x\n", wantErr: `vigia.yaml:2: portal.lisen: is not a known setting; did you mean "portal.listen"?`},
		{name: "no such zone", file: "time_zone: Villa/Ejemplo\n", wantErr: "vigia.yaml:1: time_zone: no time zone"},
		{name: "the zone of whoever reads", file: "time_zone: Local\n", wantErr: "vigia.yaml:1: time_zone: no time zone"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			if row.file != "" {
				if err := os.WriteFile(filepath.Join(dir, ConfigFile), []byte(row.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c, err := LoadConfig("", dir, row.environ)
			switch {
			case row.wantErr != "":
				if err == nil || !strings.Contains(err.Error(), row.wantErr) {
					t.Errorf("got %v, want %s", err, row.wantErr)
				}
			case err != nil:
				t.Error(err)
			case !row.check(c):
				t.Errorf("got %+v", c)
			}
		})
	}
}

// A zone that is written as text reads back as the same zone.
func TestZoneText(t *testing.T) {
	for _, name := range []string{"UTC", "America/Monterrey", "Europe/Madrid"} {
		var z Zone
		if err := z.UnmarshalText([]byte(name)); err != nil {
			t.Fatal(err)
		}
		if text, err := z.MarshalText(); err != nil || string(text) != name {
			t.Errorf("got %s, %v; want %s", text, err, name)
		}
	}
}

func TestPacksMustExist(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Packs = []string{"xx-none"}
	if col, err := Open(t.Context(), Options{Dir: t.TempDir(), Config: cfg}); err == nil {
		_ = col.Close()
		t.Error("got no error for a pack that does not exist")
	}
}

// The shell completes a folder with a slash; it is the package's all the same.
func TestThePackagesFolderHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("only Linux has a second place")
	}
	for _, folder := range []string{DefaultDataDir(), DefaultDataDir() + "/", DefaultDataDir() + "/."} {
		if got := configFile("", folder); got != systemConfig {
			t.Errorf("%s: got %s, want %s", folder, got, systemConfig)
		}
	}
}
