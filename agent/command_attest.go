package agent

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"vigia/agent/identity"
	"vigia/checks/message"
	apiv1 "vigia/collector/api/v1"
)

func (c *cli) attestCommand() *cobra.Command {
	var data string
	cmd := c.command("attest FILE [--data DIR]", "attest", func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return c.usage(cmd, "usage.missing", map[string]string{"what": "FILE"})
		case 1:
			return c.attest(cmd.Context(), args[0], data)
		default:
			return c.tooMany(cmd, args[1])
		}
	})
	c.dataFlag(cmd, &data)
	return cmd
}

// attest signs a file as this machine, and writes the signature beside it.
func (c *cli) attest(ctx context.Context, file, data string) error {
	id, err := identity.Load(folder(data).identity(), nil)
	if err != nil {
		return err
	}
	sum, err := digest(ctx, file)
	if err != nil {
		return &problem{code: "usage.path", args: map[string]string{"path": file}, err: plainPath(err)}
	}
	a := apiv1.Attest(id.AgentID(), time.Now(), sum, id.Sign)
	beside := file + apiv1.AttestationSuffix
	if err := writeView(beside, a.Encode(), 0o644); err != nil {
		return fmt.Errorf("write the signature: %w", err)
	}
	fmt.Fprintln(c.stdout, c.say.text("attest.done", map[string]string{"agent": id.AgentID(), "path": beside}))
	fmt.Fprintln(c.stdout, c.say.text("attest.next", map[string]string{"file": filepath.Base(file)}))
	return nil
}

// digest is the SHA-256 of a file's content.
func digest(ctx context.Context, file string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, untilDone{ctx, f}); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}

// untilDone reads until a context ends.
type untilDone struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// attestMessages are the words of attest.
func attestMessages() message.Catalogue {
	return message.Catalogue{
		"help.attest": says("firma un archivo en nombre de este equipo", "signs a file in this machine's name"),
		"help.attest.long": says(
			`Firma un archivo con la llave con la que este equipo firma sus informes, y escribe la firma
al lado, en FILE.firma. Así el resultado de una prueba de aceptación prueba en qué equipo se
hizo. En el colector, «vigia attest verify FILE» dice qué equipo lo firmó y cuándo. Hace
falta ser administrador: nadie más puede leer las claves.

  vigia-agent attest resultado.json`,
			`Signs a file with the key that this machine signs its reports with, and writes the signature
beside it, to FILE.firma. So the result of an acceptance run proves on which machine it was
made. At the collector, "vigia attest verify FILE" tells which machine signed it and when.
Only an administrator may: nobody else can read the keys.

  vigia-agent attest result.json`),
		"attest.done": says("Firmado por el equipo {agent}: {path}", "Signed by the machine {agent}: {path}"),
		"attest.next": says("Lleve los dos archivos al servidor y compruébelos allí: vigia attest verify {file}",
			"Take both files to the server and verify them there: vigia attest verify {file}"),
	}
}
