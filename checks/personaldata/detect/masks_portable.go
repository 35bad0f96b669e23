//go:build !amd64 || purego

package detect

// Other processors have no kernels: eight bytes in a word do there.

func cpuHasAVX2() bool { return false }

func anchorsAVX2(*byte, int, *uint64, *uint64) {}

func wordsAVX2(*byte) (letters, digits, capitals uint64) { return 0, 0, 0 }

func cellsAVX2(*byte, byte) (lines, delims, quotes uint64) { return 0, 0, 0 }

func besideAVX2(*byte, int, *besides) {}
