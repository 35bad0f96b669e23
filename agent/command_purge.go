package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"vigia/checks/host/local"
	"vigia/checks/message"
)

func (c *cli) purgeCommand() *cobra.Command {
	var data string
	var sure bool
	cmd := c.command("purge --yes [--data DIR]", "purge", func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return c.tooMany(cmd, args[0])
		}
		if !sure {
			return c.usage(cmd, "usage.missing", map[string]string{"what": "--yes"})
		}
		return c.purge(cmd.Context(), folder(data))
	})
	cmd.Flags().BoolVar(&sure, "yes", false, c.say.text("flag.purge_yes", nil))
	c.dataFlag(cmd, &data)
	return cmd
}

// purge deletes what the agent keeps. It follows no link out of the folder, and deletes in
// it what the agent makes and nothing else.
func (c *cli) purge(ctx context.Context, dir folder) error {
	if _, err := os.Lstat(string(dir)); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(c.stdout, c.say.text("purge.nothing", map[string]string{"path": string(dir)}))
		return nil
	}
	if err := dir.makeSafe(ctx, local.New(local.Options{})); err != nil {
		return err
	}
	unlock, err := dir.lock() // no agent is at work in it
	if err != nil {
		return err
	}
	if err := unlock(); err != nil { // Windows deletes no file that is open
		return fmt.Errorf("let go of the data folder: %w", err)
	}
	if err := dir.empty(); err != nil {
		return &problem{code: "usage.write", args: map[string]string{"path": string(dir)}, err: plainPath(err)}
	}
	if entries, err := os.ReadDir(string(dir)); err == nil && len(entries) > 0 {
		fmt.Fprintln(c.stdout, c.say.text("purge.left", map[string]string{"path": string(dir), "name": printable(entries[0].Name())}))
		return nil
	}
	if err := removeEmpty(string(dir)); err != nil {
		return &problem{code: "usage.write", args: map[string]string{"path": string(dir)}, err: plainPath(err)}
	}
	fmt.Fprintln(c.stdout, c.say.text("purge.done", map[string]string{"path": string(dir)}))
	return nil
}

// empty deletes what the agent makes in its folder. Nobody but administrators can change
// what stands in it, so that no name leads elsewhere meanwhile.
func (f folder) empty() error {
	var failed error
	for _, name := range append(privateFolders(), pageName, pageName+".tmp", ConfigFile) {
		failed = errors.Join(failed, removeTree(filepath.Join(string(f), name)))
	}
	return failed
}

// removeTree deletes a file or a folder with all that is in it, and follows no link. (How
// os.RemoveAll asks Windows to delete is nothing that Wine 8 knows.)
func removeTree(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := removeTree(filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(path)
}

// removeEmpty deletes the empty folder, and on Windows the one above it, which is only
// there for it.
func removeEmpty(dir string) error {
	if err := os.Remove(dir); err != nil {
		return err
	}
	if above := filepath.Dir(dir); runtime.GOOS == "windows" && filepath.Base(above) == "Vigia" {
		if entries, err := os.ReadDir(above); err == nil && len(entries) == 0 {
			return os.Remove(above)
		}
	}
	return nil
}

func purgeMessages() message.Catalogue {
	return message.Catalogue{
		"help.purge": says("borra de este equipo todo lo que el agente guarda", "deletes all that the agent keeps on this machine"),
		"help.purge.long": says(
			`Borra la carpeta de datos del agente: sus claves, los informes que el colector aún no tiene,
el registro y la página local. Después el equipo es otro para el colector: para volver hace
falta un código nuevo. Dé de baja el equipo en el colector (vigia agents retire).

El servicio debe estar parado. En Windows lo hace el desinstalador con PURGE=1; en Linux, apt
purge.

  vigia-agent purge --yes`,
			`Deletes the agent's data folder: its keys, the reports that the collector does not have yet,
the log and the local page. Afterwards the machine is another one for the collector: to come
back it needs a new token. Retire the machine at the collector (vigia agents retire).

The service must be stopped. On Windows the uninstaller does it with PURGE=1; on Linux, apt
purge.

  vigia-agent purge --yes`),
		"flag.purge_yes": says("confirma que se borra todo", "confirms that everything is deleted"),
		"purge.nothing":  says("No hay nada que borrar: {path} no existe.", "There is nothing to delete: {path} does not exist."),
		"purge.done":     says("Borrado: {path}. Dé de baja este equipo en el colector.", "Deleted: {path}. Retire this machine at the collector."),
		"purge.left": says("Borrado lo que guardaba el agente. En {path} queda algo que no es suyo: {name}.",
			"Deleted what the agent kept. Something that is not its own is left in {path}: {name}."),
	}
}
