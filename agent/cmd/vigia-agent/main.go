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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := agent.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
