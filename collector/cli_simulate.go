package collector

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"vigia/checks/policy"
	"vigia/collector/access"
	"vigia/collector/enroll"
	"vigia/collector/evidence"
	"vigia/collector/simulate"
	"vigia/collector/storage"
)

// Simulated tells whether all that the collector holds was only simulated.
func (c *Collector) Simulated() bool { return evidence.Simulated(c.Log.Origin()) }

// simulationMark stands behind the organisation's name, and so on all that bears it.
const simulationMark = " · SIMULACRO"

// markSimulation marks what comes of a collector that is only simulated.
func (c *Collector) markSimulation() {
	if c.Simulated() {
		c.Config.Organisation = cmp.Or(c.Config.Organisation, town) + simulationMark
	}
}

// resume sets the clock of a simulation that is looked at to go on from where the story
// ended, so that its machines have not all been silent since.
func (c *Collector) resume(ctx context.Context) error {
	return c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) error {
		check, err := c.Log.Checkpoint(ctx, tx)
		if err != nil {
			return err
		}
		last, err := c.Log.Received(ctx, tx, check.Size-1)
		c.offset = last.Sub(c.now())
		return err
	})
}

func (c *cli) simulateCommand() *cobra.Command {
	opts := simulate.Options{Machines: 120, Days: 365, Seed: 1}
	var until string
	var bare bool
	cmd := &cobra.Command{
		Use:   "simulate --data DIR",
		Short: "Crea un ayuntamiento simulado, para formarse, enseñar y probar",
		Long: `Crea en una carpeta nueva un colector con un ayuntamiento que no existe: sus
equipos se dan de alta e informan cada día, su personal entra y sale, hay
averías, copias que faltan y datos personales donde no deben estar.

Todo lo que sale de él va marcado como simulacro: las páginas del portal, los
papeles y los paquetes de revisión, también al verificarlos. La marca está en el
nombre del registro de evidencia y no se puede quitar. Un colector así no admite
equipos de verdad.

La misma semilla (--seed) cuenta siempre la misma historia.`,
		Example: `  vigia simulate --data simulacro                          120 equipos, un año
  vigia simulate --data grande --machines 2000 --days 365 --every 7
  vigia serve --data simulacro                             y luego, mírelo en el portal`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("data") {
				return errors.New("diga en qué carpeta nueva se crea: vigia simulate --data simulacro")
			}
			end := c.Now()
			if until != "" {
				day, err := time.Parse(time.DateOnly, until)
				if err != nil {
					return fmt.Errorf("--until %q: escriba una fecha como 2026-11-22", until)
				}
				end = day
			}
			opts.Until = end
			switch {
			case opts.Machines < 1 || opts.Machines > simulate.MaxMachines:
				return fmt.Errorf("--machines %d: de 1 a %d", opts.Machines, simulate.MaxMachines)
			case opts.Days < 1 || opts.Days > simulate.MaxDays:
				return fmt.Errorf("--days %d: de 1 a %d", opts.Days, simulate.MaxDays)
			case opts.Every < 1 || opts.Every > 31:
				return fmt.Errorf("--every %d: de 1 a 31", opts.Every)
			}
			return c.simulate(cmd.Context(), opts, bare)
		},
	}
	cmd.Flags().IntVar(&opts.Machines, "machines", opts.Machines, fmt.Sprintf("cuántos equipos, hasta %d", simulate.MaxMachines))
	cmd.Flags().IntVar(&opts.Days, "days", opts.Days, fmt.Sprintf("cuántos días, hasta %d", simulate.MaxDays))
	cmd.Flags().Uint64Var(&opts.Seed, "seed", opts.Seed, "la semilla de la historia")
	cmd.Flags().IntVar(&opts.Every, "every", 1, "días entre informes de un equipo en que nada cambia")
	cmd.Flags().BoolVar(&bare, "empty-books", false, "deja los libros vacíos, como el primer día")
	cmd.Flags().StringVar(&until, "until", "", "último día, como 2026-11-22; hoy si no se indica")
	return cmd
}

// town is the name of every simulated organisation.
const town = "Ayuntamiento de Valdehermoso"

func (c *cli) simulate(ctx context.Context, opts simulate.Options, bare bool) (err error) {
	cfg, err := c.newSimulation()
	if err != nil {
		return err
	}
	end := opts.Until.In(cfg.TimeZone.Location)
	opts.Until = time.Date(end.Year(), end.Month(), end.Day(), 15, 0, 0, 0, cfg.TimeZone.Location)
	clock := simulate.NewClock(opts.Begin().Add(-24 * time.Hour))
	col, err := Open(ctx, Options{Dir: c.dir, Config: cfg, Logger: slog.New(slog.DiscardHandler), Now: clock.Now, Version: c.Version, story: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, col.Close()) }()
	accounts, err := c.simulatedAccounts(ctx, col)
	if err != nil {
		return err
	}
	bar := newProgress(c.Stderr, "Días")
	opts.Progress = func(day, days int) { bar.step(int64(day), int64(days)) }
	story, err := col.simulate(ctx, clock, opts, bare)
	bar.done()
	if err != nil {
		return err
	}
	for _, q := range col.told {
		fmt.Fprintf(c.Stdout, "Trimestre %s firmado: %d líneas en el acta y %d decisiones en la cola.\n", q.Period, q.Lines, q.Queue)
	}
	fmt.Fprintf(c.Stdout, `Simulacro creado en %s: %d equipos, %d personas, del %s al %s.

Para verlo:  vigia serve --data %s
y entre en el portal con una de estas cuentas, todas con la contraseña %s

%s`, c.dir, len(story.Machines), len(story.People), opts.Begin().Format("02/01/2006"), opts.Until.Format("02/01/2006"), c.dir, accounts.password, accounts.list)
	return nil
}

// newSimulation begins a data folder for a simulation, which must be empty.
func (c *cli) newSimulation() (Config, error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Config{}, err
	}
	if len(entries) > 0 {
		return Config{}, fmt.Errorf("la carpeta %s no está vacía: un simulacro se crea en una carpeta nueva", c.dir)
	}
	if err := evidence.CreateSimulatedKey(filepath.Join(c.dir, KeysDir)); err != nil {
		return Config{}, err
	}
	cfg, err := LoadConfig(c.config, c.dir, c.Environ)
	if err != nil {
		return Config{}, err
	}
	if cfg.Organisation == "" {
		cfg.Organisation = town
		text := "# Un simulacro: nada de lo que hay aquí es de verdad.\norganisation: " + town + "\ntime_zone: " + cfg.TimeZone.String() + "\n"
		if err := storage.CreateFile(filepath.Join(c.dir, ConfigFile), []byte(text), 0o644); err != nil {
			return Config{}, err
		}
	}
	return cfg, nil
}

// simulated are the accounts of a simulation, as they are told once.
type simulated struct{ password, list string }

// simulatedAccounts makes an account of each role, all with one new password.
func (c *cli) simulatedAccounts(ctx context.Context, col *Collector) (simulated, error) {
	out := simulated{password: rand.Text()[:16]}
	var list strings.Builder
	for _, a := range []struct {
		name string
		role access.Role
	}{
		{"seguridad", access.Officer}, {"alcaldia", access.Head}, {"direccion", access.Director}, {"sistemas", access.Administrator},
		{"auditoria", access.Auditor}, {"transparencia", access.Transparency},
	} {
		if err := col.Access.Add(ctx, a.name, a.role, out.password, c.by); err != nil {
			return out, err
		}
		fmt.Fprintf(&list, "  %-14s %s\n", a.name, access.Roles()[a.role].ES)
	}
	out.list = list.String()
	return out, nil
}

// simulate lets a town hall live in the collector.
func (c *Collector) simulate(ctx context.Context, clock *simulate.Clock, opts simulate.Options, bare bool) (*simulate.Town, error) {
	story := simulate.NewTown(opts.Machines, opts.Days, opts.Seed)
	if err := c.prepare(ctx, story); err != nil {
		return nil, err
	}
	hall := simulate.Hall{
		DB: c.DB, Log: c.Log, Enroll: c.Enroll, Catalog: c.Catalog, Clock: clock,
		Admit: c.enrollment().Admit, Take: c.ingest().Take,
	}
	if !bare {
		office := &simulate.Office{Store: c.Registers, Books: Books(), Zone: c.Config.TimeZone.Location, Seed: opts.Seed}
		people := &officials{Collector: c, clock: clock, seed: opts.Seed}
		hall.Day = func(ctx context.Context, town *simulate.Town, day int) error {
			if err := c.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
				return office.Day(ctx, tx, town, day, clock.Now())
			}); err != nil {
				return err
			}
			return people.day(ctx, town, day)
		}
		defer func() { c.told = people.Acts }()
	}
	return simulate.Run(ctx, hall, opts)
}

// prepare writes what an organisation has before its first machine: which data its servers
// keep copies of, and which machines it knows of.
func (c *Collector) prepare(ctx context.Context, story *simulate.Town) error {
	source := policy.DefaultSource(c.Config.Packs...)
	var known []enroll.KnownMachine
	for _, m := range story.Machines {
		for _, name := range m.Datasets {
			source.Datasets = append(source.Datasets, policy.PlacedDataset{Machine: m.Host, Dataset: policy.Dataset{Name: name, Copies: "/srv/copias/" + name}})
		}
		known = append(known, enroll.KnownMachine{Hostname: m.Host, Department: m.Department})
	}
	known = append(known,
		enroll.KnownMachine{Hostname: "portatil-prestado", Department: "Cultura", Note: "en préstamo, sin agente todavía"},
		enroll.KnownMachine{Hostname: "torno-entrada", Department: "Secretaría", Excluded: true, Note: "no tiene un sistema en que instalarlo"})
	text, err := yaml.Marshal(source)
	if err != nil {
		return fmt.Errorf("write the policy: %w", err)
	}
	return c.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		if _, err := c.Assign.Import(ctx, tx, "simulacro.yaml", text, "sistemas"); err != nil {
			return err
		}
		_, err := c.Enroll.ImportKnown(ctx, tx, known, "sistemas")
		return err
	})
}
