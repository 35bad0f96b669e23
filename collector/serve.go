package collector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"vigia/collector/enroll"
	"vigia/collector/ingest"
	"vigia/collector/storage"
	"vigia/collector/web"
	"vigia/packaging/service"
)

// Bounds of the listeners. An agent calls and hangs up, so a few connections
// for each machine behind one address are enough.
const (
	maxAgentConnections = 4096
	maxAgentsPerAddress = 512
	stopWithin          = 8 * time.Second
)

// Addresses are where a serving collector listens.
type Addresses struct {
	Agents string // host:port of gRPC; empty: a simulation hears no machines
	Portal string // URL
}

// Serve listens for agents and browsers until ctx ends, then stops in order:
// what was begun is finished, within seconds. ready is called once both
// listen.
func (c *Collector) Serve(ctx context.Context, ready func(Addresses)) error {
	release, err := storage.LockFolder(c.Dir)
	if err != nil {
		return err
	}
	defer release()
	portal, err := listen(ctx, c.Config.Portal.Listen, "portal.listen")
	if err != nil {
		return err
	}
	at := Addresses{Portal: "https://" + portal.Addr().String() + "/"}
	g, ctx := errgroup.WithContext(ctx)
	if !c.Simulated() { // no machine must take a simulation for its collector
		agents, err := listen(ctx, c.Config.Agents.Listen, "agents.listen")
		if err != nil {
			return errors.Join(err, portal.Close())
		}
		at.Agents = agents.Addr().String()
		g.Go(func() error { return c.serveAgents(ctx, agents) })
		g.Go(func() error { return c.Activity.Run(ctx) })
	}
	g.Go(func() error { return c.servePortal(ctx, portal) })
	g.Go(func() error { return c.packages.Run(ctx) })
	g.Go(func() error { return c.tellPeople(ctx) })
	g.Go(func() error { return c.refreshQueue(ctx) })
	c.logger.InfoContext(ctx, "collector serves", "agents", at.Agents, "portal", at.Portal, "data", c.Dir, "version", c.version)
	ready(at)
	return g.Wait()
}

// listen opens a listener and names the setting to change when it cannot.
func listen(ctx context.Context, addr, key string) (net.Listener, error) {
	var lc net.ListenConfig
	lis, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("no se puede escuchar en %s (%s): %w", addr, key, err)
	}
	return lis, nil
}

// hosts are the names in a certificate: those configured, and where it listens.
func hosts(configured []string, listen string) []string {
	out := append([]string{"localhost", "127.0.0.1", "::1"}, configured...)
	if host, _, err := net.SplitHostPort(listen); err == nil && host != "" && !net.ParseIP(host).IsUnspecified() {
		out = append(out, host)
	}
	if name, err := os.Hostname(); err == nil {
		out = append(out, name)
	}
	return out
}

// enrollment answers machines that enrol, by wire or by hand.
func (c *Collector) enrollment() *enroll.Service {
	return enroll.NewService(enroll.ServiceOptions{
		DB: c.DB, Store: c.Enroll, CA: c.CA, Organisation: c.Config.Organisation,
		PolicyKeys: c.Assign.Keys(), LogKey: c.Log.Verifier(), FileRecipient: c.files.Recipient(),
		Policy: c.policyOf, Now: c.now, Logger: c.logger,
	})
}

// ingest takes what machines deliver, by wire or by hand.
func (c *Collector) ingest() *ingest.Service {
	return ingest.NewService(ingest.Options{
		DB: c.DB, Authority: c.CA, Machines: c.Enroll, Log: c.Log, Findings: c.Findings, Policies: c.Assign,
		FileRecipient: c.files.Recipient(), Now: c.now, Logger: c.logger, Steps: c.steps,
	})
}

func (c *Collector) serveAgents(ctx context.Context, lis net.Listener) error {
	tlsConfig, err := c.CA.ServerTLS(hosts(c.Config.Agents.Hosts, c.Config.Agents.Listen)...)
	if err != nil {
		return errors.Join(err, lis.Close())
	}
	server := ingest.NewServer(tlsConfig, c.CA, c.logger)
	c.enrollment().Register(server)
	c.ingest().Register(server)
	done := make(chan error, 1)
	go func() { done <- server.Serve(ingest.Limit(lis, maxAgentConnections, maxAgentsPerAddress)) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve agents: %w", err)
	case <-ctx.Done():
	}
	timer := time.AfterFunc(stopWithin, server.Stop)
	defer timer.Stop()
	server.GracefulStop()
	if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve agents: %w", err)
	}
	return nil
}

func (c *Collector) servePortal(ctx context.Context, lis net.Listener) error {
	tlsConfig, err := c.CA.PortalTLS(hosts(c.Config.Portal.Hosts, c.Config.Portal.Listen)...)
	if err != nil {
		return errors.Join(err, lis.Close())
	}
	handler, err := c.portal()
	if err != nil {
		return errors.Join(err, lis.Close())
	}
	server := web.Server(handler, tlsConfig, c.logger)
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(lis, "", "") }()
	select {
	case err := <-done:
		return fmt.Errorf("serve the portal: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err = server.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (c *cli) serveCommand() *cobra.Command {
	var agents, portal, ready string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Arranca el colector: recibe informes y sirve el portal",
		Long: `Arranca el colector y el portal. La primera vez crea en la carpeta de datos las
claves, la autoridad de certificados y la base de datos. Escucha solo en este
equipo hasta que la configuración diga otra cosa (agents.listen, portal.listen).

Termina con Ctrl-C o SIGTERM, sin perder nada de lo que ya confirmó.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			cfg, err := LoadConfig(c.config, c.dir, c.Environ)
			if err != nil {
				return err
			}
			if agents != "" {
				cfg.Agents.Listen = agents
			}
			if portal != "" {
				cfg.Portal.Listen = portal
			}
			return c.serve(cmd.Context(), cfg, ready)
		},
	}
	cmd.Flags().StringVar(&agents, "agents", "", "dirección para los agentes, en lugar de agents.listen")
	cmd.Flags().StringVar(&portal, "portal", "", "dirección del portal, en lugar de portal.listen")
	cmd.Flags().StringVar(&ready, "ready", "", "archivo en que escribir las direcciones cuando ya escucha")
	return cmd
}

// serve serves as a service does, until it is told to end.
func (c *cli) serve(ctx context.Context, cfg Config, ready string) error {
	var serving atomic.Pointer[Collector]
	return service.Run(ctx, service.Program{
		Name: "vigia",
		Run: func(ctx context.Context, tell func()) (err error) {
			col, err := Open(ctx, Options{Dir: c.dir, Config: cfg, Logger: c.logger(), Now: c.Now, Version: c.Version, steps: c.steps})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, col.Close()) }()
			var readyErr error
			err = col.Serve(ctx, func(at Addresses) {
				readyErr = writeReady(ready, at)
				serving.Store(col)
				tell()
			})
			return errors.Join(err, readyErr)
		},
		// It lives as long as its database answers.
		Alive: func(ctx context.Context) error {
			return serving.Load().DB.Read(ctx, func(context.Context, *storage.Tx) error { return nil })
		},
	}, c.Environ, false)
}

// writeReady tells a script where the collector listens, as shell variables.
func writeReady(file string, at Addresses) error {
	if file == "" {
		return nil
	}
	text := fmt.Sprintf("VIGIA_READY_AGENTS=%s\nVIGIA_READY_PORTAL=%s\n", at.Agents, at.Portal)
	if strings.ContainsAny(at.Agents+at.Portal, " '\"$`\\") {
		return fmt.Errorf("write %s: an address cannot be written", file)
	}
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
