package collector

import "net/http"

// portal builds the portal's handler.
func (c *Collector) portal() (http.Handler, error) {
	return http.NotFoundHandler(), nil
}
