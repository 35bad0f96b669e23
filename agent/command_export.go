package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vigia/agent/identity"
	"vigia/checks/host"
	"vigia/checks/host/local"
	"vigia/checks/message"
	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
)

// exportFlags are the options of the command export.
type exportFlags struct {
	kit, token, department, config, data string
}

// serviceTakes is how long a running service may take over answers that were brought.
const serviceTakes = 15 * time.Second

func (c *cli) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := c.command("export DIR|FILE [--kit FILE] [--department NAME] [--data DIR]", "export", func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return c.usage(cmd, "usage.missing", map[string]string{"what": "DIR"})
		case 1:
			return c.export(cmd.Context(), args[0], f)
		default:
			return c.tooMany(cmd, args[1])
		}
	})
	cmd.Flags().StringVar(&f.kit, "kit", "", c.say.text("flag.kit", nil))
	cmd.Flags().StringVar(&f.token, "token", "", c.say.text("flag.export_token", nil))
	cmd.Flags().StringVar(&f.department, "department", "", c.say.text("flag.export_department", nil))
	cmd.Flags().StringVar(&f.config, "config", "", c.say.text("flag.config", nil))
	c.dataFlag(cmd, &f.data)
	return cmd
}

// export takes in the answers that lie in a folder and writes there what the collector
// lacks.
func (c *cli) export(ctx context.Context, where string, f exportFlags) error {
	stick, name, err := stickOf(where)
	if err != nil {
		return err
	}
	kit, kitErr := readKit(stick, f.kit)
	if kitErr != nil && f.kit != "" {
		return kitErr
	}
	dir := folder(f.data)
	if _, err := identity.Load(dir.identity(), nil); errors.Is(err, identity.ErrNotEnrolled) {
		if err := dir.makeSafe(ctx, local.New(local.Options{})); err != nil {
			return err
		}
	}
	e := &exporter{
		dir: dir, stick: stick, name: name, kit: kit, kitErr: kitErr, kitNamed: f.kit != "", token: strings.TrimSpace(f.token), department: f.department,
		now: time.Now, wait: serviceTakes,
		machine: func(ctx context.Context) *apiv1.Machine {
			self := introducer{machine: func() *host.Host { return local.New(local.Options{}) }, version: c.version}
			return self.describe(ctx)
		},
		open: func(ctx context.Context) (*Agent, error) {
			opts, err := c.options(ctx, f.config, f.data, c.stderr, true)
			if err != nil {
				return nil, err
			}
			opts.Logger = slog.New(warnings{opts.Logger.Handler()})
			return Open(ctx, opts)
		},
		step: func(string) error { return nil },
	}
	seen, err := e.run(ctx)
	if errors.Is(err, errNoRecipient) {
		err = &problem{code: "problem.no_recipient"}
	}
	c.tellExport(seen, kit)
	if err != nil {
		return err
	}
	if name == "" {
		fmt.Fprintln(c.stdout, c.say.text("export.next", map[string]string{"dir": where}))
	} else {
		fmt.Fprintln(c.stdout, c.say.text("export.next_file", map[string]string{"dir": where, "files": strings.Join(seen.Files, " ")}))
	}
	if seen.Refused != "" || seen.Reason != "" || len(seen.Strange) > 0 {
		return answer(exitNo)
	}
	return nil
}

// tellExport says what an export did, also one that did not come to its end. Names on a
// stick and what a collector says are anybody's.
func (c *cli) tellExport(seen exported, kit *carry.Kit) {
	say := func(code string, args map[string]string) {
		for name, value := range args {
			args[name] = printable(value)
		}
		fmt.Fprintln(c.stdout, c.say.text(code, args))
	}
	if id := seen.Admitted; id != nil {
		if name := organisationOf(id); name != "" {
			say("export.admitted", map[string]string{"organisation": name, "agent": id.AgentID()})
		} else {
			say("export.admitted_bare", map[string]string{"agent": id.AgentID()})
		}
		say("export.start."+runtime.GOOS, nil)
	}
	if seen.Answers > 0 {
		say("export.answers", map[string]string{"count": fmt.Sprint(seen.Answers), "acked": number(seen.Acked)})
	}
	if seen.Waiting {
		say("export.waiting", nil)
	}
	if seen.Refused != "" || seen.Reason != "" {
		say("export.refused", map[string]string{"why": c.refusedByHand(seen)})
	}
	for _, name := range seen.Strange {
		say("export.strange", map[string]string{"file": name})
	}
	switch {
	case len(seen.Files) == 0:
		return
	case seen.Asked && seen.Pending != "":
		say("export.pending", map[string]string{"code": seen.Pending})
	case seen.Asked:
		say("export.asked", map[string]string{"file": seen.Files[0], "code": seen.CheckCode})
	case seen.Reports+seen.Gaps == 0:
		say("export.nothing", map[string]string{"file": seen.Files[0]})
	default:
		say("export.written", map[string]string{
			"reports": number(seen.Reports), "files": fmt.Sprint(len(seen.Files)), "bytes": size(seen.Bytes),
		})
	}
	if seen.Gaps > 0 {
		say("export.gaps", map[string]string{"count": number(seen.Gaps)})
	}
	if seen.ByKit && kit != nil {
		say("export.fingerprint", map[string]string{"fingerprint": kit.Fingerprint()})
	}
}

// maxRefusal bounds what is shown of a collector's own words, in bytes.
const maxRefusal = 400

// refusedByHand says why the collector refused: in our words where it named a reason that
// we know.
func (c *cli) refusedByHand(seen exported) string {
	r := &apiv1.Refusal{Reason: seen.Reason, Text: strings.ToValidUTF8(seen.Refused[:min(len(seen.Refused), maxRefusal)], "")}
	if _, _, ok := refusedBy(r); ok {
		return c.explain(r)
	}
	return cmp.Or(r.Text, seen.Reason)
}

// readKit reads the kit that is named, else the one on the stick; nil: there is none.
func readKit(stick, named string) (*carry.Kit, error) {
	path := named
	if path == "" {
		path = filepath.Join(stick, carry.KitFile)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err == nil && !info.Mode().IsRegular() { // no link of the stick to elsewhere either
			return nil, &problem{code: "usage.not_file", args: map[string]string{"path": path}}
		}
	}
	b, err := readBounded(path, carry.MaxKit)
	if err != nil {
		return nil, err
	}
	kit, err := carry.ParseKit(b)
	if err != nil {
		return nil, &problem{code: "problem.kit", args: map[string]string{"path": path}, err: err}
	}
	return &kit, nil
}

func readBounded(path string, most int64) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	if err != nil {
		return nil, &problem{code: "usage.path", args: map[string]string{"path": path}, err: plainPath(err)}
	}
	return b, nil
}

// openRegular opens a file that a person named. A pipe or a device could keep us waiting
// for ever.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, &problem{code: "usage.not_file", args: map[string]string{"path": path}}
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(path)
	}
	if err != nil {
		return nil, &problem{code: "usage.path", args: map[string]string{"path": path}, err: plainPath(err)}
	}
	return f, nil
}

// exportMessages are the words of export.
func exportMessages() message.Catalogue {
	entry := func(sayES, sayEN, doES, doEN string) message.Entry {
		return message.Entry{Say: message.Text{ES: sayES, EN: sayEN}, Do: message.Text{ES: doES, EN: doEN}}
	}
	return message.Catalogue{
		"help.export": says("lleva lo medido al colector en una memoria USB", "takes what was measured to the collector on a USB stick"),
		"help.export.long": says(
			`Para equipos sin red hasta el colector. DIR es la carpeta de una memoria USB. Primero
recoge las respuestas del colector para este equipo que haya en ella; después escribe lo
que el colector todavía no ha confirmado, cifrado para él y firmado por este equipo. Quien
encuentre la memoria no puede leer nada. El servicio puede seguir en marcha.

Un equipo que aún no está inscrito pide su alta con el kit de la memoria (vigia-kit.json,
que prepara «vigia kit»).

Lo exportado se queda en el equipo hasta que vuelve confirmado: si la memoria se pierde,
basta repetir con otra. Después, lleve la memoria al colector, ejecute allí «vigia import»
y tráigala de vuelta la próxima vez.

Con FILE en lugar de una carpeta, lo que se escribe lleva ese nombre (los demás archivos, si
no cabe en uno: FILE-2, FILE-3), y la respuesta se busca a su lado: respuesta-FILE. Repita
siempre con el mismo nombre; el archivo de otro no se toca.

La respuesta es no (1) si el colector rechazó algo o hay una respuesta que no es válida.

  vigia-agent export /media/usb
  vigia-agent export /media/usb/pc-014.vigia
  vigia-agent export E:\ --department Tesorería`,
			`For machines without a route to the collector. DIR is the folder of a USB stick. First it
takes in the collector's answers for this machine that lie there; then it writes what the
collector has not acknowledged yet, encrypted to it and signed by this machine. Who finds
the stick can read nothing. The service may go on running.

A machine that is not enrolled yet asks for it with the kit on the stick (vigia-kit.json,
made by "vigia kit").

What was exported stays on the machine until it comes back acknowledged: if the stick is
lost, do it again with another. Then take the stick to the collector, run "vigia import"
there, and bring it back the next time.

With FILE instead of a folder, what is written has that name (further files, if it does not
fit into one: FILE-2, FILE-3), and the answer is looked for beside it: respuesta-FILE. Use
the same name each time; the file of somebody else is left alone.

The answer is no (1) if the collector refused something or an answer is not valid.

  vigia-agent export /media/usb
  vigia-agent export /media/usb/pc-014.vigia
  vigia-agent export E:\ --department Treasury`),
		"flag.kit":               says("kit del colector (por defecto, vigia-kit.json de DIR); si el colector perdió su clave, el nuevo", "kit of the collector (by default vigia-kit.json in DIR); if it lost its key, the new one"),
		"flag.export_token":      says("código de alta, en lugar del que trae el kit", "token, instead of the kit's"),
		"flag.export_department": says("departamento del equipo, al pedir el alta", "department of the machine, when it asks to be enrolled"),

		"export.admitted":      says("Este equipo ha quedado dado de alta en {organisation} como {agent}.", "This machine is now enrolled with {organisation} as {agent}."),
		"export.admitted_bare": says("Este equipo ha quedado dado de alta como {agent}.", "This machine is now enrolled as {agent}."),
		"export.start.linux":   says("Si el servicio no está en marcha: systemctl enable --now vigia-agent", "If the service is not running: systemctl enable --now vigia-agent"),
		"export.start.windows": says("Si el servicio no está en marcha: vigia-agent service start", "If the service is not running: vigia-agent service start"),
		"export.answers":       says("Respuestas del colector recogidas: {count}. Confirmado hasta el informe {acked}.", "Answers of the collector taken in: {count}. Acknowledged up to report {acked}."),
		"export.waiting":       says("El servicio recogerá las respuestas en un momento; mientras, se exporta todo otra vez, sin daño.", "The service takes the answers in within a moment; meanwhile everything is exported again, which does no harm."),
		"export.refused":       says("El colector rechazó lo anterior: {why}", "The collector refused what came before: {why}"),
		"export.strange":       says("No se usa {file}: está dañada o no responde a nada que este equipo haya pedido. Si se repite, avise a quien administra el colector.", "{file} is not used: it is damaged or answers nothing that this machine asked. If that happens again, tell who administers the collector."),
		"export.asked":         says("Petición de alta escrita: {file}. Código de este equipo: {code}", "Request to be enrolled written: {file}. Code of this machine: {code}"),
		"export.pending":       says("El alta espera a que la aprueben en el colector. Código de este equipo: {code}", "The enrolment waits to be approved at the collector. Code of this machine: {code}"),
		"export.fingerprint":   says("Huella del kit: {fingerprint}. Debe ser la que mostró «vigia kit».", "Fingerprint of the kit: {fingerprint}. It must be the one that \"vigia kit\" showed."),
		"export.written":       says("Exportado: {reports} informes en {files} archivos ({bytes}), cifrados para el colector.", "Exported: {reports} reports in {files} files ({bytes}), encrypted to the collector."),
		"export.nothing":       says("No hay informes nuevos que llevar. {file} solo pregunta si hay reglas nuevas.", "There are no new reports to take. {file} only asks for new rules."),
		"export.gaps":          says("Faltan {count} informes que el disco perdió o no cupieron; se dice al colector.", "{count} reports are missing that the disk lost or that did not fit; the collector is told."),
		"export.next":          says("Ahora lleve la memoria al colector y ejecute allí: vigia import CARPETA. Después tráigala de vuelta y repita: vigia-agent export {dir}", "Now take the stick to the collector and run there: vigia import FOLDER. Then bring it back and repeat: vigia-agent export {dir}"),
		"export.next_file":     says("Ahora lleve la memoria al colector y ejecute allí, en su carpeta: vigia import {files}. Después tráigala de vuelta y repita: vigia-agent export {dir}", "Now take the stick to the collector and run there, in its folder: vigia import {files}. Then bring it back and repeat: vigia-agent export {dir}"),

		"status.by_hand":         says("Sin red al colector", "No route to it"),
		"status.by_hand.never":   says("lo medido espera desde {since}; nunca se ha exportado. Use: vigia-agent export CARPETA", "what was measured waits since {since}; it was never exported. Use: vigia-agent export FOLDER"),
		"status.by_hand.last":    says("lo medido espera desde {since}; se exportó por última vez el {last}", "what was measured waits since {since}; it was last exported on {last}"),
		"status.by_hand.nothing": says("no hay nada en espera", "nothing waits"),
		"status.by_hand.asked":   says("se pidió el alta por memoria USB el {last}: lleve la memoria al colector, ejecute «vigia import» y tráigala con la respuesta", "the enrolment was asked for by USB stick on {last}: take the stick to the collector, run \"vigia import\" and bring it back with the answer"),
		"page.by_hand":           says("Este equipo no tiene red hasta el colector: una persona lleva lo medido en una memoria USB.", "This machine has no route to the collector: a person takes what was measured on a USB stick."),

		"page.by_hand.waits": says("Lo medido desde el {since} espera; se exportó por última vez el {last}.", "What was measured since {since} waits; it was last exported on {last}."),
		"page.by_hand.never": says("Lo medido desde el {since} espera; nunca se ha exportado.", "What was measured since {since} waits; it was never exported."),
		"run.by_hand":        says("Hechas {count} comprobaciones; el informe {sequence} espera a que lo exporten (vigia-agent export CARPETA)", "{count} checks made; report {sequence} waits to be exported (vigia-agent export FOLDER)"),

		"usage.export_name": entry("lo exportado no puede llamarse «{path}»", "what is exported cannot be named \"{path}\"",
			"Elija otro nombre, como pc-014.vigia", "Choose another name, such as pc-014.vigia"),
		"usage.export_taken": entry("«{path}» ya existe y no es de este equipo", "\"{path}\" exists and is not this machine's",
			"Elija otro nombre, o indique solo la carpeta", "Choose another name, or name the folder alone"),
		"problem.no_kit": entry("este equipo no está inscrito y no hay kit en {path}", "this machine is not enrolled and there is no kit at {path}",
			"Prepare la memoria en el colector con: vigia kit CARPETA --collector none --machines 10", "Prepare the stick at the collector with: vigia kit FOLDER --collector none --machines 10"),
		"problem.kit": entry("el kit {path} no sirve: {detail}", "the kit {path} is of no use: {detail}",
			"Escríbalo otra vez en el colector con: vigia kit CARPETA", "Write it again at the collector with: vigia kit FOLDER"),
		"problem.kit_token": entry("no hay código de alta para {host}: {detail}", "there is no token for {host}: {detail}",
			"Escriba el kit con --host {host} o con --machines, o dé el código con --token", "Write the kit with --host {host} or with --machines, or give the token with --token"),
		"problem.kit_foreign": entry("el código de alta es de otro colector que el kit", "the token is of another collector than the kit",
			"Compruebe que los dos son del mismo; si lo son, alguien ha cambiado el kit: no lo use", "Check that both are of the same; if so, someone has changed the kit: do not use it"),
		"problem.no_recipient": entry("este equipo no sabe todavía para quién cifrar", "this machine does not know yet whom to encrypt to",
			"Ponga en la memoria el kit del colector (vigia kit) y repita", "Put the collector's kit on the stick (vigia kit) and try again"),
		"problem.exporting": entry("otro vigia-agent export está en marcha", "another vigia-agent export is running",
			"Espere a que acabe y repita", "Wait for it to end and try again"),
		"problem.spool_moved": entry("el servicio estaba ordenando sus informes", "the service was tidying its reports",
			"Repita la orden: no se ha perdido nada", "Try again: nothing was lost"),
		"problem.stick_full": entry("no cabe en la memoria ({detail})", "it does not fit on the stick ({detail})",
			"Libere espacio en ella o use otra, y repita: no se ha perdido nada", "Free some space on it or use another, and try again: nothing was lost"),
		"problem.stick": entry("no se puede leer o escribir en la memoria: {detail}", "the stick cannot be read or written: {detail}",
			"Compruebe que está puesta y que no está protegida contra escritura, y repita: no se ha perdido nada", "Check that it is plugged in and not write-protected, and try again: nothing was lost"),
	}
}
