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
	"time"

	"github.com/spf13/cobra"

	"vigia/checks/catalog"
	"vigia/checks/policy"
	"vigia/collector/assign"
	"vigia/collector/enroll"
	"vigia/collector/storage"
)

// signatureOf is the name of the file that holds a pack's signature.
func signatureOf(pack string) string { return pack + ".sig" }

func (c *cli) packCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "pack", Short: "Paquetes de reglas: qué pide cada ley y con qué cifras",
		Long: `Un paquete es un archivo YAML con las reglas de una jurisdicción: qué controles se
miden, con qué comprobación, con qué cifras y cada cuánto. Este programa trae los
suyos; otros se publican aparte, en dos archivos (NOMBRE.yaml y NOMBRE.yaml.sig), y
solo se importan si los firma alguien cuya clave está en pack_keys de vigia.yaml.

Un paquete nunca vuelve a una versión anterior: para deshacer un cambio, publíquelo
de nuevo con un número mayor. Si el programa, al actualizarse, trae una versión más
nueva que la importada, rige la del programa.`,
	}
	cmd.AddCommand(c.packListCommand(), c.packShowCommand(), c.packVerifyCommand(), c.packImportCommand(), c.packKeygenCommand(), c.packSignCommand())
	return cmd
}

func (c *cli) packListCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Lista los paquetes, sus versiones y cuáles rigen", Args: cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			all, err := col.allPacks(ctx)
			if err != nil {
				return err
			}
			if format == "json" {
				return c.printPacks(all)
			}
			w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "PAQUETE\tVERSIÓN\tFECHA\tESTADO\tPROCEDENCIA")
			for _, p := range all {
				origin := "viene con este programa"
				if p.Signer != "" {
					origin = fmt.Sprintf("firmado por %s, importado el %s por %s", p.Signer, col.local(p.ImportedAt), p.ImportedBy)
				}
				fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", p.Name, p.Version, dash(p.Date), packState(p), origin)
			}
			return w.Flush()
		}),
	}
	cmd.Flags().StringVar(&format, "format", "text", "text o json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is the line above
	return cmd
}

// packState says in a few words what becomes of a pack.
func packState(p assign.PackInfo) string {
	switch {
	case p.Err != nil:
		return "no sirve para este programa: " + p.Err.Error()
	case !p.InForce:
		return "sustituido"
	case p.Chosen:
		return "en vigor"
	default:
		return "disponible (la política no lo nombra)"
	}
}

func (c *cli) printPacks(all []assign.PackInfo) error {
	type row struct {
		Name     string    `json:"name"`
		Version  int       `json:"version"`
		Date     string    `json:"date"`
		InForce  bool      `json:"in_force"`
		Chosen   bool      `json:"chosen"`
		Signer   string    `json:"signer,omitempty"`
		Imported time.Time `json:"imported_at,omitzero"`
		By       string    `json:"imported_by,omitempty"`
		Error    string    `json:"error,omitempty"`
	}
	rows := make([]row, 0, len(all))
	for _, p := range all {
		r := row{p.Name, p.Version, p.Date, p.InForce, p.Chosen, p.Signer, p.ImportedAt, p.ImportedBy, ""}
		if p.Err != nil {
			r.Error = p.Err.Error()
		}
		rows = append(rows, r)
	}
	return json.NewEncoder(c.Stdout).Encode(rows)
}

func (c *Collector) allPacks(ctx context.Context) (all []assign.PackInfo, err error) {
	err = c.DB.Read(ctx, func(ctx context.Context, tx *storage.Tx) (err error) {
		all, err = c.Assign.AllPacks(ctx, tx)
		return err
	})
	return all, err
}

func (c *cli) packShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NOMBRE", Short: "Escribe el archivo del paquete que rige", Args: cobra.ExactArgs(1),
		Example: "  vigia pack show mx-general > mx-general.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				all, err := col.allPacks(ctx)
				if err != nil {
					return err
				}
				for _, p := range all {
					if p.Name == args[0] && p.InForce {
						fmt.Fprintf(c.Stderr, "%s, versión %d: %s\n", p.Name, p.Version, packState(p))
						_, err := c.Stdout.Write(p.Text)
						return err
					}
				}
				return fmt.Errorf("no hay un paquete %q: vea los que hay con «vigia pack list»", args[0])
			})
		},
	}
}

// bringPack reads a pack's two files. A signature that is not there is an empty one.
func (c *cli) bringPack(file, signature string, keys []string) (assign.NewPack, error) {
	data, err := readLimited(file, policy.MaxPack)
	if err != nil {
		return assign.NewPack{}, err
	}
	sig, err := readLimited(cmp.Or(signature, signatureOf(file)), assign.MaxSignature)
	if err != nil && (signature != "" || !errors.Is(err, fs.ErrNotExist)) {
		return assign.NewPack{}, err
	}
	if c.PackKey != "" {
		keys = append(keys, c.PackKey)
	}
	trusted, err := assign.PackKeys(keys)
	if err != nil {
		return assign.NewPack{}, err
	}
	return assign.NewPack{File: filepath.Base(file), Data: data, Signature: sig, By: c.by, Trusted: trusted}, nil
}

func (c *cli) packVerifyCommand() *cobra.Command {
	var signature string
	var keys []string
	cmd := &cobra.Command{
		Use: "verify ARCHIVO.yaml", Short: "Dice quién firmó un paquete y si este programa puede usarlo",
		Long: `Comprueba la firma de un paquete (ARCHIVO.yaml.sig, en la misma carpeta) y que este
programa puede medir todo lo que pide. No importa nada ni necesita un colector.
Código de salida 1: el paquete no es de fiar o no sirve.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := LoadConfig(c.config, c.dir, c.Environ)
			if err != nil {
				return err
			}
			in, err := c.bringPack(args[0], signature, append(keys, cfg.PackKeys...))
			if err != nil {
				return err
			}
			p, err := policy.LoadPack(in.File, in.Data, catalog.New())
			if err != nil {
				fmt.Fprintln(c.Stdout, "No: "+hint(err))
				return errNo
			}
			signer, err := assign.VerifyPack(p.Name, p.Version, in.Data, in.Signature, in.Trusted)
			if err != nil {
				fmt.Fprintln(c.Stdout, "No: "+hint(err))
				return errNo
			}
			fmt.Fprintf(c.Stdout, "Sí: %s %d, de %s, %d reglas, firmado por %s\n", p.Name, p.Version, p.Date, len(p.Rules), signer)
			return nil
		},
	}
	cmd.Flags().StringVar(&signature, "signature", "", "archivo con la firma (por defecto, ARCHIVO.yaml.sig)")
	cmd.Flags().StringSliceVar(&keys, "key", nil, "clave pública de quien lo publica, además de las de pack_keys")
	return cmd
}

func (c *cli) packImportCommand() *cobra.Command {
	var signature string
	var dry bool
	cmd := &cobra.Command{
		Use: "import ARCHIVO.yaml", Short: "Pone en vigor un paquete firmado",
		Long: `Importa un paquete publicado aparte. Antes se comprueba todo: que lo firma alguien de
pack_keys, que no es más viejo que el que rige, que este programa puede medir lo que
pide y que de él sale una política válida para los equipos, con el mismo código que la
leerá en cada uno. Si algo falla no cambia nada.

Con --dry-run dice qué cambiaría y no cambia nada. El paquete entero y quién lo firmó
quedan en el registro de evidencias; los equipos lo reciben en su siguiente informe.`,
		Example: "  vigia pack import --dry-run mx-nle.yaml\n  vigia pack import mx-nle.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(ctx context.Context, col *Collector) error {
				in, err := c.bringPack(args[0], signature, col.Config.PackKeys)
				if err != nil {
					return err
				}
				run, bring := col.DB.Write, col.Assign.ImportPack
				if dry {
					run, bring = col.DB.Read, col.Assign.CheckPack
				}
				var change assign.PackChange
				err = run(ctx, func(ctx context.Context, tx *storage.Tx) error {
					machines, err := col.Enroll.Machines(ctx, tx)
					if err != nil {
						return err
					}
					change, err = bring(ctx, tx, in, sample(machines))
					return err
				})
				if err != nil {
					return err
				}
				return c.tellPack(change, dry)
			})
		},
	}
	cmd.Flags().StringVar(&signature, "signature", "", "archivo con la firma (por defecto, ARCHIVO.yaml.sig)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "dice qué cambiaría y no cambia nada")
	return cmd
}

// triedPerSystem is for how many machines of each operating system a pack is tried.
const triedPerSystem = 50

// sample picks machines at work of each operating system.
func sample(machines []enroll.Machine) []assign.Machine {
	taken := map[string]int{}
	var out []assign.Machine
	for _, m := range machines {
		if m.Status != enroll.Active || taken[m.OS] == triedPerSystem {
			continue
		}
		taken[m.OS]++
		out = append(out, assign.Machine{ID: m.ID, Hostname: m.Hostname, Department: m.Department})
	}
	return out
}

// tellPack says what an import changes.
func (c *cli) tellPack(change assign.PackChange, dry bool) error {
	p := change.Pack
	fmt.Fprintf(c.Stdout, "%s, versión %d de %s (%s), firmado por %s\n", p.Name, p.Version, p.Date, p.Title.ES, change.Signer)
	if change.Same {
		fmt.Fprintln(c.Stdout, "Ya está en vigor: no hay nada que cambiar.")
		return nil
	}
	laws, err := policy.Laws()
	if err != nil {
		return err
	}
	if change.Before == 0 {
		fmt.Fprintln(c.Stdout, "No había otro con este nombre. Pide:")
	} else {
		fmt.Fprintf(c.Stdout, "Sustituye a la versión %d. Cambia:\n", change.Before)
	}
	for _, r := range change.Rules {
		law, _ := laws.Control(r.Control)
		fmt.Fprintf(c.Stdout, "  %s\n", sayChange(r, law.Title.ES))
	}
	if len(change.Rules) == 0 {
		fmt.Fprintln(c.Stdout, "  ninguna regla")
	}
	if change.Chosen {
		fmt.Fprintf(c.Stdout, "Probado en %d equipos: %d reciben una política nueva.\n", change.Tried, change.Machines)
	} else {
		fmt.Fprintf(c.Stdout, "Ojo: la política no nombra este paquete. Para que rija, añada %s a packs en el archivo de política e impórtelo con «vigia policy import».\n", p.Name)
	}
	if dry {
		fmt.Fprintln(c.Stdout, "Era un ensayo: no se ha cambiado nada.")
		return nil
	}
	fmt.Fprintln(c.Stdout, "Importado. Los equipos lo reciben en su siguiente informe. Para deshacerlo: publique lo de antes con una versión mayor.")
	return nil
}

// sayChange puts one difference into words.
func sayChange(r policy.RuleChange, title string) string {
	switch r.Kind {
	case policy.RuleAdded:
		return fmt.Sprintf("+ %s (%s): se añade", r.Control, title)
	case policy.RuleRemoved:
		return fmt.Sprintf("- %s (%s): se quita, deja de medirse", r.Control, title)
	case policy.RuleChanged:
	}
	what := strings.TrimPrefix(r.What, "params.")
	switch {
	case r.What == "check":
		what = "comprobación"
	case r.What == "every":
		what = "cada"
	case r.What == "severity":
		what = "gravedad"
	case strings.HasPrefix(r.What, "inject."):
		what = "registro " + strings.TrimPrefix(r.What, "inject.")
	}
	return fmt.Sprintf("~ %s (%s): %s %s → %s", r.Control, title, what, cmp.Or(r.Old, "(lo normal)"), cmp.Or(r.New, "(lo normal)"))
}

func (c *cli) packKeygenCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "keygen NOMBRE", Short: "Crea la clave de quien publica paquetes",
		Long: `Crea un par de claves para firmar paquetes. NOMBRE dice quién firma, sin espacios,
como sistemas.ayuntamiento.example. La privada se guarda en un archivo que solo usted
puede leer: guárdela fuera del colector, en un USB bajo llave, y haga una copia. La
pública se escribe aquí: va en pack_keys de vigia.yaml de cada colector que se fíe.`,
		Example: "  vigia pack keygen sistemas.ayuntamiento.example --out paquetes.key",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			private, public, err := assign.GeneratePackKey(args[0])
			if err != nil {
				return err
			}
			err = storage.CreateFile(out, []byte(private+"\n"), 0o600)
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s ya existe: una clave no se sobrescribe; indique otro archivo con --out", out)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Stderr, "Clave privada en %s. La pública, como va en vigia.yaml:\n\n", out)
			fmt.Fprintf(c.Stdout, "pack_keys:\n  - %s\n", public)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "archivo nuevo para la clave privada")
	_ = cmd.MarkFlagRequired("out") // the flag is the line above
	return cmd
}

func (c *cli) packSignCommand() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "sign ARCHIVO.yaml", Short: "Firma un paquete para publicarlo",
		Long: `Comprueba un paquete como lo hará quien lo importe y escribe su firma en
ARCHIVO.yaml.sig. Publique los dos archivos juntos. Si después cambia una sola letra,
suba el número de versión y fírmelo de nuevo.`,
		Example: "  vigia pack sign --key paquetes.key mx-nle.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := readLimited(args[0], policy.MaxPack)
			if err != nil {
				return err
			}
			p, err := policy.LoadPack(filepath.Base(args[0]), data, catalog.New())
			if err != nil {
				return err
			}
			private, err := readLimited(key, assign.MaxSignature)
			if err != nil {
				return err
			}
			sig, err := assign.SignPack(p.Name, p.Version, data, string(private))
			if err != nil {
				return err
			}
			if err := os.WriteFile(signatureOf(args[0]), sig, 0o644); err != nil { //nolint:gosec // it is published
				return err
			}
			fmt.Fprintf(c.Stdout, "Firmado: %s %d, en %s\n", p.Name, p.Version, signatureOf(args[0]))
			return nil
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "archivo con la clave privada")
	_ = cmd.MarkFlagRequired("key") // the flag is the line above
	return cmd
}
