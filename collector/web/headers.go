package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strings"
)

// contentPolicy lets a page load its own style and pictures and do nothing
// else: no script, no frame, no form to elsewhere.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// keyContentPolicy is that of the few pages that ask a security key, which takes a script.
const keyContentPolicy = contentPolicy + "; script-src 'self'"

// secured puts the headers of security on every answer.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store")
		if !loopback(r.Host) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// loopback tells whether a Host header names this machine itself, where other
// programs may want to be reached without TLS.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

// limits bounds the time of a request; its body is bounded by its route.
func limits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pageTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// source is the address that a limit on attempts counts by: an IPv6 client has
// a whole /64 to choose from.
func source(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return "?"
	}
	addr := ap.Addr().Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}

//go:embed static
var static embed.FS

const assetsPath = "/estatico/"

// assets are the files of the pages' looks. Each has the hash of its content in
// its name, so that browsers may keep it for ever.
type assets struct {
	names map[string]string // address by file name
	files map[string][]byte // content by address
}

func loadAssets() (assets, error) {
	a := assets{names: map[string]string{}, files: map[string][]byte{}}
	entries, err := static.ReadDir("static")
	if err != nil {
		return a, fmt.Errorf("embedded files: %w", err)
	}
	for _, e := range entries {
		data, err := static.ReadFile("static/" + e.Name())
		if err != nil {
			return a, fmt.Errorf("embedded file: %w", err)
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(e.Name())
		address := assetsPath + strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.names[e.Name()], a.files[address] = address, data
	}
	return a, nil
}

// contentTypes of what the folder may hold: not those of the machine's own
// table, which differs from machine to machine.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return "application/octet-stream"
	}
}

func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, ok := a.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType(r.URL.Path))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if _, err := w.Write(data); err != nil {
		return // the client left
	}
}
