package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vigia/collector/enroll"
	"vigia/collector/storage"
)

func (c *cli) duplicatesCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "duplicates", Short: "Lista equipos que parecen repetidos, copiados o cambiados", Args: cobra.NoArgs,
		Long: `Lista lo que alguien debe mirar: equipos reinstalados que siguen dados de alta dos
veces, nombres repetidos, imágenes de disco copiadas, carpetas de datos del agente
copiadas y equipos que informan desde otro hardware. Dice qué lo indica y qué hacer.
Vigía no une ni separa equipos por su cuenta.`,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var list []enroll.Suggestion
			err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				list, err = col.Enroll.Suggestions(ctx, tx)
				return err
			})
			if err != nil {
				return err
			}
			switch format {
			case "json":
				return c.printSuggestions(list)
			case "text":
				return c.listSuggestions(col, list)
			}
			return fmt.Errorf("--format %q: escriba text o json", format)
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	offer(cmd, "format", "text", "json")
	return cmd
}

// suggestionWords say what a suggestion is and what to do about it.
func suggestionWords(s enroll.Suggestion) (title, do string) {
	last := s.Machines[len(s.Machines)-1]
	switch s.Kind {
	case enroll.Reinstalled:
		if s.Has(enroll.SignBoth) {
			return "Un mismo equipo con dos altas que siguen informando",
				"Si el equipo arranca con dos sistemas, son distintos. Si se reinstaló, una el antiguo con el nuevo."
		}
		return "Equipo reinstalado", "Si el antiguo es este mismo equipo antes de reinstalarlo, únalo con el nuevo."
	case enroll.SameName:
		return "Dos equipos con el mismo nombre", "Si uno sustituye al otro, una el antiguo con el nuevo. Si son dos, cambie el nombre de uno y márquelos como distintos."
	case enroll.CopiedImage:
		return "Imagen de disco copiada sin regenerar", "En cada copia regenere la identidad del sistema (Windows: sysprep /generalize; Linux: systemd-machine-id-setup tras vaciar /etc/machine-id), o márquelos como distintos si ya lo sabe."
	case enroll.CopiedFolder:
		return "Dos informes distintos con el mismo número", "La carpeta de datos del agente se copió, o " + last.Hostname + " volvió a una imagen antigua. Dé de baja el equipo («vigia agents retire») y déle un alta nueva en cada máquina que la usa."
	case enroll.Moved:
		if s.Has(enroll.SignAlternates) {
			return "Un alta usada desde dos máquinas", "La carpeta de datos del agente está copiada en otra máquina: dé de baja el equipo («vigia agents retire») y déle un alta nueva en cada una."
		}
		return "Equipo que informa desde otro hardware", "Si se cambió la placa o se pasó el disco a otra máquina, márquelo como visto («distinct»). Si es una copia, dé de baja el equipo y déle un alta nueva en cada máquina."
	}
	return string(s.Kind), ""
}

// signWords say what speaks for a suggestion.
func signWords() map[enroll.Sign]string {
	return map[enroll.Sign]string{
		enroll.SignHardware: "mismo hardware", enroll.SignName: "mismo nombre", enroll.SignInstallation: "misma instalación del sistema",
		enroll.SignSilent: "el antiguo calla desde que se dio de alta el nuevo", enroll.SignBoth: "el antiguo ha informado después del alta del nuevo",
		enroll.SignAlarm: "alarma de dos informes con un número", enroll.SignOnce: "el hardware cambió una vez",
		enroll.SignAlternates: "el hardware cambia y vuelve",
	}
}

func (c *cli) listSuggestions(col *Collector, list []enroll.Suggestion) error {
	if len(list) == 0 {
		fmt.Fprintln(c.Stdout, "Nada que mirar: ningún equipo parece repetido, copiado ni cambiado.")
		return nil
	}
	for i, s := range list {
		title, do := suggestionWords(s)
		var signs []string
		for _, sign := range s.Signs {
			signs = append(signs, signWords()[sign])
		}
		if i > 0 {
			fmt.Fprintln(c.Stdout)
		}
		fmt.Fprintf(c.Stdout, "%s\n", title)
		w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		var ids []string
		for _, m := range s.Machines {
			ids = append(ids, m.ID)
			fmt.Fprintf(w, "  %s\t%s\talta %s\túltimo contacto %s\n", m.Hostname, m.ID, col.local(m.EnrolledAt), col.local(m.LastSeen))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintf(c.Stdout, "  Lo indica: %s.\n  Qué hacer: %s\n", strings.Join(signs, ", "), do)
		if s.Kind == enroll.Reinstalled || s.Kind == enroll.SameName {
			for _, old := range ids[:len(ids)-1] {
				fmt.Fprintf(c.Stdout, "    vigia agents merge %s %s --why MOTIVO\n", old, ids[len(ids)-1])
			}
		}
		fmt.Fprintf(c.Stdout, "    vigia agents distinct %s --why MOTIVO\n", strings.Join(ids, " "))
	}
	return nil
}

func (c *cli) printSuggestions(list []enroll.Suggestion) error {
	type machine struct {
		ID       string    `json:"id"`
		Hostname string    `json:"hostname"`
		Enrolled time.Time `json:"enrolled_at"`
		LastSeen time.Time `json:"last_seen,omitzero"`
	}
	type row struct {
		Kind     string        `json:"kind"`
		Since    time.Time     `json:"since"`
		Signs    []enroll.Sign `json:"signs"`
		Machines []machine     `json:"machines"`
	}
	rows := make([]row, 0, len(list))
	for _, s := range list {
		r := row{Kind: string(s.Kind), Since: s.Since, Signs: s.Signs}
		for _, m := range s.Machines {
			r.Machines = append(r.Machines, machine{m.ID, m.Hostname, m.EnrolledAt, m.LastSeen})
		}
		rows = append(rows, r)
	}
	return json.NewEncoder(c.Stdout).Encode(rows)
}

func (c *cli) mergeCommand() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use:   "merge ANTIGUO NUEVO --why MOTIVO",
		Short: "Une un equipo con el alta que lo sustituye",
		Long: `Da de baja el equipo ANTIGUO como sustituido por NUEVO (sus ID). El nuevo hereda el
departamento si no tiene, y las dos fichas se enlazan. Lo que informó el antiguo
queda como suyo en el registro.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
					return col.Enroll.Merge(ctx, tx, ids[0], ids[1], why, c.by)
				})
			})
		},
	}
	return withWhy(cmd, &why)
}

func (c *cli) distinctCommand() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use:   "distinct ID... --why MOTIVO",
		Short: "Dice que equipos parecidos son distintos, o que un cambio está visto",
		Long: `Cierra un aviso de «vigia agents duplicates»: los equipos nombrados son distintos
entre sí. Con un solo ID, que el cambio de hardware o la alarma de ese equipo está
vista; si vuelve a ocurrir, vuelve a avisarse.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
					return col.Enroll.Distinct(ctx, tx, ids, why, c.by)
				})
			})
		},
	}
	return withWhy(cmd, &why)
}

// withWhy adds the reason that goes into the record.
func withWhy(cmd *cobra.Command, why *string) *cobra.Command {
	cmd.Flags().StringVar(why, "why", "", "motivo, que queda en el registro")
	_ = cmd.MarkFlagRequired("why") // the flag is the line above
	return cmd
}
