// Command sbom writes what of others a program holds: a bill of materials and the notices
// of their licences. `make package` runs it for each program; packaging/sbom says more.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"vigia/packaging/sbom"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := sbom.Main(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(2)
	}
}
