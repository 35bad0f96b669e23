// Command vigia is the collector: daemon, portal and administration.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"vigia/collector"
)

// version is set by the build.
var version = "unversioned"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := collector.Main(ctx, os.Args[1:], collector.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Version: version,
	})
	stop()
	os.Exit(code)
}
