package xfconf

import (
	"errors"
	"strings"
	"testing"
)

const userFile = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-screensaver" version="1.0">
  <property name="saver" type="empty">
    <property name="enabled" type="bool" value="true"/>
    <property name="idle-activation" type="empty">
      <property name="delay" type="int" value="30"/>
    </property>
  </property>
  <property name="lock" type="empty">
    <property name="enabled" type="bool" value="false"/>
  </property>
</channel>
`

const systemFile = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-screensaver" version="1.0">
  <property name="saver" type="empty">
    <property name="idle-activation" type="empty">
      <property name="delay" type="int" value="10"/>
    </property>
  </property>
  <property name="lock" type="empty" locked="*">
    <property name="enabled" type="bool" value="true"/>
  </property>
</channel>
`

func parse(t *testing.T, text string) *Channel {
	t.Helper()
	c, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEffective(t *testing.T) {
	user, system := parse(t, userFile), parse(t, systemFile)
	for _, row := range []struct {
		name         string
		user, system *Channel
		path         string
		value, from  string
		ok           bool
	}{
		{"the user's own", user, nil, "/saver/idle-activation/delay", "30", "user", true},
		{"the user's over the system's", user, system, "/saver/idle-activation/delay", "30", "user", true},
		{"the system's alone", nil, system, "/saver/idle-activation/delay", "10", "system", true},
		{"a lock above defeats the user", user, system, "/lock/enabled", "true", "lock", true},
		{"set nowhere", user, system, "/saver/mode", "", "", false},
		{"no files", nil, nil, "/lock/enabled", "", "", false},
	} {
		p, from, ok := Effective(row.user, row.system, row.path)
		if p.Value != row.value || from != row.from || ok != row.ok {
			t.Errorf("%s: got %q from %q, %v; want %q from %q, %v", row.name, p.Value, from, ok, row.value, row.from, row.ok)
		}
	}
}

func TestTypes(t *testing.T) {
	c := parse(t, userFile)
	delay, _ := c.Get("/saver/idle-activation/delay")
	if n, err := delay.Int(); n != 30 || err != nil {
		t.Errorf("delay: got %d, %v", n, err)
	}
	if _, err := delay.Bool(); !errors.Is(err, ErrFormat) {
		t.Errorf("delay as a bool: got %v, want ErrFormat", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":           "",
		"another element": "<settings/>",
		"cut short":       userFile[:200],
		"entities":        `<!DOCTYPE c [<!ENTITY a "aaaa">]><channel name="&a;"/>`,
		"too deep":        "<channel>" + strings.Repeat("<property name='a'>", 100),
		"too long":        strings.Repeat(" ", MaxSize+1),
	} {
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v, want an error", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(userFile))
	f.Add([]byte(systemFile))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if c, err := Parse(b); err == nil {
			Effective(c, c, "/lock/enabled")
		}
	})
}
