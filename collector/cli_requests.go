package collector

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"vigia/collector/enroll"
	"vigia/collector/storage"
)

func (c *cli) requestsCommand() *cobra.Command {
	var all bool
	var format string
	cmd := &cobra.Command{
		Use: "requests", Short: "Lista los equipos que esperan aprobación, y los aprobados que aún no han venido", Args: cobra.NoArgs,
		Long: `Lista los equipos que pidieron el alta con un código que exige aprobación.

Antes de aprobar, compruebe que el código de comprobación es el mismo que muestra
el equipo («vigia-agent status»): así sabe que quien pide es ese equipo y no otro
con su nombre.

Un equipo aprobado sigue en la lista hasta que recoge su certificado: mientras tanto,
una aprobación por error se deshace con «vigia agents reject».`,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var requests []enroll.Request
			var machines []enroll.Machine
			err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				if requests, err = col.Enroll.Requests(ctx, tx, all); err != nil {
					return err
				}
				if !all {
					expected, err := col.Enroll.Expected(ctx, tx)
					if err != nil {
						return err
					}
					requests = append(requests, expected...)
				}
				machines, err = col.Enroll.Machines(ctx, tx)
				return err
			})
			if err != nil {
				return err
			}
			switch format {
			case "json":
				return c.printRequests(requests)
			case "text":
				return c.listRequests(col, requests, machines)
			}
			return fmt.Errorf("--format %q: escriba text o json", format)
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "también los ya aprobados, rechazados y dados de alta")
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	offer(cmd, "format", "text", "json")
	return cmd
}

// requestStates are the states of a request in words.
func requestStates() map[enroll.RequestState]string {
	return map[enroll.RequestState]string{enroll.RequestPending: "espera", enroll.RequestApproved: "aprobado", enroll.RequestRejected: "rechazado",
		enroll.RequestEnrolled: "dado de alta", enroll.RequestLapsed: "caducado"}
}

func (c *cli) listRequests(col *Collector, requests []enroll.Request, machines []enroll.Machine) error {
	if len(requests) == 0 {
		fmt.Fprintln(c.Stdout, "Ningún equipo espera aprobación. Un código que la exige se crea con «vigia token create --machines N».")
		return nil
	}
	var waiting []enroll.Request
	for _, r := range requests {
		if r.State == enroll.RequestPending {
			waiting = append(waiting, r)
		}
	}
	if err := c.tableRequests(col, requests, enroll.Doubts(waiting, machines)); err != nil {
		return err
	}
	if len(waiting) > 0 {
		fmt.Fprint(c.Stdout, "\nSi la comprobación es la que muestra el equipo:  vigia agents approve COMPROBACIÓN...\n"+
			"Si no es de la organización:                     vigia agents reject COMPROBACIÓN... --why MOTIVO\n")
	}
	if slices.ContainsFunc(requests, func(r enroll.Request) bool { return r.State == enroll.RequestApproved }) {
		fmt.Fprint(c.Stdout, "\nAprobado es el que aún no ha recogido su certificado. Si fue un error: vigia agents reject COMPROBACIÓN --why MOTIVO\n")
	}
	return nil
}

// tableRequests writes requests as a table.
func (c *cli) tableRequests(col *Collector, requests []enroll.Request, doubts map[string][]enroll.Doubt) error {
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COMPROBACIÓN\tEQUIPO\tESTADO\tSISTEMA\tDEPARTAMENTO\tDIRECCIÓN\tCÓDIGO\tPIDIÓ\tATENCIÓN")
	for _, r := range requests {
		department := r.Department
		if department == "" {
			department = r.SaidDepartment
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Code, r.Hostname, requestStates()[r.State], dash(r.OSName+" "+r.OSVersion),
			dash(department), dash(r.Source), r.TokenID, col.local(r.AskedAt), dash(strings.Join(doubtWords(doubts[r.Code]), "; ")))
	}
	return w.Flush()
}

func doubtWords(doubts []enroll.Doubt) []string {
	var out []string
	for _, d := range doubts {
		what := "mismo nombre"
		if d.Sign == enroll.SignHardware {
			what = "mismo hardware"
		}
		if d.Machine.ID == "" {
			out = append(out, what+" que otro que espera")
		} else {
			out = append(out, what+" que el equipo activo "+d.Machine.Hostname)
		}
	}
	return out
}

func (c *cli) printRequests(requests []enroll.Request) error {
	type row struct {
		Code       string    `json:"code"`
		State      string    `json:"state"`
		Hostname   string    `json:"hostname"`
		OS         string    `json:"os"`
		OSName     string    `json:"os_name"`
		OSVersion  string    `json:"os_version"`
		Agent      string    `json:"agent_version"`
		Said       string    `json:"said_department,omitempty"`
		Department string    `json:"department,omitempty"`
		Source     string    `json:"source,omitempty"`
		Token      string    `json:"token"`
		Asked      time.Time `json:"asked_at"`
		Last       time.Time `json:"last_asked_at"`
		Decided    time.Time `json:"decided_at,omitzero"`
		By         string    `json:"decided_by,omitempty"`
		Why        string    `json:"why,omitempty"`
		AgentID    string    `json:"agent_id,omitempty"`
	}
	rows := make([]row, 0, len(requests))
	for _, r := range requests {
		rows = append(rows, row{r.Code, string(r.State), r.Hostname, r.OS, r.OSName, r.OSVersion, r.AgentVersion, r.SaidDepartment,
			r.Department, r.Source, r.TokenID, r.AskedAt, r.LastAsked, r.DecidedAt, r.DecidedBy, r.Why, r.AgentID})
	}
	return json.NewEncoder(c.Stdout).Encode(rows)
}

func (c *cli) approveCommand() *cobra.Command {
	var token, department string
	var yes bool
	cmd := &cobra.Command{
		Use:   "approve COMPROBACIÓN... | --all-of CÓDIGO",
		Short: "Aprueba equipos que esperan",
		Long: `Aprueba equipos por su código de comprobación, el que muestra el propio equipo.
Cada uno recibe su certificado la próxima vez que pregunta, en unos minutos; la
aprobación vale 30 días, aunque el código de alta caduque entretanto.

El departamento es el del código de alta; si no tiene, el de la relación de equipos; si
no, el que dijo quien instaló. Con --department se decide aquí.

Con --all-of se muestra la lista de los que esperan con ese código y se pregunta antes
de aprobarlos; quien pida el alta después de esa lista no entra con ella.`,
		Example: `  vigia agents approve K7QM-3XPA
  vigia agents approve K7QM-3XPA 9FHW-22RD --department Biblioteca
  vigia agents approve --all-of q3vkd2ao7e`,
		RunE: func(cmd *cobra.Command, codes []string) error {
			if (token == "") == (len(codes) == 0) {
				return errors.New("indique códigos de comprobación, o --all-of con el ID de un código de alta")
			}
			if token != "" {
				var err error
				if codes, err = c.confirmAll(cmd.Context(), token, yes); err != nil || len(codes) == 0 {
					return err
				}
			}
			return c.decide(cmd.Context(), "Aprobado", func(ctx context.Context, tx *storage.Tx, s *enroll.Store) ([]enroll.Request, error) {
				return s.Approve(ctx, tx, codes, department, c.by)
			})
		},
	}
	cmd.Flags().StringVar(&token, "all-of", "", "todos los que esperan con este código de alta (su ID, de «vigia token list»)")
	cmd.Flags().BoolVar(&yes, "yes", false, "con --all-of, sin preguntar; para programas")
	cmd.Flags().StringVar(&department, "department", "", "departamento de estos equipos, digan lo que digan los demás")
	return cmd
}

// confirmAll shows who waits with a token and asks whether to approve them: the check
// codes of those who were shown, or none if the answer is no.
func (c *cli) confirmAll(ctx context.Context, token string, yes bool) ([]string, error) {
	in, ok := c.Stdin.(*os.File)
	if !yes && (!ok || !term.IsTerminal(int(in.Fd()))) {
		return nil, errors.New("--all-of pregunta antes de aprobar, y aquí no hay nadie a quien preguntar: mire la lista con " +
			"«vigia agents requests» y repita con --yes, o apruebe por códigos de comprobación")
	}
	var codes []string
	err := c.with(ctx, func(ctx context.Context, col *Collector) error {
		var waiting []enroll.Request
		var doubts map[string][]enroll.Doubt
		if err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
			all, err := col.Enroll.Requests(ctx, tx, false)
			if err != nil {
				return err
			}
			if codes, err = col.Enroll.WaitingFor(ctx, tx, token); err != nil {
				return err
			}
			machines, err := col.Enroll.Machines(ctx, tx)
			doubts = enroll.Doubts(all, machines)
			waiting = slices.DeleteFunc(all, func(r enroll.Request) bool { return !slices.Contains(codes, r.Code) })
			return err
		}); err != nil {
			return err
		}
		if len(codes) == 0 {
			return fmt.Errorf("nadie espera con el código %s", token)
		}
		return c.tableRequests(col, waiting, doubts)
	})
	if err != nil || yes {
		return codes, err
	}
	fmt.Fprintf(c.Stdout, "\n¿Aprueba estos %d? Escriba sí: ", len(codes))
	line, err := bufio.NewReader(io.LimitReader(c.Stdin, 64)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "sí", "si", "s":
		return codes, nil
	}
	fmt.Fprintln(c.Stdout, "No se aprobó ninguno.")
	return nil, nil
}

func (c *cli) rejectCommand() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use:     "reject COMPROBACIÓN... --why MOTIVO",
		Short:   "Rechaza equipos que esperan, o deshace su aprobación",
		Long:    "Rechaza equipos por su código de comprobación, también los aprobados que aún no\nhan recogido su certificado. El equipo muestra el motivo\ny deja de preguntar; su plaza vuelve al código de alta. Con otro código puede pedirlo\nde nuevo.",
		Example: "  vigia agents reject K7QM-3XPA --why 'no es un equipo del ayuntamiento'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, codes []string) error {
			return c.decide(cmd.Context(), "Rechazado", func(ctx context.Context, tx *storage.Tx, s *enroll.Store) ([]enroll.Request, error) {
				return s.Reject(ctx, tx, codes, why, c.by)
			})
		},
	}
	return withWhy(cmd, &why)
}

// decide decides about requests in one transaction and says about which.
func (c *cli) decide(ctx context.Context, word string, fn func(context.Context, *storage.Tx, *enroll.Store) ([]enroll.Request, error)) error {
	return c.with(ctx, func(ctx context.Context, col *Collector) error {
		var decided []enroll.Request
		err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
			decided, err = fn(ctx, tx, col.Enroll)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range decided {
			fmt.Fprintf(c.Stdout, "%s: %s %s\n", word, r.Code, r.Hostname)
		}
		return nil
	})
}
