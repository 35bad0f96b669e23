package receipts

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Container is how a file is encrypted.
type Container string

// The containers that are taken.
const (
	ZipAES256      Container = "zip_aes256"
	SevenZipAES256 Container = "7z_aes256"
)

// Why a file is not taken. Each says what to do about it in the message of its Code.
var (
	ErrPlain     = errors.New("not in an encrypted container")
	ErrZipCrypto = errors.New("encrypted with ZipCrypto, which is broken")
	ErrWeak      = errors.New("encrypted with less than AES of 256 bits")
	ErrPartly    = errors.New("not all of it is encrypted")
	ErrEmpty     = errors.New("the container is empty")
	ErrContainer = errors.New("the container cannot be read")
	ErrRAR       = errors.New("a RAR archive, whose encryption is not looked at")
)

// Code is that of a message for an error of Inspect; empty for any other.
func Code(err error) string {
	for _, known := range []struct {
		err  error
		code string
	}{
		{ErrZipCrypto, "receipts.zipcrypto"}, {ErrWeak, "receipts.weak"}, {ErrPartly, "receipts.partly"}, {ErrEmpty, "receipts.empty_container"},
		{ErrContainer, "receipts.container"}, {ErrRAR, "receipts.rar"}, {ErrPlain, "receipts.plain"},
	} {
		if errors.Is(err, known.err) {
			return known.code
		}
	}
	return ""
}

// Inspect tells how a file of a size is encrypted. It needs no password and reads no
// content; what it reads is bounded, whatever the file says of itself.
func Inspect(file io.ReaderAt, size int64) (Container, error) {
	var head [8]byte
	if n, err := file.ReadAt(head[:], 0); n < 4 {
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the container: %w", err)
		}
		return "", ErrPlain
	}
	switch start := string(head[:]); {
	case strings.HasPrefix(start, "7z\xbc\xaf\x27\x1c"):
		return SevenZipAES256, inspectSevenZip(file, size)
	case strings.HasPrefix(start, "PK\x03\x04"), strings.HasPrefix(start, "PK\x05\x06"):
		return ZipAES256, inspectZip(file, size)
	case strings.HasPrefix(start, "Rar!\x1a\x07"):
		return "", ErrRAR
	default:
		return "", ErrPlain
	}
}

// The numbers of WinZip's AES encryption specification, in which AE-1 and AE-2 differ by
// the checksum of the content alone.
const (
	methodAES     = 99
	extraAES      = 0x9901
	strengthAES   = 3 // 256 bits
	flagEncrypted = 1 << 0
	maxEntries    = 10_000
)

func inspectZip(file io.ReaderAt, size int64) error {
	z, err := zip.NewReader(file, size)
	if err != nil {
		return ErrContainer
	}
	files, plain := 0, 0
	var weak error
	for i, f := range z.File {
		switch {
		case i >= maxEntries:
			return ErrContainer
		case strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0:
			continue // a folder has no content
		}
		files++
		switch {
		case f.Flags&flagEncrypted == 0:
			plain++
		case f.Method != methodAES:
			weak = ErrZipCrypto
		case aesStrength(f.Extra) != strengthAES && weak == nil:
			weak = ErrWeak
		}
	}
	switch {
	case files == 0:
		return ErrEmpty
	case plain == files:
		return ErrPlain
	case plain > 0:
		return ErrPartly
	default:
		return weak
	}
}

// aesStrength is the strength that the extra field of AES says; 0: there is no such field.
func aesStrength(extra []byte) byte {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if len(extra) < 4+n {
			return 0
		}
		if data := extra[4 : 4+n]; id == extraAES && n >= 7 && string(data[2:4]) == "AE" {
			return data[4]
		}
		extra = extra[4+n:]
	}
	return 0
}
