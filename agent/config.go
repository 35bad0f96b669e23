package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"vigia/agent/proxy"
	"vigia/agent/spool"
	"vigia/checks/message"
	"vigia/packaging/settings"
)

// Config is the agent's configuration. Every key has a working default.
type Config struct {
	// Language is that of the local page and of the commands: es or en.
	Language Language `mapstructure:"language"`
	Log      struct {
		Level  Level  `mapstructure:"level"`  // debug, info, warn or error
		Format Format `mapstructure:"format"` // text or json
	} `mapstructure:"log"`
	Spool struct {
		// MaxBytes bounds the reports kept on disk.
		MaxBytes int64 `mapstructure:"max_bytes"`
	} `mapstructure:"spool"`
	// Collector replaces the address that was given when enrolling, as
	// host:port; who answers there must be the same collector.
	Collector string `mapstructure:"collector"`
	// Proxy is the HTTP proxy through which the collector is reached, as
	// http://host:port or http://user:password@host:port; direct: none. Empty: what
	// was said when enrolling, else HTTPS_PROXY and NO_PROXY of the environment.
	Proxy string `mapstructure:"proxy"`
	// Directory is set on the one agent that reads the organisation's directory.
	Directory DirectoryConfig `mapstructure:"directory"`
	// DataDir holds keys, spool and state. It is not a key of the file, which
	// lies in it.
	DataDir string `mapstructure:"-"`
}

// ConfigFile is the configuration inside the data folder, if there is one.
const ConfigFile = "vigia-agent.yaml"

const (
	envPrefix = "VIGIA_AGENT"
	// envData names the data folder; it is read by the commands themselves.
	envData = envPrefix + "_DATA"
	// envProxy is the key proxy, as any key can be given; enrolling keeps what it says.
	envProxy = envPrefix + "_PROXY"
)

// DefaultConfig is what holds without a file.
func DefaultConfig() Config {
	var c Config
	c.Language = Language(message.Spanish)
	c.Log.Level, c.Log.Format = "info", "text"
	c.Spool.MaxBytes = spool.DefaultMaxBytes
	c.DataDir = DefaultDataDir()
	return c
}

// DefaultDataDir is where a packaged agent keeps everything.
func DefaultDataDir() string {
	if runtime.GOOS == "windows" {
		return filepath.Join(os.Getenv("ProgramData"), "Vigia", "agent")
	}
	return "/var/lib/vigia-agent"
}

// LoadConfig reads the configuration: file if it is named, else ConfigFile in
// the data folder if it exists, else, with the data folder of a packaged agent,
// /etc/vigia-agent/vigia-agent.yaml; then the environment.
func LoadConfig(file, dataDir string, environ []string) (Config, error) {
	c := DefaultConfig()
	c.DataDir = dataDir
	src := settings.Source{
		File: configFile(file, dataDir), Required: file != "", Prefix: envPrefix, Environ: environ, Ignore: []string{envData},
	}
	if err := settings.Load(src, &c); err != nil {
		return Config{}, err
	}
	if c.Spool.MaxBytes < spool.MinMaxBytes {
		return Config{}, &settings.Error{File: src.File, Key: "spool.max_bytes",
			Problem: fmt.Sprintf("is under the least of %d", spool.MinMaxBytes)}
	}
	if err := proxy.Check(c.Proxy); err != nil {
		return Config{}, &settings.Error{File: src.File, Key: "proxy", Problem: "is none: " + err.Error()}
	}
	if key, ok := c.Directory.check(); !ok {
		return Config{}, &settings.Error{File: src.File, Key: key, Problem: "is missing"}
	}
	return c, nil
}

// systemConfig is the configuration of an agent that a package of Linux installed.
const systemConfig = "/etc/vigia-agent/vigia-agent.yaml"

// configFile is the file that is read: the one named, else that of the data folder, else,
// for the folder of a packaged agent, that of the package.
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

// Language is a language that the agent speaks.
type Language message.Lang

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Language) UnmarshalText(b []byte) error {
	return choose((*string)(l), b, "es", "en")
}

// Level is how much is logged.
type Level string

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *Level) UnmarshalText(b []byte) error {
	return choose((*string)(l), b, "debug", "info", "warn", "error")
}

// Format is how the log is written.
type Format string

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Format) UnmarshalText(b []byte) error {
	return choose((*string)(f), b, "text", "json")
}

func choose(into *string, given []byte, words ...string) error {
	for _, w := range words {
		if string(given) == w {
			*into = w
			return nil
		}
	}
	return errors.New("is not one of " + strings.Join(words, ", "))
}
