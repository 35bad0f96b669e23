package extract

import (
	"bytes"
	"encoding/binary"
)

// A format is what a document is, by its content.
type format struct {
	name string
	why  Reason // why a format that no reader is for is not read
}

// magics are the formats that begin with bytes of their own. The first that fits counts.
var magics = [...]struct {
	prefix string
	format
}{
	{"%PDF-", format{"pdf", ""}},
	{"%!PS", format{"postscript", Unsupported}},
	{"{\\rtf", format{"rtf", Unsupported}},
	{"PK\x03\x04", format{"zip", ""}},
	{"PK\x05\x06", format{"zip", ""}},
	{"PK\x07\x08PK\x03\x04", format{"zip", ""}},
	{"PK00PK\x03\x04", format{"zip", ""}},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", format{"ole", Unsupported}},
	{"7z\xbc\xaf\x27\x1c", format{"7z", Unsupported}},
	{"Rar!\x1a\x07", format{"rar", Unsupported}},
	{"\x1f\x8b", format{"gzip", Unsupported}},
	{"\xfd7zXZ\x00", format{"xz", Unsupported}},
	{"\x28\xb5\x2f\xfd", format{"zstd", Unsupported}},
	{"SQLite format 3\x00", format{"sqlite", ""}},
	{"\x37\x7f\x06\x82", format{"sqlite-wal", ""}},
	{"\x37\x7f\x06\x83", format{"sqlite-wal", ""}},
	{"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", format{"sqlite-journal", ""}},
	{"\x09\x08\x10\x00", format{"xls", ""}},
	{"\x09\x08\x08\x00", format{"xls", ""}},
	{"\x09\x04\x06\x00", format{"xls", ""}},
	{"\x09\x02\x06\x00", format{"xls", ""}},
	{"\x09\x00\x04\x00", format{"xls", ""}},
	{"\x76\xe8\x04\x60\xc4\x11\xe3\x86", format{"rpmsg", Encrypted}},
	{"\x00\x01\x00\x00Standard Jet DB", format{"access", Unsupported}},
	{"\x00\x01\x00\x00Standard ACE DB", format{"access", Unsupported}},
	{"!BDN", format{"pst", Unsupported}},
	{"\x78\x9f\x3e\x22", format{"tnef", ""}},

	// Archives and images of disks that there is no reader for.
	{"\x1f\x9d", format{"compress", Unsupported}},
	{"\x04\x22\x4d\x18", format{"lz4", Unsupported}},
	{"MSCF\x00\x00\x00\x00", format{"cab", Unsupported}},
	{"!<arch>\n", format{"ar", ""}},
	{"\x60\xea", format{"arj", Unsupported}},
	{"\xed\xab\xee\xdb", format{"rpm", Unsupported}},
	{"MSWIM\x00\x00\x00", format{"wim", Unsupported}},
	{"QFI\xfb", format{"qcow2", Unsupported}},
	{"KDMV", format{"vmdk", Unsupported}},
	{"PACK\x00\x00\x00", format{"git-pack", Unsupported}},

	// What needs a key.
	{"-----BEGIN PGP MESSAGE", format{"pgp", Encrypted}},
	{"\x8c\x0d\x04", format{"pgp", Encrypted}},
	{"\x85\x01\x0c\x03", format{"pgp", Encrypted}},
	{"\x85\x02\x0c\x03", format{"pgp", Encrypted}},
	{"\x84\x5e\x03", format{"pgp", Encrypted}},
	{"age-encryption.org/v1\n", format{"age", Encrypted}},
	{"-----BEGIN AGE ENCRYPTED FILE", format{"age", Encrypted}},
	{"LUKS\xba\xbe", format{"luks", Encrypted}},
	{"\x03\xd9\xa2\x9a", format{"keepass", Encrypted}},
	{"Salted__", format{"openssl", Encrypted}},
	{"AES\x02\x00", format{"aescrypt", Encrypted}},
	{"\xeb\x58\x90-FVE-FS-", format{"bitlocker", Encrypted}},

	// Pictures: their metadata is text.
	{"\x89PNG\r\n\x1a\n", format{"png", NoText}},
	{"\xff\xd8\xff", format{"jpeg", NoText}},
	{"GIF87a", format{"gif", NoText}},
	{"GIF89a", format{"gif", NoText}},
	{"II*\x00", format{"tiff", NoText}},
	{"MM\x00*", format{"tiff", NoText}},
	{"8BPS\x00\x01", format{"psd", NoText}},
	{"\x00\x00\x00\x0cjP  \r\n", format{"jp2", NoText}},
	{"\xff\x4f\xff\x51", format{"jp2", NoText}},
	{"\x00\x00\x00\x0cJXL ", format{"jxl", NoText}},
	{"AT&TFORM", format{"djvu", NoText}},
	{"\xd7\xcd\xc6\x9a", format{"wmf", NoText}},

	// What holds no text by nature.
	{"\x7fELF", format{"elf", NotADocument}},
	{"\xfe\xed\xfa\xce", format{"mach-o", NotADocument}},
	{"\xfe\xed\xfa\xcf", format{"mach-o", NotADocument}},
	{"\xce\xfa\xed\xfe", format{"mach-o", NotADocument}},
	{"\xcf\xfa\xed\xfe", format{"mach-o", NotADocument}},
	{"\xca\xfe\xba\xbe", format{"java-class", NotADocument}},
	{"\x00asm\x01\x00\x00\x00", format{"wasm", NotADocument}},
	{"dex\n03", format{"dex", NotADocument}},
	{"\x00\x01\x00\x00\x00", format{"font", NotADocument}},
	{"OTTO\x00", format{"font", NotADocument}},
	{"ttcf\x00", format{"font", NotADocument}},
	{"wOFF", format{"font", NotADocument}},
	{"wOF2", format{"font", NotADocument}},
	{"\x00\x00\x01\x00", format{"icon", NotADocument}},
	{"\x00\x00\x02\x00", format{"icon", NotADocument}},
	{"OggS\x00", format{"ogg", NotADocument}},
	{"\x1aE\xdf\xa3", format{"matroska", NotADocument}},
	{"FLV\x01", format{"flv", NotADocument}},
	{"\x00\x00\x01\xba", format{"mpeg", NotADocument}},
	{"\x00\x00\x01\xb3", format{"mpeg", NotADocument}},
	{"\xff\xfb", format{"mp3", NotADocument}},
	{"\xff\xf3", format{"mp3", NotADocument}},
	{"\xff\xf2", format{"mp3", NotADocument}},
	{"\x30\x26\xb2\x75\x8e\x66\xcf\x11", format{"asf", NotADocument}},

	// What only its plain text is looked for in.
	{"regf", format{"registry", Unknown}},
	{"ElfFile\x00", format{"evtx", Unknown}},
	{"L\x00\x00\x00\x01\x14\x02\x00", format{"lnk", Unknown}},

	{"\x00\x00\xfe\xff", format{"utf-32be", ""}},
	{"\xff\xfe\x00\x00", format{"utf-32le", ""}},
}

// letters are formats that begin as a text may: they count only where no text follows.
var letters = [...]struct {
	prefix string
	format
}{
	{"MZ", format{"exe", NotADocument}},
	{"BZh", format{"bzip2", Unsupported}},
	{"BM", format{"bmp", NoText}},
	{"LZIP", format{"lzip", Unsupported}},
	{"07070", format{"cpio", ""}},
	{"xar!", format{"xar", Unsupported}},
	{"vhdxfile", format{"vhdx", Unsupported}},
	{"ID3", format{"mp3", NotADocument}},
	{"fLaC", format{"flac", NotADocument}},
	{"MThd", format{"midi", NotADocument}},
	{"FORM", format{"iff", NotADocument}},
	{"]\x00\x00", format{"lzma", Unsupported}},
	{"x\x01", format{"zlib", Unsupported}},
	{"x\x9c", format{"zlib", Unsupported}},
	{"x\xda", format{"zlib", Unsupported}},
}

// inside are formats whose mark is not at the beginning.
var inside = [...]struct {
	at   int
	mark string
	format
}{
	{257, "ustar", format{"tar", Unsupported}},
	{8, "WEBPVP8", format{"webp", NoText}},
	{8, "WAVE", format{"wav", NotADocument}},
	{8, "AVI ", format{"avi", NotADocument}},
	{4, "ftypheic", format{"heic", NoText}},
	{4, "ftypheix", format{"heic", NoText}},
	{4, "ftypmif1", format{"heic", NoText}},
	{4, "ftypavif", format{"heic", NoText}},
	{4, "ftyp", format{"mp4", NotADocument}},
	{4, "moov", format{"mp4", NotADocument}},
	{4, "mdat", format{"mp4", NotADocument}},
	{36, "acsp", format{"icc", NotADocument}},
	{40, " EMF", format{"emf", NoText}},
	{4, "\xef\xcd\xab\x89", format{"ese", Unknown}},
}

// reader returns what reads a format: it gives the texts of the document to the sink and
// returns why not all of it could be read, or empty. Nil: the format is only told.
func (f format) reader() func(d *document) Reason {
	switch f.name {
	case "text":
		return readText
	case "utf-16le":
		return readUTF16(UTF16LE)
	case "utf-16be":
		return readUTF16(UTF16BE)
	case "utf-32le":
		return utf32Text(binary.LittleEndian)
	case "utf-32be":
		return utf32Text(binary.BigEndian)
	case "binary", "registry", "evtx", "lnk", "ese":
		return readBinary(Unknown)
	case "tnef":
		return readTNEF
	case "ebcdic":
		return readBinary(Undecoded)
	case "html":
		return readMarkup(false)
	case "xml":
		return readXML
	case "eml":
		return readMail(false)
	case "mbox":
		return readMail(true)
	case "rtf":
		return readRTF
	case "jpeg":
		return picture(walkJPEG)
	case "png":
		return picture(walkPNG)
	case "gif":
		return picture(walkGIF)
	case "webp":
		return picture(walkWEBP)
	case "tiff":
		return picture(walkTIFF)
	case "heic", "jp2", "jxl":
		return picture(walkHead)
	case "psd":
		return picture(walkPSD)
	case "bmp":
		return picture(walkBMP)
	case "emf":
		return picture(walkEMF)
	case "wmf":
		return picture(walkWMF)
	case "pdf":
		return readPDF
	case "zip":
		return readZip
	case "ole":
		return readOLE
	case "xls":
		return readRawBIFF
	case "sqlite":
		return readSQLite
	case "sqlite-wal":
		return readWAL
	case "sqlite-journal":
		return readJournal
	case "dbf":
		return readDBF
	case "access":
		return readAccess
	case "gzip":
		return packed(openGzip)
	case "bzip2":
		return packed(openBzip2)
	case "xz":
		return packed(openXZ)
	case "zstd":
		return packed(openZstd)
	case "lzma":
		return packed(openLZMA)
	case "zlib":
		return packed(openZlib)
	case "tar":
		return readTar
	case "ar":
		return readAr
	case "cpio":
		return readCpio
	case "7z":
		return readSevenZip
	case "rar":
		return readRAR
	}
	return nil
}

// formatOf tells the format of a document from its first bytes. What is not known to be
// text is not read as text: what was not understood must never be called clean.
func formatOf(head []byte) format {
	if len(head) == 0 {
		return format{name: "empty"}
	}
	for i := range magics {
		m := &magics[i]
		if m.prefix[0] == head[0] && hasPrefix(head, m.prefix) && plausible(m.name, head) {
			return m.format
		}
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) {
		return format{name: "utf-16le"}
	}
	if bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return format{name: "utf-16be"}
	}
	if text := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")); isText(text) {
		return textFormat(text)
	}
	return binaryFormat(head)
}

// plausible looks closer at formats whose mark says little.
func plausible(name string, head []byte) bool {
	switch name {
	case "icon": // how many pictures there are, and a byte that is zero
		return len(head) > 22 && head[4] > 0 && head[4] < 64 && head[5] == 0 && head[9] == 0
	case "font": // how many tables there are
		return head[0] != 0 || len(head) > 12 && head[4] == 0 && head[5] > 3 && head[5] < 64
	case "mp3":
		return len(head) > 4 && head[2]>>4 != 0 && head[2]>>4 != 15 && head[2]&0x0C != 0x0C
	}
	return true
}

// textFormat tells what kind of text a text is.
func textFormat(b []byte) format {
	if name, ok := isMarkup(b); ok {
		return format{name: name}
	}
	if name, ok := isMail(b); ok {
		return format{name: name}
	}
	if isEBCDIC(b) {
		return format{"ebcdic", Undecoded}
	}
	return format{name: "text"}
}

// binaryFormat tells what is not text.
func binaryFormat(head []byte) format {
	if isDBF(head) {
		return format{name: "dbf"}
	}
	for i := range letters {
		if m := &letters[i]; hasPrefix(head, m.prefix) {
			return m.format
		}
	}
	for i := range inside {
		if m := &inside[i]; len(head) > m.at && hasPrefix(head[m.at:], m.mark) {
			return m.format
		}
	}
	if isTar(head) {
		return format{"tar", Unsupported}
	}
	if bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-")) {
		return format{name: "pdf"}
	}
	if isEnveloped(head) {
		return format{"cms", Encrypted}
	}
	if name, ok := wideWithout(head); ok {
		return format{name: name}
	}
	if enc, ok := utf16Without(head); ok {
		if enc == UTF16BE {
			return format{name: "utf-16be"}
		}
		return format{name: "utf-16le"}
	}
	return format{name: "binary", why: Unknown}
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// isEnveloped tells whether a file is a CMS message that is encrypted (RFC 5652): the
// identifier of enveloped data stands at its beginning.
func isEnveloped(head []byte) bool {
	const enveloped = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
	return head[0] == 0x30 && bytes.Contains(head[:min(len(head), 24)], []byte(enveloped))
}

// isTar tells whether an archive from before the mark "ustar" begins here: by the sum
// that its header has of itself.
func isTar(head []byte) bool {
	const at, width = 148, 8
	if len(head) < 512 {
		return false
	}
	var want, got int
	for i, c := range head[:512] {
		if i >= at && i < at+width {
			switch {
			case c >= '0' && c <= '7':
				want = want<<3 | int(c-'0')
			case c != ' ' && c != 0:
				return false
			}
			c = ' '
		}
		got += int(c)
	}
	return want == got && head[0] != 0
}
