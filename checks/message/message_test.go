package message_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigia/checks/message"
)

func text(es, en string) message.Text { return message.Text{ES: es, EN: en} }

func TestParseLang(t *testing.T) {
	for tag, want := range map[string]message.Lang{
		"":            message.Spanish,
		"es":          message.Spanish,
		"es-MX":       message.Spanish,
		"ca_ES.UTF-8": message.Spanish,
		"enx":         message.Spanish,
		"en":          message.English,
		" EN-gb ":     message.English,
		"en_US.UTF-8": message.English,
	} {
		if got := message.ParseLang(tag); got != want {
			t.Errorf("%q: got %s, want %s", tag, got, want)
		}
	}
	if got := message.Langs()[0]; got != message.Spanish {
		t.Errorf("the first language is %s, want Spanish", got)
	}
}

func TestFormat(t *testing.T) {
	wait := text("espere {seconds} s en {place}", "wait {seconds} s at {place}")
	for _, tt := range []struct {
		name string
		text message.Text
		lang message.Lang
		args map[string]string
		want string
	}{
		{"Spanish", wait, message.Spanish, map[string]string{"seconds": "9", "place": "A"}, "espere 9 s en A"},
		{"English", wait, message.English, map[string]string{"seconds": "9", "place": "A"}, "wait 9 s at A"},
		{"a language that is not spoken", wait, "fr", map[string]string{"seconds": "9", "place": "A"}, "espere 9 s en A"},
		{"a missing argument stays visible", wait, message.English, map[string]string{"place": "A"}, "wait {seconds} s at A"},
		{"an argument is not expanded again", wait, message.English, map[string]string{"seconds": "{place}", "place": "A"}, "wait {place} s at A"},
		{"no placeholder", text("hola", "hello"), message.English, map[string]string{"a": "b"}, "hello"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.text.Format(tt.lang, tt.args); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCatalogue(t *testing.T) {
	c := message.Catalogue{"door.open": {Say: text("puerta {n} abierta", "door {n} open"), Do: text("ciérrela", "shut it")}}
	args := map[string]string{"n": "2"}
	for _, tt := range []struct{ got, want string }{
		{c.Say(message.Spanish, "door.open", args), "puerta 2 abierta"},
		{c.Do(message.English, "door.open", args), "shut it"},
		{c.Say(message.Spanish, "door.gone", nil), "door.gone"},
		{c.Say(message.Spanish, "door.gone", args), "door.gone map[n:2]"},
		{c.Do(message.Spanish, "door.gone", args), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestMerge(t *testing.T) {
	same := message.Entry{Say: text("a", "a")}
	c := message.Catalogue{"a": same, "z": {Say: text("z", "z")}, "m": {Say: text("m", "m")}}
	got := c.Merge(message.Catalogue{
		"a": same, "b": {Say: text("b", "b")},
		"z": {Say: text("zeta", "zed")}, "m": {Say: text("eme", "em")},
	})
	if diff := cmp.Diff([]string{"m", "z"}, got); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
	want := message.Catalogue{"a": same, "b": {Say: text("b", "b")}, "z": {Say: text("z", "z")}, "m": {Say: text("m", "m")}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}

func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name  string
		entry message.Entry
		want  []string
	}{
		{"complete", message.Entry{Say: text("{a} y {b}", "{b} and {a}"), Do: text("x", "x")}, nil},
		{"nothing to do", message.Entry{Say: text("a", "a")}, nil},
		{"no Spanish", message.Entry{Say: text("", "a")}, []string{"c: say has no Spanish"}},
		{"no English advice", message.Entry{Say: text("a", "a"), Do: text("x", "")}, []string{"c: do has no English"}},
		{"empty", message.Entry{}, []string{"c: say has no English", "c: say has no Spanish"}},
		{"other placeholders", message.Entry{Say: text("{a}", "{b}")}, []string{"c: say has other placeholders in each language"}},
		{"an open brace is text", message.Entry{Say: text("{a} {", "{a}")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, message.Catalogue{"c": tt.entry}.Problems()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
