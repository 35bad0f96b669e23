package collector

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"vigia/checks/policy"
	"vigia/collector/report"
	"vigia/collector/storage"
	"vigia/collector/web"
)

// portal builds the portal's handler.
func (c *Collector) portal() (http.Handler, error) {
	opts, err := c.portalOptions()
	if err != nil {
		return nil, err
	}
	return web.New(opts)
}

// portalOptions are what the portal is made from.
func (c *Collector) portalOptions() (web.Options, error) {
	laws, err := policy.Laws()
	if err != nil {
		return web.Options{}, fmt.Errorf("embedded laws: %w", err)
	}
	if err := c.loginSecrets(); err != nil {
		return web.Options{}, err
	}
	channels, err := c.channels()
	if err != nil {
		return web.Options{}, err
	}
	return web.Options{
		Activity:  c.Activity,
		Simulated: c.Simulated(), Organisation: c.Config.Organisation, Zone: c.Config.TimeZone.Location, DB: c.DB, Accounts: c.Access, Provider: c.provider, Directory: c.directory,
		Registers: c.Registers, Documents: c.Documents, Books: Books(), Compare: c.Compare, Decisions: c.Decisions, Incidents: c.Incidents,
		Handover: c, Notify: c.Notify, Channels: channels, People: c.people,
		Enroll: c.Enroll, Findings: c.Findings, Catalog: c.Catalog, Laws: laws, Packs: c.packsForPortal,
		Worktime: c.Worktime, Chosen: c.Chosen,
		Reviews: c.Reviews, OpenReview: c.OpenReview, Packages: c.packages, LogKey: report.Fingerprint(c.Log.Verifier()),
		Agents: c.agentsAddress(), Now: c.now, Logger: c.logger, Version: c.version,
	}, nil
}

// packsForPortal are the packs in force as the portal shows them.
func (c *Collector) packsForPortal(ctx context.Context, tx *storage.Tx) ([]web.Pack, error) {
	all, err := c.Assign.AllPacks(ctx, tx)
	if err != nil {
		return nil, err
	}
	var out []web.Pack
	for _, p := range all {
		if p.InForce {
			out = append(out, web.Pack{Pack: p.Pack, Signer: p.Signer, Imported: p.ImportedAt, Chosen: p.Chosen})
		}
	}
	return out, nil
}

// portalAddress is where the configuration has the portal, by the first name it is known by.
func (c *Collector) portalAddress() string {
	host, port, err := net.SplitHostPort(c.Config.Portal.Listen)
	if err != nil {
		return "https://" + c.Config.Portal.Listen + "/"
	}
	if names := c.Config.Portal.Hosts; len(names) > 0 {
		host = names[0]
	} else if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "localhost"
	}
	return "https://" + net.JoinHostPort(host, port) + "/"
}
