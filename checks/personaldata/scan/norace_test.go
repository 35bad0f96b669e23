//go:build !race

package scan

func raceDetector() bool { return false }
