//go:build !amd64 || purego

package extract

// Other processors have no kernel: eight bytes in a word do there.

func cpuHasAVX2() bool { return false }

func suspectsAVX2(*byte, int) (block int, at uint64) { return 0, 0 }
