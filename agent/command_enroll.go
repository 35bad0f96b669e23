package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"vigia/agent/identity"
	"vigia/agent/spool"
	"vigia/checks/catalog"
	"vigia/checks/host"
	"vigia/checks/host/local"
	"vigia/checks/policy"
	apiv1 "vigia/collector/api/v1"
)

// enrolFlags are the options of the command enroll.
type enrolFlags struct {
	collector, token, tokenFile, data string
	later                             bool
}

func (c *cli) enrollCommand() *cobra.Command {
	var f enrolFlags
	cmd := c.command("enroll --collector HOST:PORT --token TOKEN", "enroll", func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return c.tooMany(cmd, args[0])
		}
		return c.enroll(cmd, f)
	})
	cmd.Flags().StringVar(&f.collector, "collector", "", c.say.text("flag.collector", nil))
	cmd.Flags().StringVar(&f.token, "token", "", c.say.text("flag.token", nil))
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", c.say.text("flag.token_file", nil))
	cmd.Flags().BoolVar(&f.later, "later", false, c.say.text("flag.later", nil))
	c.dataFlag(cmd, &f.data)
	return cmd
}

func (c *cli) enroll(cmd *cobra.Command, f enrolFlags) error {
	ctx := cmd.Context()
	if f.collector == "" {
		return c.usage(cmd, "usage.missing", map[string]string{"what": "--collector HOST:PORT"})
	}
	token, err := c.readToken(cmd, f)
	if err != nil {
		return err
	}
	dir := folder(f.data)
	if f.later { // the service may be waiting for it in the folder
		return c.enrollLater(ctx, dir, identity.Asked{Collector: f.collector, Token: token.String()})
	}
	unlock, err := dir.lock()
	if err != nil {
		return err
	}
	defer unlock() //nolint:errcheck // the process ends with it
	self := introducer{machine: func() *host.Host { return local.New(local.Options{}) }, version: c.version}
	id, err := enrol(ctx, dir, identity.Request{
		Dir: dir.identity(), Collector: f.collector, Token: token, Machine: self.describe(ctx),
	}, logger(DefaultConfig(), c.stderr))
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, c.say.text("enroll.done", map[string]string{"organisation": organisationOf(id), "agent": id.AgentID()}))
	fmt.Fprintln(c.stdout, c.say.text("enroll.next", nil))
	return nil
}

// enrollLater leaves an enrolment to the service. Of a machine that is enrolled already
// nothing is asked: an installer that runs again is no mistake.
func (c *cli) enrollLater(ctx context.Context, dir folder, asked identity.Asked) error {
	if err := dir.makeSafe(ctx, local.New(local.Options{})); err != nil {
		return err
	}
	err := identity.Ask(dir.identity(), asked)
	if errors.Is(err, identity.ErrEnrolled) {
		fmt.Fprintln(c.stdout, c.say.text("enroll.already", nil))
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.stdout, c.say.text("enroll.later", nil))
	return nil
}

// enrol makes an enrolment and keeps what comes with it.
func enrol(ctx context.Context, dir folder, req identity.Request, logger *slog.Logger) (*identity.Identity, error) {
	id, signed, err := identity.Enroll(ctx, req)
	if err != nil || signed == nil {
		return id, err
	}
	return id, keepFirstPolicy(ctx, dir, id, signed, logger)
}

// organisationOf names whom the collector belongs to; a collector that was not
// told is named by its address.
func organisationOf(id *identity.Identity) string {
	if name := id.Organisation(); name != "" {
		return name
	}
	return id.Collector()
}

// maxToken bounds what is read for a token.
const maxToken = 4 << 10

// readToken takes the token from the option, a file or standard input. It is a
// secret: no error repeats it.
func (c *cli) readToken(cmd *cobra.Command, f enrolFlags) (apiv1.Token, error) {
	text := f.token
	switch {
	case f.token != "" && f.tokenFile != "":
		return apiv1.Token{}, c.usage(cmd, "usage.exclude", map[string]string{"what": "--token, --token-file"})
	case f.token == "" && f.tokenFile == "":
		return apiv1.Token{}, c.usage(cmd, "usage.missing", map[string]string{"what": "--token TOKEN"})
	case f.token == "-" || f.tokenFile == "-":
		b, err := io.ReadAll(io.LimitReader(c.stdin, maxToken))
		if err != nil {
			return apiv1.Token{}, fmt.Errorf("read the token: %w", err)
		}
		text = string(b)
	case f.tokenFile != "":
		file, err := os.Open(f.tokenFile)
		if err != nil {
			return apiv1.Token{}, &problem{code: "usage.path", args: map[string]string{"path": f.tokenFile}, err: plainPath(err)}
		}
		defer file.Close()
		b, err := io.ReadAll(io.LimitReader(file, maxToken))
		if err != nil {
			return apiv1.Token{}, fmt.Errorf("read the token: %w", err)
		}
		text = string(b)
	}
	return apiv1.ParseToken(text)
}

// policiesOf opens the kept policy of an enrolment.
func policiesOf(dir folder, id *identity.Identity, cat *catalog.Catalog, logger *slog.Logger) (*policies, error) {
	kept, err := spool.Dir(dir.enrolment(id.AgentID()))
	if err != nil {
		return nil, err
	}
	return &policies{
		catalog: cat, now: time.Now, agentID: id.AgentID(), keys: id.PolicyKeys, logger: logger,
		store:   shelf{kept, policyFile, 2 * policy.MaxPolicy},
		good:    shelf{kept, goodPolicyFile, 2 * policy.MaxPolicy},
		adopted: func(policy.Policy) {},
		refused: func(context.Context, map[string]string) {},
	}, nil
}

// keepFirstPolicy keeps the policy that came with the enrolment. One that is
// refused is no reason to fail: the collector offers it again.
func keepFirstPolicy(ctx context.Context, dir folder, id *identity.Identity, signed *apiv1.SignedPolicy, logger *slog.Logger) error {
	p, err := policiesOf(dir, id, catalog.New(), slog.New(warnings{logger.Handler()}))
	if err != nil {
		return err
	}
	p.Offer(ctx, signed)
	return nil
}

// warnings drops what is less than a warning: a command says its own.
type warnings struct{ slog.Handler }

func (warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

var errNoPolicy = errors.New("there is no policy yet")

// keptPolicy reads the policy in force from disk.
func keptPolicy(ctx context.Context, dir folder, id *identity.Identity, cat *catalog.Catalog) (policy.Policy, error) {
	p, err := policiesOf(dir, id, cat, slog.New(slog.DiscardHandler))
	if err != nil {
		return policy.Policy{}, err
	}
	if err := p.load(ctx); err != nil {
		return policy.Policy{}, err
	}
	current, ok := p.get()
	if !ok {
		return policy.Policy{}, errNoPolicy
	}
	return current, nil
}
