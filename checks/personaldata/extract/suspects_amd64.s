//go:build !purego

#include "textflag.h"

// A table holds the characters of a set, each at the place that its low half tells; at
// the others stands one that belongs elsewhere, and so is equal to nothing looked up there.

// ' ', '-', '.' and '/'
DATA joiners<>+0(SB)/8, $0xffffffffffffff20
DATA joiners<>+8(SB)/8, $0x2f2e2dffffffffff
GLOBL joiners<>(SB), RODATA|NOPTR, $16

// '@' and '#'
DATA marks<>+0(SB)/8, $0xffffffff23ffff40
DATA marks<>+8(SB)/8, $0xffffffffffffffff
GLOBL marks<>(SB), RODATA|NOPTR, $16

// '&' and '<'
DATA openers<>+0(SB)/8, $0xff26ffffffffffff
DATA openers<>+8(SB)/8, $0xffffff3cffffffff
GLOBL openers<>(SB), RODATA|NOPTR, $16

DATA characters<>+0(SB)/8, $0x3030303030303030
DATA characters<>+8(SB)/8, $0x0909090909090909
DATA characters<>+16(SB)/8, $0x2f2f2f2f2f2f2f2f
DATA characters<>+24(SB)/8, $0x7474747474747474
DATA characters<>+32(SB)/8, $0x3c3c3c3c3c3c3c3c
GLOBL characters<>(SB), RODATA|NOPTR, $40

// HALF looks at the 32 bytes at off(SI): it sets the bits of the digits in D, of what
// joins in J, and in A those of characters that are always looked at.
#define HALF(off, D, J, A) \
	VMOVDQU  off(SI), Y8          \
	VPSUBB   Y0, Y8, Y9           \
	VPMINUB  Y1, Y9, Y10          \
	VPCMPEQB Y9, Y10, Y9          \ // digits
	VPMOVMSKB Y9, D               \
	VPSHUFB  Y8, Y4, Y10          \
	VPCMPEQB Y8, Y10, Y10         \ // what joins
	VPMOVMSKB Y10, J              \
	VMOVDQU  off+1(SI), Y10       \
	VPSHUFB  Y10, Y4, Y12         \
	VPCMPEQB Y10, Y12, Y12        \
	VPCMPEQB off+2(SI), Y13, Y11  \
	VPAND    Y11, Y12, Y12        \ // a tag follows, and what joins before it
	VPSHUFB  Y10, Y6, Y11         \
	VPCMPEQB Y10, Y11, Y10        \ // a tag or entity follows
	VPCMPEQB off+2(SI), Y2, Y11   \
	VPCMPEQB off+3(SI), Y3, Y14   \
	VPAND    Y11, Y14, Y11        \ // that is the end of a cell or row
	VPANDN   Y10, Y11, Y10        \
	VPOR     Y12, Y10, Y10        \
	VPAND    Y9, Y10, Y10         \ // behind a digit
	VPSHUFB  Y8, Y5, Y11          \
	VPCMPEQB Y8, Y11, Y11         \ // an @ or #
	VPOR     Y10, Y11, Y10        \
	VPCMPEQB Y8, Y7, Y11          \ // a zero
	VPOR     Y10, Y11, Y10        \
	VPMOVMSKB Y10, A

// func suspectsAVX2(b *byte, blocks int) (block int, at uint64)
TEXT ·suspectsAVX2(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), R15
	MOVQ R15, R14
	XORQ AX, AX
	TESTQ R15, R15
	JZ   done
	VPBROADCASTQ characters<>+0(SB), Y0
	VPBROADCASTQ characters<>+8(SB), Y1
	VPBROADCASTQ characters<>+16(SB), Y2
	VPBROADCASTQ characters<>+24(SB), Y3
	VPBROADCASTQ characters<>+32(SB), Y13
	VBROADCASTI128 joiners<>(SB), Y4
	VBROADCASTI128 marks<>(SB), Y5
	VBROADCASTI128 openers<>(SB), Y6
	VPXOR Y7, Y7, Y7
loop:
	HALF(0, R8, R9, AX)
	HALF(32, R10, R11, BX)
	SHLQ $32, R10
	SHLQ $32, R11
	SHLQ $32, BX
	ORQ  R10, R8  // digits
	ORQ  R11, R9  // what joins
	ORQ  BX, AX   // what is always looked at
	LEAQ (R8)(R8*1), R10
	MOVQ R8, R11
	SHRQ $1, R11
	MOVQ R11, R12
	ANDQ R8, R11  // two digits begin here
	ANDQ R10, R9
	ANDQ R12, R9  // what joins digits
	ORQ  R8, R9   // digits and what joins them
	MOVQ R11, R12
	SHRQ $2, R12
	ANDQ R11, R12 // four digits
	SHRQ $4, R11
	ANDQ R12, R11 // six
	ORQ  R11, AX
	MOVQ R9, R10
	SHRQ $1, R10
	ANDQ R9, R10  // two of a chain
	MOVQ R10, R11
	SHRQ $2, R11
	ANDQ R10, R11 // four
	MOVQ R11, R12
	SHRQ $4, R12
	ANDQ R11, R12 // eight
	SHRQ $8, R10
	ANDQ R12, R10 // ten
	ORQ  R10, AX
	JNZ  done
	ADDQ $52, SI
	DECQ R15
	JNZ  loop
done:
	SUBQ R15, R14
	MOVQ R14, block+16(FP)
	MOVQ AX, at+24(FP)
	VZEROUPPER
	RET
