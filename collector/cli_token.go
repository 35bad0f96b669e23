package collector

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	apiv1 "vigia/collector/api/v1"
	"vigia/collector/enroll"
	"vigia/collector/storage"
)

func (c *cli) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Códigos de alta de equipos"}
	cmd.AddCommand(c.tokenCreateCommand(), c.tokenListCommand(), c.tokenRevokeCommand())
	return cmd
}

// tokenFlags are the options of token create.
type tokenFlags struct {
	request  enroll.TokenRequest
	networks []string
	approve  string
	from     string
	known    bool
	out      string
	quiet    bool
}

func (c *cli) tokenCreateCommand() *cobra.Command {
	var f tokenFlags
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Crea códigos para dar de alta equipos",
		Long: `Crea un código de alta. Sin más opciones sirve para un equipo, una sola vez, y
caduca a las 72 horas. Lleva dentro la huella de este colector, de modo que el
equipo no puede ser engañado por otro. Trátelo como una contraseña hasta que se use.

Para muchos equipos hay dos maneras:

  Un código de grupo (--machines 40) sirve para ese número de equipos. Cada uno
  espera a que alguien lo apruebe en el portal o con «vigia agents approve», salvo
  que se indique --approve auto. Con --network solo vale desde esas redes, según
  la dirección con que el equipo llega al colector; detrás de un proxy, la del proxy.

  Un código por equipo (--from equipos.csv o --from-known) escribe un archivo
  con las columnas host,department,token. Cada código vale solo para su equipo,
  y el agente busca en el archivo la línea con su nombre (--token-file). Se crean
  todos o ninguno; los errores del archivo se dicen por línea.`,
		Example: `  vigia token create --host PC-014 --department Tesorería
  vigia token create --machines 40 --network 10.1.0.0/16 --ttl 168h
  vigia token create --from equipos.csv --out codigos.csv
  vigia token create --from-known --out codigos.csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.read(c.by); err != nil {
				return err
			}
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				if f.from != "" || f.known {
					return c.createTokens(ctx, col, f)
				}
				return c.createToken(ctx, col, f)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.request.Hostname, "host", "", "solo para el equipo con este nombre")
	flags.StringVar(&f.request.Department, "department", "", "departamento de los equipos")
	flags.DurationVar(&f.request.Lifetime, "ttl", 0, "vigencia, como 24h; 72h si no se indica, 720h como mucho")
	flags.IntVar(&f.request.Machines, "machines", 1, fmt.Sprintf("para cuántos equipos sirve, %d como mucho", enroll.MaxTokenMachines))
	flags.StringArrayVar(&f.networks, "network", nil, "solo desde esta red, como 10.1.0.0/16 o 2001:db8::/32; puede repetirse")
	flags.StringVar(&f.approve, "approve", "", "manual: alguien aprueba cada equipo; auto: entra sin esperar (si no se indica: manual con --machines, auto sin él)")
	flags.StringVar(&f.from, "from", "", "un código por cada equipo de este archivo CSV (columnas host,department)")
	flags.BoolVar(&f.known, "from-known", false, "un código por cada equipo de «vigia machines import» que no tiene agente")
	flags.StringVar(&f.out, "out", "", "archivo nuevo en que escribir los códigos de --from o --from-known; sin él, por la salida")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "escribe solo el código")
	cmd.MarkFlagsMutuallyExclusive("from", "from-known")
	for _, many := range []string{"from", "from-known"} {
		for _, one := range []string{"host", "machines", "quiet"} {
			cmd.MarkFlagsMutuallyExclusive(many, one)
		}
	}
	offer(cmd, "approve", "manual\talguien aprueba cada equipo", "auto\tel equipo entra sin esperar")
	return cmd
}

// offer completes a flag that has a fixed set of values, "value\tmeaning" each.
func offer(cmd *cobra.Command, flag string, values ...string) {
	// It fails only for a flag that is not there, which a test would show.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// read completes the request from the options.
func (f *tokenFlags) read(by string) error {
	f.request.By = by
	switch f.approve {
	case "":
		f.request.Approval = f.request.Machines > 1
	case "manual":
		f.request.Approval = true
	case "auto":
		f.request.Approval = false
	default:
		return fmt.Errorf("--approve %q: escriba manual o auto", f.approve)
	}
	for _, text := range f.networks {
		network, err := enroll.ParseNetwork(text)
		if err != nil {
			return fmt.Errorf("--network %q: no es una red, como 10.1.0.0/16 o 2001:db8::/32, ni una dirección", text)
		}
		f.request.Networks = append(f.request.Networks, network)
	}
	if f.out != "" && f.from == "" && !f.known {
		return errors.New("--out es para los códigos de --from o --from-known")
	}
	return nil
}

// createToken makes one token and says how to use it.
func (c *cli) createToken(ctx context.Context, col *Collector, f tokenFlags) error {
	var token apiv1.Token
	err := col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		token, err = col.Enroll.CreateToken(ctx, tx, f.request)
		return err
	})
	if err != nil {
		return err
	}
	if f.quiet {
		fmt.Fprintln(c.Stdout, token)
		return nil
	}
	life := f.request.Lifetime
	if life == 0 {
		life = enroll.TokenLifetime
	}
	kind := "de un solo uso"
	if f.request.Machines > 1 {
		kind = fmt.Sprintf("para %d equipos", f.request.Machines)
	}
	fmt.Fprintf(c.Stdout, "Código de alta, %s, válido hasta %s:\n\n  %s\n\nEn el equipo:\n\n  vigia-agent enroll --collector %s --token CÓDIGO\n",
		kind, c.Now().Add(life).In(col.Config.TimeZone.Location).Format("02/01/2006 15:04"), token, col.agentsAddress())
	if f.request.Approval {
		fmt.Fprint(c.Stdout, "\nCada equipo muestra un código de comprobación y espera. Apruébelo en el portal\n(Altas) o con:\n\n  vigia agents requests\n  vigia agents approve COMPROBACIÓN\n")
	}
	return nil
}

// agentsAddress is where agents reach the collector, as far as it knows.
func (c *Collector) agentsAddress() string {
	host, port, err := net.SplitHostPort(c.Config.Agents.Listen)
	if err != nil {
		return c.Config.Agents.Listen
	}
	if len(c.Config.Agents.Hosts) > 0 {
		host = c.Config.Agents.Hosts[0]
	} else if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		if host, err = os.Hostname(); err != nil {
			return c.Config.Agents.Listen
		}
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// manyTokens is from how many on a bar shows how far the work has come.
const manyTokens = 200

// createTokens makes a token for each machine of a list and writes them as CSV.
func (c *cli) createTokens(ctx context.Context, col *Collector, f tokenFlags) (err error) {
	list, err := c.hostsOf(ctx, col, f)
	if err != nil {
		return err
	}
	if len(list) > enroll.MaxTokens {
		return fmt.Errorf("son %d equipos y se crean %d códigos de una vez como mucho: parta la lista", len(list), enroll.MaxTokens)
	}
	keep := func([]byte) error { return nil }
	if f.out != "" {
		file, openErr := os.OpenFile(f.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(openErr, os.ErrExist) {
			return fmt.Errorf("%s ya existe y no se sobrescribe: indique otro archivo con --out", f.out)
		}
		if openErr != nil {
			return openErr
		}
		defer func() {
			if err = errors.Join(err, file.Close()); err != nil {
				err = errors.Join(err, os.Remove(f.out))
			}
		}()
		keep = func(text []byte) error { return rewrite(file, text) }
	}
	reqs := make([]enroll.TokenRequest, len(list))
	for i, m := range list {
		reqs[i] = f.request
		reqs[i].Hostname = m.Hostname
		reqs[i].Department = cmp.Or(m.Department, f.request.Department)
	}
	progress := func(int, int) {}
	if len(reqs) >= manyTokens {
		bar := newProgress(c.Stderr, "Creando códigos")
		defer bar.done()
		progress = func(done, total int) { bar.step(int64(done), int64(total)) }
	}
	var text []byte
	// The file is whole before the tokens are good for anything: whatever goes
	// wrong, none is good that nobody has.
	err = col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		tokens, err := col.Enroll.CreateTokens(ctx, tx, reqs, progress)
		if err != nil {
			return err
		}
		if text, err = tokensAsCSV(reqs, tokens); err != nil {
			return err
		}
		return keep(text)
	})
	if err != nil {
		return err
	}
	if f.out == "" {
		_, err := c.Stdout.Write(text)
		return err
	}
	fmt.Fprintf(c.Stdout, "%d códigos en %s. Es secreto: solo lo lee su cuenta. Cada equipo toma el suyo con:\n\n  vigia-agent enroll --collector %s --token-file %s\n",
		len(reqs), f.out, col.agentsAddress(), filepath.Base(f.out))
	return nil
}

// rewrite makes the text all that the file holds, durably.
func rewrite(file *os.File, text []byte) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	if _, err := file.WriteAt(text, 0); err != nil {
		return err
	}
	return file.Sync()
}

// hostsOf is the list of machines to make tokens for.
func (c *cli) hostsOf(ctx context.Context, col *Collector, f tokenFlags) ([]enroll.KnownMachine, error) {
	if f.from != "" {
		file, err := os.Open(f.from)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		all, err := enroll.ParseKnown(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.from, err)
		}
		var list []enroll.KnownMachine
		for _, m := range all {
			if !m.Excluded {
				list = append(list, m)
			}
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("%s: todos los equipos están excluidos", f.from)
		}
		return list, nil
	}
	var known []enroll.KnownMachine
	var machines []enroll.Machine
	err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		if known, err = col.Enroll.Known(ctx, tx); err != nil {
			return err
		}
		machines, err = col.Enroll.Machines(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(known) == 0 {
		return nil, errors.New("nadie ha importado la relación de equipos: hágalo con «vigia machines import», o use --from")
	}
	list := enroll.WithoutAgent(known, machines, c.Now())
	if len(list) == 0 {
		return nil, errors.New("todos los equipos de la relación tienen ya su agente")
	}
	return list, nil
}

// tokensAsCSV is the file that agents take their token from.
func tokensAsCSV(reqs []enroll.TokenRequest, tokens []apiv1.Token) ([]byte, error) {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	rows := [][]string{{"host", "department", "token"}}
	for i, token := range tokens {
		rows = append(rows, []string{reqs[i].Hostname, reqs[i].Department, token.String()})
	}
	err := out.WriteAll(rows)
	return text.Bytes(), err
}

func (c *cli) tokenListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Lista los códigos y qué fue de ellos", Args: cobra.NoArgs,
		Long: `Lista los códigos de alta, los últimos primero. USO dice cuántos equipos han
entrado de los que el código admite, y cuántos esperan aprobación.`,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			var tokens []enroll.TokenInfo
			err := col.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
				tokens, err = col.Enroll.Tokens(ctx, tx)
				return err
			})
			if err != nil {
				return err
			}
			states := map[enroll.TokenState]string{enroll.TokenOpen: "abierto", enroll.TokenUsed: "usado", enroll.TokenFull: "completo",
				enroll.TokenExpired: "caducado", enroll.TokenRevoked: "retirado"}
			w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tESTADO\tEQUIPO\tDEPARTAMENTO\tUSO\tREDES\tAPROBACIÓN\tCREADO\tCADUCA\tPOR")
			for _, t := range tokens {
				approval := "automática"
				if t.Approval {
					approval = "manual"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, states[t.State(c.Now())], dash(t.Hostname), dash(t.Department), usage(t),
					dash(networksOf(t)), approval, col.local(t.CreatedAt), col.local(t.ExpiresAt), t.CreatedBy)
			}
			return w.Flush()
		}),
	}
}

// usage says how much of a token is used.
func usage(t enroll.TokenInfo) string {
	used := t.Admitted
	if t.Machines == 1 && !t.UsedAt.IsZero() {
		used = 1 // by a machine that another token had admitted
	}
	text := fmt.Sprintf("%d/%d", used, t.Machines)
	var held []string
	if t.Waiting > 0 {
		held = append(held, fmt.Sprintf("%d en espera", t.Waiting))
	}
	if t.Expected > 0 {
		held = append(held, fmt.Sprintf("%d por llegar", t.Expected))
	}
	if len(held) > 0 {
		text += " (" + strings.Join(held, ", ") + ")"
	}
	return text
}

func networksOf(t enroll.TokenInfo) string {
	texts := make([]string, len(t.Networks))
	for i, network := range t.Networks {
		texts[i] = network.String()
	}
	return strings.Join(texts, ", ")
}

func (c *cli) tokenRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Retira un código: nadie más entra con él", Args: cobra.ExactArgs(1),
		Long: `Retira un código de alta. Los equipos que esperan aprobación con él quedan
rechazados; los que ya entraron, o ya están aprobados, siguen.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				return col.DB.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
					return col.Enroll.RevokeToken(ctx, tx, args[0], c.by)
				})
			})
		},
	}
}
