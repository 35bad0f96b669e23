//go:build !purego

package detect

import "golang.org/x/sys/cpu"

// cpuHasAVX2 tells whether the kernels below may run here.
func cpuHasAVX2() bool { return cpu.X86.HasAVX2 }

// anchorsAVX2 is anchorsPortable for whole blocks of 64 bytes.
//
//go:noescape
func anchorsAVX2(b *byte, blocks int, digits, ats *uint64)

// cellsAVX2 is cellsPortable.
//
//go:noescape
func cellsAVX2(b *byte, delim byte) (lines, delims, quotes uint64)

// besideAVX2 makes the masks of whole blocks that barely reads.
//
//go:noescape
func besideAVX2(b *byte, blocks int, masks *besides)

// wordsAVX2 is wordsPortable.
//
//go:noescape
func wordsAVX2(b *byte) (letters, digits, capitals uint64)
