package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"vigia/collector/ingest"
)

// Exit codes of every command.
const (
	exitFine  = 0
	exitNo    = 1 // the command worked and the answer is no
	exitError = 2 // wrong usage, or the operation did not work
)

// Env is what the command line needs from the process.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string
	Version        string
	Now            func() time.Time
	// PackKey is the key of who makes this program and publishes packs for it; empty when
	// the build has none.
	PackKey string

	// steps are handed to Options.
	steps ingest.Steps
}

// errNo ends a command that worked with exit code 1. Its text was printed.
var errNo = errors.New("the answer is no")

// Main runs one command line and returns the exit code of the process.
func Main(ctx context.Context, args []string, env Env) int {
	if env.Now == nil {
		env.Now = time.Now
	}
	root := newRoot(env)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errNo):
		return exitNo
	default:
		fmt.Fprintf(env.Stderr, "vigia: %s\n", hint(err))
		return exitError
	}
}

// cli is what every command shares.
type cli struct {
	Env
	dir    string // data folder
	config string // configuration file, empty for the data folder's own
	by     string // who runs the command, for the evidence
	// command is its name, as the activity log has it, and about the account that it names.
	command, about string
}

func newRoot(env Env) *cobra.Command {
	c := &cli{Env: env, by: operator()}
	root := &cobra.Command{
		Use:   "vigia",
		Short: "Colector de Vigía: recibe, guarda y demuestra las medidas de seguridad",
		Long: `vigia es el colector: recibe los informes firmados de los agentes, los guarda en
un registro que delata cualquier cambio, señala lo que falla y prepara la
revisión trimestral que se firma y se verifica sin depender de nadie.

Para empezar:
  vigia papers documentos            los papeles que hacen falta antes del primer equipo
  vigia serve                        arranca el colector y el portal
  vigia user add ana --role officer  crea la primera cuenta del portal
  vigia token create                 crea un código para dar de alta un equipo
  vigia review export --period 2026Q4 --out revision.zip
  vigia verify revision.zip

La guía entera, con imágenes, viene con el paquete: /usr/share/doc/vigia/guia

Códigos de salida: 0 bien; 1 funcionó y la respuesta es «no»; 2 error.`,
		Version:       env.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("vigia {{.Version}}\n")
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	dir := DefaultDataDir()
	for _, pair := range env.Environ {
		if v, ok := cutEnv(pair, "VIGIA_DATA"); ok {
			dir = v
		}
	}
	root.PersistentFlags().StringVar(&c.dir, "data", dir, "carpeta de datos (también VIGIA_DATA)")
	root.PersistentFlags().StringVar(&c.config, "config", "", "archivo de configuración (por defecto, vigia.yaml de la carpeta de datos)")
	root.AddCommand(
		c.serveCommand(), c.tokenCommand(), c.userCommand(), c.activityCommand(), c.agentsCommand(), c.machinesCommand(),
		c.policyCommand(), c.packCommand(), c.findingsCommand(), c.registersCommand(), c.incidentsCommand(), c.reviewCommand(), c.verifyCommand(), c.attestCommand(),
		c.importCommand(), c.kitCommand(), c.papersCommand(), c.backupCommand(), c.restoreCommand(), c.simulateCommand(),
		c.notifyCommand(), c.handoverCommand(), c.planCommand(), c.securityDocumentCommand(),
		c.receiptCommand(),
	)
	root.PersistentPreRun = func(cmd *cobra.Command, args []string) {
		if c.command = cmd.CommandPath(); cmd.HasParent() && cmd.Parent().Name() == "user" && len(args) == 1 {
			c.about = "/cuentas/" + args[0]
		}
	}
	inSpanish(root)
	describeFlags(root)
	return root
}

func cutEnv(pair, name string) (string, bool) {
	if len(pair) > len(name) && pair[:len(name)] == name && pair[len(name)] == '=' {
		return pair[len(name)+1:], true
	}
	return "", false
}

// operator names who runs the command: the system account.
func operator() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

func (c *cli) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// open opens the collector's data for one command.
func (c *cli) open(ctx context.Context) (*Collector, error) {
	cfg, err := LoadConfig(c.config, c.dir, c.Environ)
	if err != nil {
		return nil, err
	}
	return Open(ctx, Options{Dir: c.dir, Config: cfg, Logger: slog.New(slog.DiscardHandler), Now: c.Now, Version: c.Version, steps: c.steps})
}

// existing is open for commands that must not begin a new collector by a
// mistyped folder.
func (c *cli) existing(ctx context.Context) (*Collector, error) {
	switch _, err := os.Stat(c.dir + "/keys"); {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("leer %s: %w", c.dir, err)
	case err != nil:
		return nil, fmt.Errorf("no hay un colector en %s: indique la carpeta con --data, o arránquelo con «vigia serve»", c.dir)
	}
	return c.open(ctx)
}

// withCollector runs fn with the opened collector and closes it.
func (c *cli) withCollector(fn func(ctx context.Context, col *Collector) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		return c.with(cmd.Context(), fn)
	}
}

func (c *cli) with(ctx context.Context, fn func(ctx context.Context, col *Collector) error) (err error) {
	col, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, col.Close()) }()
	return c.took(ctx, col, fn(ctx, col))
}
