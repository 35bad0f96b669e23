package collector

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"vigia/collector/api/carry"
	apiv1 "vigia/collector/api/v1"
	"vigia/collector/courier"
)

func (c *cli) importCommand() *cobra.Command {
	var format string
	var remove bool
	cmd := &cobra.Command{
		Use:   "import DIR|FILE...",
		Short: "Recoge lo que se trajo en una memoria USB de los equipos sin red",
		Long: `Recoge los archivos «.vigia» que «vigia-agent export» dejó en una memoria USB: altas
e informes de equipos que no llegan al colector. Valen las mismas reglas que por la
red: códigos, aprobación, firmas, orden de los informes.

Junto a cada archivo escribe su respuesta («respuesta-….vigia»). Lleve la memoria de
vuelta a los equipos y ejecute allí otra vez «vigia-agent export»: recoge la respuesta y
deja lo nuevo. Lo que no vuelve confirmado, el equipo lo guarda y lo exporta otra vez.

Un archivo dañado, de otro colector o de un equipo desconocido se nombra y no detiene
a los demás. Repetir la orden no hace daño: cada informe cuenta una sola vez. Un equipo
que espera aprobación se responde al repetirla después de aprobarlo.

Los archivos se quedan donde están (el equipo retira los suyos cuando recoge la
respuesta); con --remove se borran los que ya están recogidos y respondidos.

Códigos de salida: 0 todo recogido, o en espera de que alguien apruebe; 1 algún archivo
no se pudo admitir; 2 error: no se pudo leer la memoria, escribir en ella o guardar.`,
		Example: "  vigia import /media/usb\n  vigia import /media/usb --remove",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("--format %q: use text o json", format)
			}
			paths, err := carried(args)
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return c.importFiles(ctx, col, paths, format, remove)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text o json (una línea por archivo)")
	cmd.Flags().BoolVar(&remove, "remove", false, "borra los archivos recogidos y respondidos")
	offer(cmd, "format", "text\tuna tabla", "json\tuna línea por archivo")
	return cmd
}

// carried lists the requests in the folders and the files that are named.
func carried(args []string) ([]string, error) {
	var paths []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("no existe %s: compruebe que la memoria está puesta", arg)
		}
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			paths = append(paths, arg)
			continue
		}
		if err := carry.Sweep(arg); err != nil {
			return nil, err
		}
		names, err := carry.Requests(arg)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			paths = append(paths, filepath.Join(arg, name))
		}
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no hay archivos «.vigia» de equipos en %s: hágalos en cada equipo con «vigia-agent export» sobre esa misma carpeta", strings.Join(args, ", "))
	}
	return paths, nil
}

func (c *cli) importFiles(ctx context.Context, col *Collector, paths []string, format string, remove bool) error {
	bar := newProgress(c.Stderr, "Recogiendo")
	results, err := col.courier(c.by).Import(ctx, paths, func(done, total int) { bar.step(int64(done), int64(total)) })
	bar.done()
	removed := 0
	if remove && err == nil {
		for _, r := range results {
			if !r.Settled() {
				continue
			}
			if removeErr := os.Remove(r.File); removeErr != nil {
				err = errors.Join(err, removeErr)
			} else {
				removed++
			}
		}
	}
	if format == "json" {
		enc := json.NewEncoder(c.Stdout)
		for _, r := range results {
			err = errors.Join(err, enc.Encode(r))
		}
	} else {
		err = errors.Join(err, c.writeImported(results, removed))
	}
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range results {
		switch r.Outcome {
		case courier.Refused, courier.Foreign, courier.Damaged, courier.Behind:
			err = errNo
		case courier.Failed:
			failed++
		case courier.Taken, courier.Admitted, courier.Pending:
		}
	}
	if failed > 0 {
		return fmt.Errorf("archivos que no se pudieron recoger o responder ahora: %d. No se ha perdido nada: mire que la memoria esté puesta y admita escritura, y repita la orden", failed)
	}
	return err
}

// writeImported shows what became of the files, and what to do next.
func (c *cli) writeImported(results []courier.Result, removed int) error {
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EQUIPO\tID\tINFORMES\tHUECOS\tRESULTADO\tARCHIVO")
	counts := map[courier.Outcome]int{}
	answers := 0
	for _, r := range results {
		counts[r.Outcome]++
		if r.Answer != "" {
			answers++
		}
		reports, gaps := "—", "—"
		if r.Outcome == courier.Taken || r.Outcome == courier.Behind || r.Reports+r.Gaps > 0 {
			reports, gaps = fmt.Sprint(r.Reports), fmt.Sprint(r.Gaps)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", dash(onScreen(r.Hostname)), dash(onScreen(r.Agent)), reports, gaps, becameOf(r), onScreen(filepath.Base(r.File)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(c.Stdout)
	if n := counts[courier.Pending]; n > 0 {
		fmt.Fprintf(c.Stdout, "Equipos que esperan aprobación: %d. Compare el código con el que muestra el equipo, apruébelos\n(vigia agents requests, vigia agents approve CÓDIGO) y repita «vigia import» con esta memoria.\n", n)
	}
	if n := counts[courier.Behind]; n > 0 {
		fmt.Fprintf(c.Stdout, "Archivos que siguen a informes que no han llegado: %d. Vuelva a ejecutar «vigia-agent export» en esos equipos.\n", n)
	}
	if counts[courier.Foreign] > 0 {
		fmt.Fprint(c.Stdout, foreignHelp)
	}
	if removed > 0 {
		fmt.Fprintf(c.Stdout, "Archivos ya recogidos que se borraron de la memoria: %d.\n", removed)
	}
	if answers > 0 {
		fmt.Fprintf(c.Stdout, "Respuestas escritas: %d. Lleve la memoria a los equipos y ejecute allí «vigia-agent export».\n", answers)
	}
	return nil
}

// foreignHelp is what to do about files that are encrypted to another key.
const foreignHelp = `Un archivo «de otro colector» está cifrado con una clave que este no tiene. Si el equipo es suyo, la
clave «keys/files.key» se perdió o se cambió: restaure la carpeta keys de una copia y repita la orden; o
escriba otro kit (vigia kit) y ejecute en el equipo «vigia-agent export CARPETA --kit ARCHIVO».
`

// becameOf says in one cell what became of a file.
func becameOf(r courier.Result) string {
	switch r.Outcome {
	case courier.Taken:
		switch {
		case r.Reports+r.Gaps == 0 && r.Known == 0:
			return "al día: no traía informes"
		case r.Reports+r.Gaps == 0:
			return fmt.Sprintf("ya se tenían (hasta el %d)", r.Sequence)
		}
		return fmt.Sprintf("recogido hasta el informe %d", r.Sequence)
	case courier.Admitted:
		return "equipo dado de alta"
	case courier.Pending:
		if r.CheckCode == "" {
			return "espera: " + whyNot(r)
		}
		return "espera aprobación: código " + r.CheckCode
	case courier.Behind:
		return fmt.Sprintf("faltan informes anteriores: se tiene hasta el %d", r.Sequence)
	case courier.Foreign:
		return "rechazado: es de otro colector"
	case courier.Damaged:
		return "rechazado: dañado o alterado (" + whyNot(r) + ")"
	case courier.Refused:
		return "rechazado: " + whyNot(r)
	case courier.Failed:
		return "no se pudo: " + whyNot(r)
	}
	return cmp.Or(whyNot(r), string(r.Outcome))
}

// courier takes in what a person carried, and signs its answers as policies are.
func (c *Collector) courier(by string) *courier.Courier {
	return courier.New(courier.Options{
		DB: c.DB, Machines: c.Enroll, Key: c.files, Now: c.now, By: by,
		Sign:  func(d apiv1.Domain, m []byte) []byte { return apiv1.Sign(c.policyKey, d, m) },
		Admit: c.enrollment(), Take: c.ingest(),
	})
}
