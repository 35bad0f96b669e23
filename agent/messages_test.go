package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"vigia/agent/deliver"
	"vigia/agent/identity"
	"vigia/checks"
	"vigia/checks/message"
	apiv1 "vigia/collector/api/v1"
	"vigia/packaging/settings"
)

func TestEveryMessageHasBothLanguages(t *testing.T) {
	for _, problem := range messages().Problems() {
		t.Error(problem)
	}
	n := 0
	for _, part := range []message.Catalogue{words(), pageMessages(), outputMessages(), helpMessages(), attestMessages(), purgeMessages(), problemMessages(), refusalMessages(), collectorMessages(), exportMessages()} {
		n += len(part)
	}
	if got := len(messages()); got != n {
		t.Errorf("%d messages of %d: some code stands twice", got, n)
	}
	for _, s := range checks.Statuses() {
		if !newSayer(message.Spanish).has("status." + string(s)) {
			t.Errorf("there is no word for %s", s)
		}
	}
}

func TestEveryErrorIsOneLineThatSaysWhatToDo(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string // the beginning, in Spanish
	}{
		{fmt.Errorf("enrol with x: %w: detail", identity.ErrTokenRefused), "el colector rechaza el token"},
		{identity.ErrUnknownCA, "quien responde no es el colector del token"},
		{identity.ErrServerName, "el certificado del colector no es para esa dirección"},
		{identity.ErrClock, "el reloj de este equipo"},
		{identity.ErrNotEnrolled, "este equipo no está inscrito"},
		{identity.ErrEnrolled, "este equipo ya está inscrito"},
		{identity.ErrPermissions, "otros usuarios pueden leer las claves"},
		{identity.ErrDamaged, "la identidad del equipo está dañada"},
		{identity.ErrUnknownMachine, "el colector no admite este equipo"},
		{identity.ErrNotActive, "el colector no admite este equipo"},
		{identity.ErrRefused, "el colector no acepta la petición"},
		{identity.ErrAnswer, "la respuesta del colector no es aceptable"},
		{identity.ErrBusy, "el colector pide esperar"},
		{identity.ErrUnreachable, "no se puede hablar con el colector"},
		{deliver.ErrRefused, "el colector no admite este equipo"},
		{deliver.ErrAhead, "el colector tiene informes de este equipo"},
		{deliver.ErrCheckpoint, "la respuesta del colector no es aceptable"},
		{apiv1.ErrToken, "el token no es válido"},
		{errInUse, "otro vigia-agent"},
		{&settings.Error{File: "a.yaml", Line: 3, Key: "x", Problem: "y"}, "la configuración no es válida: doing something: a.yaml:3: x: y"},
		{fmt.Errorf("write: %w", syscall.ENOSPC), "el disco está lleno"},
		{&fs.PathError{Op: "open", Path: "/var/lib/x", Err: fs.ErrPermission}, "sin permiso: doing something: open /var/lib/x"},
	} {
		c := &cli{say: newSayer(message.Spanish)}
		got := c.explain(fmt.Errorf("doing something: %w", errors.Join(row.err)))
		if !strings.HasPrefix(got, row.want) {
			t.Errorf("%v is %q, want %q...", row.err, got, row.want)
		}
		if strings.Contains(got, "\n") || !strings.Contains(got, ". ") {
			t.Errorf("%q is not one line with what to do", got)
		}
	}
}

// A code that is missing in the catalogue shows as itself.
func TestHelpNamesEveryFlag(t *testing.T) {
	c := &cli{say: newSayer(message.Spanish), environ: nil}
	missing := regexp.MustCompile(`(flag|help)\.[a-z_.]+`)
	for _, cmd := range c.root().Commands() {
		if cmd.Name() == "completion" || cmd.Hidden {
			continue
		}
		if text := c.help(cmd); missing.MatchString(text) {
			t.Errorf("help of %s shows the code %q", cmd.Name(), missing.FindString(text))
		}
		for line := range strings.SplitSeq(cmd.Long, "\n") {
			if n := len([]rune(line)); n > 95 {
				t.Errorf("help of %s has a line of %d letters: %s", cmd.Name(), n, line)
			}
		}
	}
}
