package collector

import (
	"errors"
	"fmt"

	"vigia/collector/access"
	"vigia/collector/access/ldap"
	"vigia/collector/access/oidc"
	"vigia/collector/notify"
)

// errNoWay means that an account is to log in by what is not configured.
var errNoWay = errors.New("esa forma de entrar no está configurada")

// logins sets up where else than here passwords are checked. It asks nobody yet.
func (c *Collector) logins() error {
	conf := c.Config.Login
	if c.Simulated() {
		return nil // a town hall that never was asks no real directory
	}
	if conf.LDAP != (ldap.Config{}) {
		directory, err := ldap.New(conf.LDAP, func() (string, error) { return notify.ReadSecret(conf.LDAP.PasswordFile) }, c.now)
		if err != nil {
			return err
		}
		c.Access.Delegate(directory)
		c.directory = true
	}
	if conf.OIDC.Used() {
		provider, err := oidc.New(conf.OIDC, oidc.Options{Now: c.now, Logger: c.logger,
			Secret: func() (string, error) { return notify.ReadSecret(conf.OIDC.SecretFile) }})
		if err != nil {
			return err
		}
		c.provider = provider
	}
	return nil
}

// loginSecrets demands that the files of the secrets can be read, before anybody serves.
func (c *Collector) loginSecrets() error {
	for _, one := range []struct {
		used  bool
		file  string
		wrong error
		key   string
	}{
		{c.directory, c.Config.Login.LDAP.PasswordFile, ldap.ErrConfig, "password_file"},
		{c.provider != nil, c.Config.Login.OIDC.SecretFile, oidc.ErrConfig, "secret_file"},
	} {
		if !one.used {
			continue
		}
		text, err := notify.ReadSecret(one.file)
		if err == nil && text == "" {
			err = fmt.Errorf("%s: está vacío", one.file)
		}
		if err != nil {
			return fmt.Errorf("%w.%s: %w", one.wrong, one.key, err)
		}
	}
	return nil
}

// way demands that an account can log in so.
func (c *Collector) way(via string) error {
	if via == access.LDAP && !c.directory {
		return fmt.Errorf("--via ldap: %w (login.ldap)", errNoWay)
	}
	if via == access.OIDC && c.provider == nil {
		return fmt.Errorf("--via oidc: %w (login.oidc)", errNoWay)
	}
	return nil
}
