package collector

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"vigia/collector/evidence"
	"vigia/collector/storage"
	"vigia/collector/storage/backup"
)

// passphraseVariable holds a passphrase for a script.
const passphraseVariable = "VIGIA_PASSPHRASE"

func (c *cli) backupCommand() *cobra.Command {
	var out, file string
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Hace una copia cifrada de todo el colector, sin pararlo",
		Long: `Copia la base de datos, las claves y la configuración (la de /etc/vigia también) en
un solo archivo cifrado (formato age). El colector sigue trabajando. La frase de
paso se pide, o se lee de --passphrase-file o de VIGIA_PASSPHRASE. Guárdela lejos
de la copia: sin ella no se puede restaurar.`,
		Example: "  vigia backup --out vigia-2026-11-21.age",
		Args:    cobra.NoArgs,
		RunE: c.withCollector(func(ctx context.Context, col *Collector) error {
			phrase, err := c.passphrase(file, true)
			if err != nil {
				return err
			}
			recipient, _, err := backup.Passphrase(phrase)
			if err != nil {
				return err
			}
			if out == "" {
				out = "vigia-" + c.Now().Format("2006-01-02") + ".age"
			}
			return c.writeBackup(ctx, col, out, recipient)
		}),
	}
	cmd.Flags().StringVar(&out, "out", "", "archivo que se escribe (vigia-FECHA.age si no se indica)")
	cmd.Flags().StringVar(&file, "passphrase-file", "", "archivo cuya primera línea es la frase de paso")
	return cmd
}

// writeBackup writes the file, which appears only when it is whole.
func (c *cli) writeBackup(ctx context.Context, col *Collector, out string, recipient age.Recipient) (err error) {
	f, err := os.CreateTemp(filepath.Dir(out), ".copia-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	m, err := backup.Create(ctx, col.DB, backup.Source{Folder: col.Dir, Config: configFile(c.config, c.dir)}, f, c.Now(), recipient)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	if err := os.Rename(f.Name(), out); err != nil {
		return err
	}
	if err := col.noteBackup(lastBackup{At: m.Created, By: c.by, File: filepath.Base(out)}); err != nil {
		return err
	}
	fmt.Fprintf(c.Stdout, "Copia cifrada: %s (%s, %d archivos)\nPruébela: vigia restore %s --data CARPETA-NUEVA\n", out, col.local(m.Created), len(m.Files), out)
	return nil
}

func (c *cli) restoreCommand() *cobra.Command {
	var file, dsn, owner string
	var force bool
	cmd := &cobra.Command{
		Use:   "restore FILE.age",
		Short: "Restaura una copia en una carpeta de datos nueva",
		Long: `Restaura una copia cifrada en la carpeta de --data, que debe estar vacía o no
existir. Antes de cambiar nada se comprueba la copia entera. Con --force, la
carpeta anterior se conserva al lado con otro nombre.

La configuración vuelve a su sitio: /etc/vigia/vigia.yaml si se restaura en la
carpeta del paquete, y si no la propia carpeta. Si allí hay otra distinta no se
toca: la de la copia queda al lado, acabada en .restored. Lo restaurado por root
en la carpeta del paquete pasa a la cuenta del servicio, vigia.

La restauración queda anotada en el registro. Los equipos vuelven a enviar por sí
solos lo que la copia no tenga, hasta treinta días atrás.`,
		Example: `  systemctl stop vigia
  vigia restore vigia-2026-11-21.age --force
  systemctl start vigia

  vigia restore vigia-2026-11-21.age --data /root/prueba   comprueba una copia`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			phrase, err := c.passphrase(file, false)
			if err != nil {
				return err
			}
			_, identity, err := backup.Passphrase(phrase)
			if err != nil {
				return err
			}
			give, err := c.giveTo(owner, cmd.Flags().Changed("owner"))
			if err != nil {
				return err
			}
			opts := backup.Options{
				Folder: c.dir, Force: force, DSN: dsn, Schemas: Schemas(), Finish: c.beginEpoch, Now: c.Now, Give: give,
			}
			config := configFile(c.config, c.dir)
			if config != filepath.Join(c.dir, ConfigFile) {
				opts.Config = config
			}
			res, err := backup.Restore(cmd.Context(), f, identity, opts)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Stdout, "Restaurada en %s la copia del %s.\n", c.dir, res.Manifest.Created.Local().Format("02/01/2006 15:04"))
			if res.Before != "" {
				fmt.Fprintf(c.Stdout, "La carpeta anterior queda en %s\n", res.Before)
			}
			if res.Config != "" {
				fmt.Fprintf(c.Stdout, "%s dice otra cosa que la copia y no se ha tocado. Si vale la de la copia:\n  mv %s %s\n", config, res.Config, config)
			}
			if c.packaged() {
				fmt.Fprintln(c.Stdout, "Arranque el colector con «systemctl start vigia»: los equipos enviarán lo que falte.")
			} else {
				fmt.Fprintf(c.Stdout, "Si era una prueba, borre la carpeta: tiene las claves.\nSi es para trabajar con ella, «vigia serve --data %s»: los equipos enviarán lo que falte.\n", c.dir)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "passphrase-file", "", "archivo cuya primera línea es la frase de paso")
	cmd.Flags().StringVar(&dsn, "database", "", "base de datos PostgreSQL vacía que se llena, en lugar de SQLite")
	cmd.Flags().BoolVar(&force, "force", false, "restaura aunque la carpeta exista; la anterior se conserva")
	cmd.Flags().StringVar(&owner, "owner", serviceAccount, "cuenta a la que pasa lo restaurado, si lo restaura root")
	return cmd
}

// serviceAccount is the account of a packaged collector.
const serviceAccount = "vigia"

// packaged tells whether the data folder is that of the package, on Linux.
func (c *cli) packaged() bool {
	return runtime.GOOS == "linux" && filepath.Clean(c.dir) == DefaultDataDir() // the shell completes it with a slash
}

// giveTo hands what root restores to the account that will serve it: the one that was
// asked for, or, in the folder of the package, that of its service.
func (c *cli) giveTo(account string, asked bool) (func(path string) error, error) {
	if !asked && (!c.packaged() || os.Geteuid() != 0) {
		return nil, nil
	}
	u, err := user.Lookup(account)
	if err != nil {
		if asked {
			return nil, fmt.Errorf("la cuenta de --owner: %w", err)
		}
		return nil, nil // without the package there is nobody to give it to
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", account, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", account, err)
	}
	return func(path string) error { return os.Lchown(path, uid, gid) }, nil
}

// beginEpoch notes the restore in the log that was restored, so that agents
// send again what it misses and no rollback is suspected.
func (c *cli) beginEpoch(ctx context.Context, db *storage.DB, folder string) error {
	key, err := evidence.LoadKey(filepath.Join(folder, KeysDir))
	if err != nil {
		return err
	}
	log, err := evidence.Open(ctx, db, evidence.Options{Key: key, Now: c.Now})
	if err != nil {
		return err
	}
	return db.Write(ctx, func(ctx context.Context, tx *storage.Tx) error {
		_, err := log.Restored(ctx, tx, c.by)
		return err
	})
}

// passphrase reads it from the environment, a file or the terminal; twice there
// when it is a new one.
func (c *cli) passphrase(file string, fresh bool) (string, error) {
	for _, pair := range c.Environ {
		if phrase, ok := cutEnv(pair, passphraseVariable); ok && phrase != "" {
			return phrase, nil
		}
	}
	if file != "" {
		b, err := readLimited(file, 4096)
		if err != nil {
			return "", err
		}
		line, _, _ := strings.Cut(string(b), "\n")
		return strings.TrimRight(line, "\r"), nil
	}
	in, ok := c.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(c.Stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("leer la frase de paso: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	first, err := c.askSecret(in, "Frase de paso: ")
	if err != nil || !fresh {
		return first, err
	}
	second, err := c.askSecret(in, "Otra vez: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("las dos frases no son iguales: repita la orden")
	}
	return first, nil
}

func (c *cli) askSecret(in *os.File, prompt string) (string, error) {
	fmt.Fprint(c.Stderr, prompt)
	b, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(c.Stderr)
	if err != nil {
		return "", fmt.Errorf("leer la frase de paso: %w", err)
	}
	return string(b), nil
}
