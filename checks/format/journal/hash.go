package journal

import (
	"encoding/binary"
	"math/bits"
)

// hash is how the file hashes a field value: SipHash-2-4 keyed by the file's
// id, or lookup3 of Bob Jenkins in files that are not keyed.
func (f *File) hash(value string) uint64 {
	if f.flags&flagKeyed != 0 {
		return sipHash(f.id, value)
	}
	return lookup3(value)
}

// sipHash is SipHash-2-4 (Aumasson and Bernstein, 2012).
func sipHash(key [16]byte, s string) uint64 {
	k0, k1 := binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:])
	v0, v1 := k0^0x736f6d6570736575, k1^0x646f72616e646f6d
	v2, v3 := k0^0x6c7967656e657261, k1^0x7465646279746573
	round := func() {
		v0 += v1
		v1 = bits.RotateLeft64(v1, 13) ^ v0
		v0 = bits.RotateLeft64(v0, 32)
		v2 += v3
		v3 = bits.RotateLeft64(v3, 16) ^ v2
		v0 += v3
		v3 = bits.RotateLeft64(v3, 21) ^ v0
		v2 += v1
		v1 = bits.RotateLeft64(v1, 17) ^ v2
		v2 = bits.RotateLeft64(v2, 32)
	}
	last := uint64(len(s)) << 56
	for len(s) >= 8 {
		m := binary.LittleEndian.Uint64([]byte(s[:8]))
		v3 ^= m
		round()
		round()
		v0 ^= m
		s = s[8:]
	}
	for i := range len(s) {
		last |= uint64(s[i]) << (8 * i)
	}
	v3 ^= last
	round()
	round()
	v0 ^= last
	v2 ^= 0xff
	for range 4 {
		round()
	}
	return v0 ^ v1 ^ v2 ^ v3
}

// lookup3 is hashlittle2 of lookup3.c (Jenkins, 2006) with both seeds 0; its
// first word is the upper half.
func lookup3(s string) uint64 {
	a := 0xdeadbeef + uint32(len(s))
	b, c := a, a
	rot := bits.RotateLeft32
	for len(s) > 12 {
		a += word(s)
		b += word(s[4:])
		c += word(s[8:])
		a = (a - c) ^ rot(c, 4)
		c += b
		b = (b - a) ^ rot(a, 6)
		a += c
		c = (c - b) ^ rot(b, 8)
		b += a
		a = (a - c) ^ rot(c, 16)
		c += b
		b = (b - a) ^ rot(a, 19)
		a += c
		c = (c - b) ^ rot(b, 4)
		b += a
		s = s[12:]
	}
	if len(s) > 0 {
		a += word(s)
		b += word(s[min(4, len(s)):])
		c += word(s[min(8, len(s)):])
		c = (c ^ b) - rot(b, 14)
		a = (a ^ c) - rot(c, 11)
		b = (b ^ a) - rot(a, 25)
		c = (c ^ b) - rot(b, 16)
		a = (a ^ c) - rot(c, 4)
		b = (b ^ a) - rot(a, 14)
		c = (c ^ b) - rot(b, 24)
	}
	return uint64(c)<<32 | uint64(b)
}

// word reads up to four bytes, as if zeros followed.
func word(s string) uint32 {
	var w uint32
	for i := range min(4, len(s)) {
		w |= uint32(s[i]) << (8 * i)
	}
	return w
}
