package xfconf

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const userFile = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-screensaver" version="1.0">
  <property name="saver" type="empty">
    <property name="enabled" type="bool" value="true"/>
    <property name="idle-activation" type="empty">
      <property name="delay" type="int" value="30"/>
    </property>
    <property name="themes" type="array">
      <value type="string" value="uno"/>
      <value type="string" value="dos &amp; tres"/>
    </property>
  </property>
  <property name="lock" type="empty">
    <property name="enabled" type="bool" value="false"/>
  </property>
</channel>
`

func parse(t testing.TB, text string) *Channel {
	t.Helper()
	c, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParse(t *testing.T) {
	c := parse(t, userFile)
	if c.Name != "xfce4-screensaver" {
		t.Errorf("name = %q", c.Name)
	}
	want := []string{"/lock", "/lock/enabled", "/saver", "/saver/enabled", "/saver/idle-activation", "/saver/idle-activation/delay", "/saver/themes"}
	if diff := cmp.Diff(want, c.Paths()); diff != "" {
		t.Errorf("paths (-want +got)\n%s", diff)
	}
	themes, ok := c.Get("/saver/themes")
	if !ok || !cmp.Equal(themes.Values, []string{"uno", "dos & tres"}) {
		t.Errorf("themes = %q, %v", themes.Values, ok)
	}
}

func TestTypes(t *testing.T) {
	for _, row := range []struct {
		p     Property
		n     int64
		isInt bool
		b     bool
		isB   bool
	}{
		{p: Property{Type: "int", Value: "-5"}, n: -5, isInt: true},
		{p: Property{Type: "uint", Value: "5"}, n: 5, isInt: true},
		{p: Property{Type: "uint", Value: "-5"}},
		{p: Property{Type: "int", Value: "5x"}},
		{p: Property{Type: "string", Value: "5"}},
		{p: Property{Type: "bool", Value: "true"}, b: true, isB: true},
		{p: Property{Type: "bool", Value: "false"}, isB: true},
		{p: Property{Type: "bool", Value: "True"}},
		{p: Property{Type: "string", Value: "true"}},
	} {
		if n, err := row.p.Int(); n != row.n || (err == nil) != row.isInt || err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("%+v: Int() = %d, %v", row.p, n, err)
		}
		if b, err := row.p.Bool(); b != row.b || (err == nil) != row.isB || err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("%+v: Bool() = %v, %v", row.p, b, err)
		}
	}
}

// channel makes a file with a property /a/p; attr is of the channel.
func channel(attr, properties string) string {
	return `<?xml version="1.0"?><channel name="t" version="1.0"` + attr + `>` + properties + `</channel>`
}

func prop(value, attr string) string {
	return `<property name="a" type="empty"><property name="p" type="int" value="` + value + `"` + attr + `/></property>`
}

// The results are those of xfconfd 4.18 for the user root, who is in the group
// sudo.
func TestEffective(t *testing.T) {
	who := Account{Name: "root", Groups: []string{"sudo"}}
	const none = ""
	user := channel("", prop("2", ""))
	for _, row := range []struct {
		name, system, user string
		value              string
		from               Origin
	}{
		{"no files", none, none, none, ""},
		{"the user's alone", none, user, "2", FromUser},
		{"the system's alone", channel("", prop("1", "")), none, "1", FromSystem},
		{"the user's over the system's", channel("", prop("1", "")), user, "2", FromUser},
		{"channel locked", channel(` locked="root"`, prop("1", "")), user, "1", FromLock},
		{"channel locked for nobody of that name", channel(` locked="*"`, prop("1", "")), user, "2", FromUser},
		{"channel locked but for another", channel(` locked="*" unlocked="ana"`, prop("1", "")), user, "1", FromLock},
		{"channel locked but for this one", channel(` locked="*" unlocked="root"`, prop("1", "")), user, "2", FromUser},
		{"channel unlocked for another", channel(` unlocked="ana"`, prop("1", "")), user, "1", FromLock},
		{"channel locked for a group and a user", channel(` locked="@adm;root"`, prop("1", "")), user, "1", FromLock},
		{"channel locked for a group", channel(` locked=";@sudo"`, prop("1", "")), user, "1", FromLock},
		{"channel locked for another group", channel(` locked="@root"`, prop("1", "")), user, "2", FromUser},
		{"channel locked without the property", channel(` locked="root"`, `<property name="b" type="empty"/>`), user, none, FromLock},
		{"property locked", channel("", prop("1", ` locked="root"`)), user, "1", FromLock},
		{"property locked for nobody of that name", channel("", prop("1", ` locked="*"`)), user, "2", FromUser},
		{"property unlocked for another", channel("", prop("1", ` unlocked="ana"`)), user, "1", FromLock},
		{"property locked and empty", channel("", `<property name="a" type="empty"><property name="p" type="empty" locked="root"/></property>`), user, none, FromLock},
		{"a lock above does not reach it", channel("", `<property name="a" type="empty" locked="root"><property name="p" type="int" value="1"/></property>`), user, "2", FromUser},
		{"the user's is empty", channel("", prop("1", "")), channel("", `<property name="a" type="empty"><property name="p" type="empty"/></property>`), "1", FromSystem},
		{"the user's has a lock", channel("", prop("1", "")), channel("", prop("2", ` locked="root"`)), "1", FromSystem},
		{"the user's channel has a lock", channel("", prop("1", "")), channel(` locked="root"`, prop("2", "")), "1", FromSystem},
		{"the user's has a lock after it", channel("", prop("1", "")), channel("", prop("2", "")+`<property name="z" type="empty" locked="root"/>`), "2", FromUser},
		{"given twice", none, channel("", prop("2", "")+prop("3", "")), "3", FromUser},
		{"below a value", none, channel("", `<property name="a" type="int" value="3"><property name="p" type="int" value="9"/></property>`), "9", FromUser},
		{"letter case counts", none, strings.ReplaceAll(user, `"p"`, `"P"`), none, ""},
	} {
		var own, system *Channel
		if row.user != none {
			own = parse(t, row.user)
		}
		if row.system != none {
			system = parse(t, row.system)
		}
		p, from, ok := Effective(own, system, who, "/a/p")
		if p.Value != row.value || from != row.from || ok != (row.value != none) {
			t.Errorf("%s: got %q from %q, %v; want %q from %q", row.name, p.Value, from, ok, row.value, row.from)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		want error
	}{
		"empty":                 {"", ErrFormat},
		"another element":       {"<settings/>", ErrFormat},
		"cut short":             {userFile[:200], ErrFormat},
		"an entity":             {`<!DOCTYPE c [<!ENTITY a "aaaa">]><channel name="&a;" version="1.0"/>`, ErrFormat},
		"another encoding":      {`<?xml version="1.0" encoding="EBCDIC"?><channel name="a" version="1.0"/>`, ErrFormat},
		"no name":               {`<channel version="1.0"/>`, ErrFormat},
		"another version":       {`<channel name="a" version="2.0"/>`, ErrFormat},
		"two channels":          {`<channel name="a" version="1.0"/><channel name="b" version="1.0"/>`, ErrFormat},
		"property without name": {channel("", `<property type="int" value="1"/>`), ErrFormat},
		"property without type": {channel("", `<property name="a" value="1"/>`), ErrFormat},
		"another inner element": {channel("", `<other/>`), ErrFormat},
		"value outside":         {channel("", `<value type="int" value="1"/>`), ErrFormat},
		"value of no array":     {channel("", `<property name="a" type="int"><value type="int" value="1"/></property>`), ErrFormat},
		"property in a value":   {channel("", `<property name="a" type="array"><value type="int" value="1"><property name="b" type="empty"/></value></property>`), ErrFormat},
		"too deep":              {channel("", strings.Repeat(`<property name="a" type="empty">`, 100)), ErrTooLarge},
		"too long a path":       {channel("", `<property name="`+strings.Repeat("a", maxPath)+`" type="empty"/>`), ErrTooLarge},
		"too many properties":   {channel("", strings.Repeat(`<property name="a" type="b"/>`, maxProps+1)), ErrTooLarge},
		"too many values":       {channel("", `<property name="a" type="array">`+strings.Repeat(`<value/>`, maxValues+1)+`</property>`), ErrTooLarge},
		"too long":              {strings.Repeat(" ", MaxSize+1), ErrTooLarge},
	} {
		if _, err := Parse([]byte(row.text)); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", name, err, row.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(userFile))
	f.Add([]byte(channel(` locked="*" unlocked="root;@sudo"`, prop("1", ` locked="ana"`))))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("got %v", err)
			}
			return
		}
		for _, path := range c.Paths() {
			Effective(c, c, Account{Name: "root"}, path)
		}
	})
}
