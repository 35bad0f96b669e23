//go:build !purego

package extract

import "golang.org/x/sys/cpu"

// cpuHasAVX2 tells whether the kernel below may run here.
func cpuHasAVX2() bool { return cpu.X86.HasAVX2 }

// suspectsAVX2 is suspects for blocks that begin strideBytes apart, until one has any. It
// returns the number of that block, or blocks.
//
//go:noescape
func suspectsAVX2(b *byte, blocks int) (block int, at uint64)
