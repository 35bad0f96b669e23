package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"vigia/packaging/service"
)

// serviceCommand manages the service of Windows. On Linux systemd does, by the unit that
// the package brings.
func (c *cli) serviceCommand() *cobra.Command {
	var data string
	cmd := c.command("service install|uninstall|start|stop|status", "service", func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return c.usage(cmd, "usage.missing", map[string]string{"what": "install|uninstall|start|stop|status"})
		case 1:
			return c.service(cmd, args[0], data)
		default:
			return c.tooMany(cmd, args[1])
		}
	})
	cmd.ValidArgs = []string{"install", "uninstall", "start", "stop", "status"}
	c.dataFlag(cmd, &data)
	return cmd
}

func (c *cli) service(cmd *cobra.Command, what, data string) error {
	ctx := cmd.Context()
	act := map[string]func(context.Context, string) error{
		"install":   func(context.Context, string) error { return c.installService(data) },
		"uninstall": service.Uninstall, "start": service.Start, "stop": service.Stop,
	}
	switch do, ok := act[what]; {
	case what == "status":
		return c.serviceState()
	case !ok:
		return c.usage(cmd, "usage.argument", map[string]string{"argument": what})
	default:
		if err := serviceProblem(do(ctx, serviceName)); err != nil {
			return err
		}
		fmt.Fprintln(c.stdout, c.say.text("service."+what, nil))
		return nil
	}
}

func (c *cli) installService(data string) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the agent's own program: %w", err)
	}
	if data, err = filepath.Abs(data); err != nil {
		return err
	}
	return service.Install(service.Settings{
		Name: serviceName, DisplayName: "Vigía",
		Description: c.say.text("service.description", nil),
		Program:     program, Args: []string{"run", "--" + managedFlag, "--data", data},
	})
}

// serviceState says how the service is; the answer is no when it does not run.
func (c *cli) serviceState() error {
	state, err := service.Query(serviceName)
	if errors.Is(err, service.ErrNotInstalled) {
		fmt.Fprintln(c.stdout, c.say.text("service.none", nil))
		return answer(exitNo)
	}
	if err := serviceProblem(err); err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, c.say.text("service."+string(state), nil))
	if state != service.Running {
		return answer(exitNo)
	}
	return nil
}

// serviceProblem says what to do about what the manager answered.
func serviceProblem(err error) error {
	for known, code := range map[error]string{
		service.ErrNoManager: "problem.systemd", service.ErrNotInstalled: "problem.no_service",
		service.ErrInstalled: "problem.service", service.ErrNotAdministrator: "problem.administrator",
	} {
		if errors.Is(err, known) {
			return &problem{code: code}
		}
	}
	if err != nil {
		return &problem{code: "problem.service_manager", err: err}
	}
	return nil
}
