package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vigia/agent/identity"
	"vigia/agent/spool"
	"vigia/checks/catalog"
	"vigia/packaging/service"
)

func (c *cli) statusCommand() *cobra.Command {
	format := formatText
	var data string
	cmd := c.command("status [--data DIR] [--format text|json]", "status", func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return c.tooMany(cmd, args[0])
		}
		return c.status(cmd.Context(), data, format)
	})
	cmd.Flags().Var(&format, "format", c.say.text("flag.format", nil))
	c.dataFlag(cmd, &data)
	return cmd
}

// status shows what a working agent left in the data folder. The answer is no
// when reports cannot be written or the last call did not get through.
func (c *cli) status(ctx context.Context, data string, format formatFlag) error {
	dir := folder(data)
	id, err := identity.Load(dir.identity(), nil)
	if errors.Is(err, identity.ErrNotEnrolled) {
		if asked, ok, err := identity.WhatIsAsked(dir.identity()); err == nil && ok {
			return c.statusOfAsked(dir, asked)
		}
		if last, err := lastExport(dir, ""); err == nil && !last.IsZero() {
			fmt.Fprintln(c.stdout, c.say.text("status.by_hand.asked", map[string]string{"last": c.say.time(last)}))
			return answer(exitNo)
		}
		fmt.Fprintln(c.stderr, c.explain(err))
		return answer(exitNo)
	}
	if err != nil {
		return err
	}
	s, err := currentStatus(ctx, dir, id)
	if err != nil {
		return fmt.Errorf("read the status: %w", err)
	}
	if format == formatJSON {
		enc := json.NewEncoder(c.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(s); err != nil {
			return err
		}
	} else {
		c.writeStatus(s, dir)
	}
	if s.Spool.Error != "" || s.Delivery.Error != "" {
		return answer(exitNo)
	}
	return nil
}

// statusOfAsked says what an enrolment that was asked for waits for. The answer is no.
func (c *cli) statusOfAsked(dir folder, asked identity.Asked) error {
	code := "status.asked"
	args := map[string]string{"collector": asked.Collector, "log": dir.logName()}
	if identity.IsPending(dir.identity(), asked) {
		check, ok, err := identity.CheckCode(dir.identity())
		if err != nil {
			return err
		}
		if ok {
			code, args["code"] = "status.pending", check
		}
	}
	fmt.Fprintln(c.stdout, c.say.text(code, args))
	if c.serviceOf(dir) == service.Stopped {
		fmt.Fprintln(c.stdout, c.say.text("enroll.next.stopped", nil)+" "+c.say.text("enroll.start."+runtime.GOOS, nil))
	}
	return answer(exitNo)
}

// currentStatus joins the view with what is on disk now: an agent that is not
// running, or never ran, has no fresh view.
func currentStatus(ctx context.Context, dir folder, id *identity.Identity) (Status, error) {
	s, err := readStatus(dir, id.AgentID())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Status{}, err
	}
	s.AgentID, s.Organisation, s.EnrolledAt = id.AgentID(), id.Organisation(), id.EnrolledAt()
	s.Certificate = id.Expires().UTC()
	if s.Exported, err = lastExport(dir, s.AgentID); err != nil {
		return Status{}, err
	}
	if s.Collector == "" {
		s.Collector = id.Collector()
		s.ByHand = noRoute(s.Collector)
	}
	p, err := keptPolicy(ctx, dir, id, catalog.New())
	switch {
	case err == nil:
		s.Policy = StatusPolicy{Epoch: p.Epoch, Version: p.Version, Packs: p.Packs, Portal: p.Portal, Refused: s.Policy.Refused}
	case !errors.Is(err, errNoPolicy):
		return Status{}, err
	}
	fsys, err := spool.Dir(dir.spool(id.AgentID()))
	if err != nil {
		return Status{}, err
	}
	q, err := spool.Open(fsys, spool.Options{})
	if err != nil {
		return Status{}, err
	}
	problem := s.Spool.Error
	s.Spool = spoolStatus(q.Stats())
	s.Spool.Error = problem
	return s, q.Close()
}

func (c *cli) writeStatus(s Status, dir folder) {
	line := func(code, value string) {
		fmt.Fprintf(c.stdout, "%s  %s\n", pad(c.say.text(code, nil), 24), value)
	}
	line("status.agent", s.AgentID)
	line("status.organisation", cmp.Or(s.Organisation, "—"))
	if s.ByHand {
		line("status.by_hand", c.waiting(s))
	} else {
		line("status.collector", s.Collector)
	}
	if s.Proxy != "" {
		line("status.proxy", s.Proxy)
	}
	if !s.ByHand { // without a route it is of no use, and may expire
		line("status.certificate", c.say.time(s.Certificate))
	}
	if s.Policy.Version == 0 {
		line("status.policy", c.say.text("status.no_policy", nil))
	} else {
		line("status.policy", fmt.Sprintf("%d.%d (%s)", s.Policy.Epoch, s.Policy.Version, packList(s.Policy.Packs)))
	}
	if r := s.Policy.Refused; r != nil {
		line("status.refused", c.say.time(r.At)+": "+c.say.refused(r))
	}
	line("status.reports", c.say.text("status.reports.value", map[string]string{
		"last": number(s.Spool.Last), "acked": number(s.Spool.Acked), "waiting": number(s.Spool.Waiting), "bytes": size(s.Spool.Bytes),
	}))
	if s.SafeMode {
		left := cmp.Or(strings.Join(s.LeftOut, ", "), "—")
		line("status.safe", c.say.text("status.safe.value", map[string]string{"log": dir.logName(), "left": left}))
	}
	if s.Spool.Damaged+s.Spool.Dropped > 0 {
		line("status.lost", c.say.text("status.lost.value", map[string]string{
			"damaged": number(s.Spool.Damaged), "dropped": number(s.Spool.Dropped),
		}))
	}
	if s.Spool.Error != "" {
		line("status.spool_error", s.Spool.Error)
	}
	if s.Delivery.Succeeded.IsZero() {
		line("status.delivered", c.say.text("status.never", nil))
	} else {
		line("status.delivered", c.say.time(s.Delivery.Succeeded))
	}
	if s.Delivery.Error != "" {
		line("status.delivery_error", c.say.time(s.Delivery.Tried)+": "+s.Delivery.Error)
	}
}

// waiting says since when what was measured waits to be carried away.
func (c *cli) waiting(s Status) string {
	args := map[string]string{"since": c.say.time(s.Spool.Since), "last": c.say.time(s.Exported)}
	switch {
	case s.Spool.Since.IsZero():
		return c.say.text("status.by_hand.nothing", nil)
	case s.Exported.IsZero():
		return c.say.text("status.by_hand.never", args)
	}
	return c.say.text("status.by_hand.last", args)
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// size writes bytes for people, in binary multiples.
func size(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), 0
	for value >= 1<<10 && unit < 5 {
		value /= 1 << 10
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", value, " KMGTP"[unit])
}
