package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vigia/checks/message"
	"vigia/collector/findings"
	"vigia/collector/report"
	"vigia/collector/storage"
)

func (c *cli) findingsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "findings", Short: "Lo que está mal, y desde cuándo"}
	var at, format string
	list := &cobra.Command{
		Use:   "list",
		Short: "Lista los hallazgos de ahora o de un momento pasado",
		Example: `  vigia findings list
  vigia findings list --at 2026-09-30T23:59:59Z --format json`,
		Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			when := c.Now()
			if at != "" {
				t, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return fmt.Errorf("--at %q: escriba una hora como 2026-09-30T23:59:59Z", at)
				}
				when = t
			}
			var all []findings.Finding
			hosts := map[string]string{}
			err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
				machines, err := col.Enroll.Machines(ctx, tx)
				if err != nil {
					return err
				}
				for _, m := range machines {
					hosts[m.ID] = m.Hostname
				}
				all, err = col.Findings.FindingsAt(ctx, tx, when)
				return err
			})
			if err != nil {
				return err
			}
			if format == "json" {
				return c.findingsJSON(all, hosts)
			}
			return c.findingsTable(col, all, hosts)
		}),
	}
	list.Flags().StringVar(&at, "at", "", "momento (RFC 3339); ahora si no se indica")
	list.Flags().StringVar(&format, "format", "text", "text o json")
	cmd.AddCommand(list, c.queueCommand(), c.decideCommand())
	return cmd
}

func (c *cli) findingsTable(col *Collector, all []findings.Finding, hosts map[string]string) error {
	voice := report.NewVoice(message.Spanish, col.Catalog)
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EQUIPO\tCONTROL\tPARTE\tESTADO\tFASE\tDESDE\tMOTIVO")
	n := 0
	for _, f := range all {
		if f.Phase == findings.Resolved {
			continue
		}
		n++
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", hosts[f.Machine], f.Entry, dash(f.Key), report.Label(voice.Lang, string(f.Status)),
			report.Label(voice.Lang, string(f.Phase)), col.local(f.OpenedAt), voice.Say(f.Reason))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.Stderr, "%d hallazgos abiertos\n", n)
	return nil
}

func (c *cli) findingsJSON(all []findings.Finding, hosts map[string]string) error {
	type row struct {
		Machine  string            `json:"machine"`
		Hostname string            `json:"hostname"`
		Entry    string            `json:"entry"`
		Control  string            `json:"control"`
		Key      string            `json:"key,omitempty"`
		Status   string            `json:"status"`
		Phase    findings.Phase    `json:"phase"`
		Code     string            `json:"code"`
		Args     map[string]string `json:"args,omitempty"`
		First    time.Time         `json:"first_seen"`
		Opened   time.Time         `json:"opened"`
		Resolved time.Time         `json:"resolved,omitzero"`
		Leaf     int64             `json:"leaf"`
	}
	rows := make([]row, 0, len(all))
	for _, f := range all {
		rows = append(rows, row{f.Machine, hosts[f.Machine], f.Entry, f.Control, f.Key, string(f.Status), f.Phase, f.Reason.Code, f.Reason.Args,
			f.FirstSeen, f.OpenedAt, f.ResolvedAt, f.Leaf})
	}
	return json.NewEncoder(c.Stdout).Encode(rows)
}
