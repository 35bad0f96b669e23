package collector

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
	_ "time/tzdata" // quarters begin at local midnight on machines without zone files too

	"vigia/collector/access/ldap"
	"vigia/collector/access/oidc"
	"vigia/collector/notify"
	"vigia/collector/worktime"
	"vigia/packaging/settings"
)

// Config is the collector's configuration. Every key has a working default: an
// installation without a file serves on this machine alone.
type Config struct {
	// Organisation is the name on reports and pages.
	Organisation string `mapstructure:"organisation"`
	// TimeZone is the IANA zone in which quarters and days begin and end.
	TimeZone Zone `mapstructure:"time_zone"`
	// Holidays are the days that the municipality itself does not work, or works less: those
	// of the whole country are in the packs.
	Holidays []Holiday `mapstructure:"holidays"`
	// Packs are the rules in force until a policy file is imported.
	Packs []string `mapstructure:"packs"`
	// PackKeys are the public keys of those whose packs may be imported.
	PackKeys []string `mapstructure:"pack_keys"`
	Database struct {
		// DSN names a PostgreSQL database; empty means SQLite in the data folder.
		DSN string `mapstructure:"dsn"`
	} `mapstructure:"database"`
	Agents struct {
		// Listen is where agents call; Hosts are the names and addresses by
		// which they know this machine, for its certificate.
		Listen string   `mapstructure:"listen"`
		Hosts  []string `mapstructure:"hosts"`
	} `mapstructure:"agents"`
	Portal struct {
		// Listen is where browsers call: loopback only until somebody decides
		// otherwise.
		Listen string   `mapstructure:"listen"`
		Hosts  []string `mapstructure:"hosts"`
	} `mapstructure:"portal"`
	// SMTP, Webhook and Syslog carry notices out of the portal; none does until it has a
	// server.
	SMTP    notify.SMTP `mapstructure:"smtp"`
	Webhook notify.Hook `mapstructure:"webhook"`
	Syslog  notify.Log  `mapstructure:"syslog"`
	// Login says where else than here passwords are checked; nobody is asked until it does.
	Login struct {
		LDAP ldap.Config `mapstructure:"ldap"`
		OIDC oidc.Config `mapstructure:"oidc"`
	} `mapstructure:"login"`
	Activity struct {
		// KeepDays is how many days the activity log is kept; 0 is five years.
		KeepDays int `mapstructure:"keep_days"`
	} `mapstructure:"activity"`
}

// Zone is a time zone by its IANA name.
type Zone struct{ *time.Location }

// UnmarshalText accepts names such as Europe/Madrid and America/Monterrey.
func (z *Zone) UnmarshalText(name []byte) error {
	loc, err := time.LoadLocation(string(name))
	if err != nil || string(name) == "" || string(name) == "Local" {
		return fmt.Errorf("no time zone %q: use a name such as America/Monterrey or Europe/Madrid", name)
	}
	z.Location = loc
	return nil
}

// MarshalText writes the name of the zone.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// Holiday is a day or some days that an organisation keeps, with their name.
type Holiday struct{ worktime.Closure }

// UnmarshalText accepts what worktime.ParseClosure does.
func (h *Holiday) UnmarshalText(text []byte) error {
	c, err := worktime.ParseClosure(string(text))
	if err != nil {
		return fmt.Errorf("%q: %w; write it as \"2026-12-12 Fiesta patronal\", \"2026-12-21..2027-01-06 Vacaciones\" or \"2026-12-24 hasta 12:00 Nochebuena\"", text, err)
	}
	h.Closure = c
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (h Holiday) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// systemZone is the time zone of this machine by its IANA name, UTC where none
// can be found: a review names its zone, so that it means the same elsewhere.
func systemZone() Zone {
	names := []string{os.Getenv("TZ")}
	if target, err := filepath.EvalSymlinks("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(target, "/zoneinfo/"); ok {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if loc, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
			return Zone{loc}
		}
	}
	return Zone{time.UTC}
}

// ConfigFile is the configuration inside the data folder, if there is one.
const ConfigFile = "vigia.yaml"

// envPrefix begins the environment variables that override the file.
const envPrefix = "VIGIA"

// DefaultConfig is what holds without a file.
func DefaultConfig() Config {
	c := Config{TimeZone: systemZone(), Packs: []string{"es-rgpd", "mx-general"}}
	c.Agents.Listen = "127.0.0.1:8443"
	c.Portal.Listen = "127.0.0.1:9443"
	return c
}

// DefaultDataDir is where a packaged collector keeps everything.
func DefaultDataDir() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("ProgramData"), "Vigia", "collector")
	}
	return "/var/lib/vigia"
}

// systemConfig is the configuration of a packaged collector.
const systemConfig = "/etc/vigia/vigia.yaml"

// configFile is the file that is read: the one named, else that of the data folder, else,
// for the folder of a packaged collector, that of the package.
func configFile(file, dataDir string) string {
	if file != "" {
		return file
	}
	own := filepath.Join(dataDir, ConfigFile)
	if filepath.Clean(dataDir) == DefaultDataDir() && runtime.GOOS != "windows" {
		if _, err := os.Stat(own); errors.Is(err, fs.ErrNotExist) {
			return systemConfig
		}
	}
	return own
}

// LoadConfig reads the configuration: file if it is named, else ConfigFile in
// the data folder if it exists, else, with the data folder of a packaged
// collector, /etc/vigia/vigia.yaml; then the environment.
func LoadConfig(file, dataDir string, environ []string) (Config, error) {
	c := DefaultConfig()
	src := settings.Source{File: configFile(file, dataDir), Required: file != "", Prefix: envPrefix, Environ: environ,
		Ignore: agentVariables(environ)}
	if err := settings.Load(src, &c); err != nil {
		return Config{}, err
	}
	return c, nil
}

// agentVariables lists the variables of the agent on the same machine, and the
// two that the commands themselves read.
func agentVariables(environ []string) []string {
	out := []string{"VIGIA_DATA", "VIGIA_PASSPHRASE"}
	for _, pair := range environ {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "VIGIA_AGENT_") || strings.HasPrefix(name, "VIGIA_TEST_") {
			out = append(out, name)
		}
	}
	return out
}
