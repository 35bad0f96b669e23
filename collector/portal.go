package collector

import (
	"net/http"

	"vigia/collector/web"
)

// portal builds the portal's handler.
func (c *Collector) portal() (http.Handler, error) {
	sources, err := c.sources()
	if err != nil {
		return nil, err
	}
	return web.New(web.Options{
		Organisation: c.Config.Organisation, Zone: c.Config.TimeZone.Location, DB: c.DB, Accounts: c.Access,
		Enroll: c.Enroll, Findings: c.Findings, Catalog: c.Catalog, Laws: sources.Laws, Packs: sources.Packs,
		Now: c.now, Logger: c.logger, Version: c.version,
	})
}
