// Command vigia-agent measures the machine it runs on and delivers what it
// measured to the collector.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"vigia/agent"
)

// version is set by the build.
var version = "unversioned"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := agent.Main(ctx, os.Args[1:], agent.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Version: version,
	})
	stop()
	os.Exit(code)
}
