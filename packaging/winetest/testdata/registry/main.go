//go:build windows

// Command registry prints what a test put into the registry and where it runs.
package main

import (
	"crypto/rand"
	"fmt"
	"os"

	"golang.org/x/sys/windows/registry"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "hang" {
		fmt.Println("hanging")
		select {}
	}
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `Software\Vigia\Prueba`, registry.QUERY_VALUE)
	if err != nil {
		fmt.Fprintln(os.Stderr, "open:", err)
		os.Exit(2)
	}
	defer key.Close()
	text, _, err := key.GetStringValue("Ayuntamiento")
	if err != nil {
		fmt.Fprintln(os.Stderr, "string:", err)
		os.Exit(2)
	}
	number, _, err := key.GetIntegerValue("Segundos")
	if err != nil {
		fmt.Fprintln(os.Stderr, "integer:", err)
		os.Exit(2)
	}
	_, _ = rand.Read(make([]byte, 8)) // needs the random numbers that Wine lacks
	home, _ := os.UserHomeDir()
	fmt.Printf("%s|%d|%s|%v\n", text, number, home, os.Args[1:])
}
