package extract

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // the format's, for old files
	"crypto/rc4" //nolint:gosec // the format's, for old files
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
)

// pdfCipher is how strings or streams of a file are encrypted.
type pdfCipher uint8

const (
	pdfPlain pdfCipher = iota
	pdfRC4
	pdfAES128
	pdfAES256
)

// A pdfCrypt undoes the standard security handler of a file that opens without a
// password (ISO 32000-2, 7.6): most files that are "protected" only forbid to print or
// to change them. Nil decrypts nothing.
type pdfCrypt struct {
	key       []byte
	ofStrings pdfCipher
	ofStreams pdfCipher
	metadata  bool // is encrypted too
}

// pdfPadding stands for what is missing of a password.
const pdfPadding = "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A"

// pdfOpen makes the key of a file from its encryption dictionary, whose values are
// resolved, and the first of its two identifiers. Nil: it needs a password, or another
// handler than the standard one.
func pdfOpen(dict pdfValue, id []byte) *pdfCrypt {
	if !dict.get("Filter").is("Standard") {
		return nil
	}
	version, revision := dict.get("V").int(), dict.get("R").int()
	c := &pdfCrypt{metadata: string(dict.get("EncryptMetadata").text) != "false"}
	bits := dict.get("Length").int()
	switch version {
	case 1:
		c.ofStrings, c.ofStreams, bits = pdfRC4, pdfRC4, 40
	case 2, 3:
		c.ofStrings, c.ofStreams = pdfRC4, pdfRC4
	case 4, 5:
		c.ofStrings, c.ofStreams = pdfCipherOf(dict, "StrF"), pdfCipherOf(dict, "StmF")
		bits = 128
	default:
		return nil
	}
	if bits < 40 || bits > 128 {
		bits = 40
	}
	user := dict.get("U").text
	if version == 5 {
		c.key = pdfKey256(revision, user, dict.get("UE").text)
	} else {
		c.key = pdfKey128(revision, bits/8, user, dict, id, c.metadata)
	}
	if c.key == nil {
		return nil
	}
	return c
}

// pdfCipherOf returns the method of a crypt filter that a dictionary names.
func pdfCipherOf(dict pdfValue, which string) pdfCipher {
	filter := dict.get("CF").get(string(dict.get(which).text))
	switch string(filter.get("CFM").text) {
	case "V2":
		return pdfRC4
	case "AESV2":
		return pdfAES128
	case "AESV3":
		return pdfAES256
	}
	return pdfPlain
}

// pdfKey128 makes the key for an empty password up to revision 4 (algorithm 2), and
// returns nil when it is not the right one (algorithms 4 and 5).
func pdfKey128(revision, n int, user []byte, dict pdfValue, id []byte, metadata bool) []byte {
	owner := dict.get("O").text
	if len(owner) < 32 || len(user) < 16 {
		return nil
	}
	seed := append([]byte(pdfPadding), owner[:32]...)
	seed = binary.LittleEndian.AppendUint32(seed, uint32(int64(dict.get("P").number())))
	seed = append(seed, id...)
	if revision >= 4 && !metadata {
		seed = append(seed, 0xFF, 0xFF, 0xFF, 0xFF)
	}
	sum := md5.Sum(seed) //nolint:gosec // as above
	if revision < 3 {
		if bytes.Equal(pdfRC4With(sum[:5], []byte(pdfPadding)), user[:min(32, len(user))]) {
			return bytes.Clone(sum[:5])
		}
		return nil
	}
	for range 50 {
		sum = md5.Sum(sum[:n]) //nolint:gosec // as above
	}
	key := bytes.Clone(sum[:n])
	want := md5.Sum(append([]byte(pdfPadding), id...)) //nolint:gosec // as above
	check := want[:]
	for i := range 20 {
		round := bytes.Clone(key)
		for k := range round {
			round[k] ^= byte(i)
		}
		check = pdfRC4With(round, check)
	}
	if !bytes.Equal(check, user[:16]) {
		return nil
	}
	return key
}

// pdfKey256 makes the key for an empty password of revisions 5 and 6 (algorithm 2.A).
func pdfKey256(revision int, user, encrypted []byte) []byte {
	if len(user) < 48 || len(encrypted) < 32 {
		return nil
	}
	hash := pdfHash
	if revision == 5 {
		hash = func(salt []byte) []byte { sum := sha256.Sum256(salt); return sum[:] }
	}
	if !bytes.Equal(hash(user[32:40]), user[:32]) {
		return nil
	}
	block, err := aes.NewCipher(hash(user[40:48]))
	if err != nil {
		return nil
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(key, encrypted[:32])
	return key
}

// pdfHash is the slow hash of revision 6 (algorithm 2.B) with an empty password.
func pdfHash(salt []byte) []byte {
	sum := sha256.Sum256(salt)
	k := sum[:]
	for i := 0; ; i++ {
		e := bytes.Repeat(k, 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(e, e)
		rest := 0
		for _, c := range e[:16] {
			rest += int(c)
		}
		switch rest % 3 { // 256 is 1 modulo 3: the sum of the bytes is as good as the number
		case 0:
			s := sha256.Sum256(e)
			k = s[:]
		case 1:
			s := sha512.Sum384(e)
			k = s[:]
		case 2:
			s := sha512.Sum512(e)
			k = s[:]
		}
		if i >= 63 && int(e[len(e)-1]) <= i-31 {
			return k[:32]
		}
	}
}

func pdfRC4With(key, b []byte) []byte {
	c, err := rc4.NewCipher(key) //nolint:gosec // as above
	if err != nil {
		return b
	}
	out := make([]byte, len(b))
	c.XORKeyStream(out, b)
	return out
}

// strings decrypts the strings in an object of the file.
func (c *pdfCrypt) strings(v *pdfValue, num, gen int) {
	if c == nil || c.ofStrings == pdfPlain {
		return
	}
	if v.kind == pdfString {
		v.text = c.decrypt(c.ofStrings, v.text, num, gen)
	}
	for i := range v.list {
		c.strings(&v.list[i], num, gen)
	}
}

// stream decrypts the bytes of a stream.
func (c *pdfCrypt) stream(b []byte, o pdfObject) []byte {
	if c == nil || c.ofStreams == pdfPlain {
		return b
	}
	kind := o.value.get("Type")
	if kind.is("XRef") || kind.is("Metadata") && !c.metadata {
		return b
	}
	return c.decrypt(c.ofStreams, b, o.num, o.gen)
}

// decrypt returns the plain bytes of a string or stream (algorithms 1 and 1.A).
func (c *pdfCrypt) decrypt(how pdfCipher, b []byte, num, gen int) []byte {
	key := c.key
	if how != pdfAES256 {
		seed := append(bytes.Clone(key), byte(num), byte(num>>8), byte(num>>16), byte(gen), byte(gen>>8))
		if how == pdfAES128 {
			seed = append(seed, "sAlT"...)
		}
		sum := md5.Sum(seed) //nolint:gosec // as above
		key = sum[:min(len(key)+5, 16)]
	}
	if how == pdfRC4 {
		return pdfRC4With(key, b)
	}
	whole := len(b) / aes.BlockSize * aes.BlockSize
	if whole < 2*aes.BlockSize {
		return nil
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, whole-aes.BlockSize)
	cipher.NewCBCDecrypter(block, b[:aes.BlockSize]).CryptBlocks(out, b[aes.BlockSize:whole])
	if pad := int(out[len(out)-1]); pad >= 1 && pad <= aes.BlockSize {
		out = out[:len(out)-pad]
	}
	return out
}
