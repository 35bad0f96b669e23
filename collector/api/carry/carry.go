// Package carry is the format of the files that a person carries, on a USB
// stick, between a machine without a route and the collector: what the machine
// asks and delivers one way, what the collector answers the other.
//
// Who finds a stick reads nothing: each file is encrypted to the one that it is
// for. Who changes a file is found out: each is signed as a whole, a request by
// the machine's report key, an answer by the collector's policy key. A file may
// be lost, arrive twice or after a younger one without harm; that is for its
// two ends to keep, which this package does not know. FORMAT.md describes every
// byte.
package carry

import (
	"bufio"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	apiv1 "vigia/collector/api/v1"
)

// Suffix ends the names of the files, AnswerPrefix begins those of answers: the
// name of the request follows.
const (
	Suffix       = ".vigia"
	AnswerPrefix = "respuesta-"
)

// Bounds of one file. A machine with more to say writes several.
const (
	// MaxFile bounds a file as it lies on the stick, and its content.
	MaxFile = 64 << 20
	// MaxItems bounds the items of a request.
	MaxItems = 1 << 16
	// MaxRequestHead and MaxAnswer bound the first message of a file, in bytes, and
	// maxHeadFields the fields in it at all levels: a reader takes it apart before it
	// can know who signed it. An answer may hold a policy and what goes with it.
	MaxRequestHead = 64 << 10
	MaxAnswer      = 5 << 20
	maxHeadFields  = 1024
	// maxMessage bounds one message after it.
	maxMessage = apiv1.MaxMessageBytes
)

// IDSize is the length of a request's id in bytes.
const IDSize = 16

// What a content begins with.
const (
	magicRequest = "vigia file request 1\n"
	magicAnswer  = "vigia file answer 1\n"
)

// Errors of reading, in the order in which a reader finds them.
var (
	// ErrFormat: it is no file of Vigía, or of a version that is not known here.
	ErrFormat = errors.New("it is not a file of Vigía that this version knows")
	// ErrForeign: it is encrypted to somebody else.
	ErrForeign = errors.New("it is encrypted for another collector or another machine")
	// ErrDamaged: it was cut off or changed on the way.
	ErrDamaged = errors.New("it is damaged: it was cut off or changed")
	// ErrTooBig: it is beyond the bounds.
	ErrTooBig = errors.New("it is larger than any file of Vigía")
	// ErrSignature: it is not signed by who should have.
	ErrSignature = errors.New("it is not signed by who should have signed it")
)

// Key opens what is encrypted to its recipient. It is a hybrid key of age, of
// X25519 and ML-KEM-768: a stick that is lost today may be kept for years.
type Key struct{ id *age.HybridIdentity }

// NewKey makes a key.
func NewKey() (Key, error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return Key{}, fmt.Errorf("make a key for files: %w", err)
	}
	return Key{id}, nil
}

// ParseKey reads what String wrote; spaces around it do not matter.
func ParseKey(text string) (Key, error) {
	id, err := age.ParseHybridIdentity(strings.TrimSpace(text))
	if err != nil {
		return Key{}, errors.New("not a key for files") // the library's words could hold a piece of it
	}
	return Key{id}, nil
}

// String is the key in the form of age. It is a secret.
func (k Key) String() string { return k.id.String() }

// Recipient is whom others encrypt to, as age writes it.
func (k Key) Recipient() string { return k.id.Recipient().String() }

// CheckRecipient is an error if text is no recipient.
func CheckRecipient(text string) error {
	if _, err := recipient(text); err != nil {
		return err
	}
	return nil
}

func recipient(text string) (age.Recipient, error) {
	r, err := age.ParseHybridRecipient(text)
	if err != nil {
		return nil, errors.New("not a recipient of files (age1pq1...)")
	}
	return r, nil
}

// NewID draws the id of a request.
func NewID() []byte {
	id := make([]byte, IDSize)
	rand.Read(id) // never fails: crypto/rand ends the program instead
	return id
}

// Signer signs in a domain.
type Signer func(domain apiv1.Domain, message []byte) []byte

// Writer writes one file. It is not complete before Close.
type Writer struct {
	domain    apiv1.Domain
	encrypted io.WriteCloser
	content   *gzip.Writer
	sum       hash.Hash
	size      int64
	items     int
}

// NewRequest begins a request, encrypted to the collector.
func NewRequest(w io.Writer, to string, head *apiv1.FileRequest) (*Writer, error) {
	return newWriter(w, to, requestForm(), head)
}

// WriteAnswer writes a whole answer, encrypted to the machine.
func WriteAnswer(w io.Writer, to string, answer *apiv1.FileAnswer, sign Signer) error {
	out, err := newWriter(w, to, answerForm(), answer)
	if err != nil {
		return err
	}
	_, err = out.Close(sign)
	return err
}

// form is one of the two kinds of file.
type form struct {
	magic   string
	domain  apiv1.Domain
	maxHead int
}

func requestForm() form { return form{magicRequest, apiv1.DomainFileRequest, MaxRequestHead} }

func answerForm() form { return form{magicAnswer, apiv1.DomainFileAnswer, MaxAnswer} }

func newWriter(w io.Writer, to string, kind form, head proto.Message) (*Writer, error) {
	r, err := recipient(to)
	if err != nil {
		return nil, err
	}
	out := &Writer{domain: kind.domain, sum: sha256.New()}
	if out.encrypted, err = age.Encrypt(w, r); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	out.content = gzip.NewWriter(out.encrypted)
	if err := out.write([]byte(kind.magic)); err != nil {
		return nil, err
	}
	return out, out.message(head, kind.maxHead)
}

// Item adds an item to a request. ErrTooBig means that it does not fit any more
// and was not added: the file can be closed without it.
func (w *Writer) Item(item *apiv1.Item) error {
	if w.items >= MaxItems || w.size+int64(proto.Size(item))+reserve > MaxFile {
		return ErrTooBig
	}
	if err := w.message(item, maxMessage); err != nil {
		return err
	}
	w.items++
	return nil
}

// reserve is more than what follows the last item.
const reserve = 1 << 10

// Size is the content so far, before it is compressed.
func (w *Writer) Size() int64 { return w.size }

// Close ends the file with a signature and returns the SHA-256 of its content,
// by which an answer names it. The caller makes the file durable.
func (w *Writer) Close(sign Signer) ([sha256.Size]byte, error) {
	var sum [sha256.Size]byte
	if err := w.write([]byte{0}); err != nil {
		return sum, err
	}
	copy(sum[:], w.sum.Sum(nil))
	if _, err := w.content.Write(sign(w.domain, sum[:])); err != nil {
		return sum, err
	}
	if err := w.content.Close(); err != nil {
		return sum, err
	}
	return sum, w.encrypted.Close()
}

func (w *Writer) message(m proto.Message, most int) error {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if len(b) > most {
		return ErrTooBig
	}
	return w.write(append(binary.AppendUvarint(nil, uint64(len(b))), b...))
}

func (w *Writer) write(b []byte) error {
	if w.size += int64(len(b)); w.size > MaxFile {
		return ErrTooBig
	}
	w.sum.Write(b)
	_, err := w.content.Write(b)
	return err
}

// Signed is what vouches for the content of a file.
type Signed struct {
	// Hash is the SHA-256 of the content.
	Hash      [sha256.Size]byte
	signature []byte
	domain    apiv1.Domain
}

// By is ErrSignature if none of the keys signed the file.
func (s Signed) By(keys ...ed25519.PublicKey) error {
	if slices.ContainsFunc(keys, func(key ed25519.PublicKey) bool {
		return apiv1.Verify(key, s.domain, s.Hash[:], s.signature)
	}) {
		return nil
	}
	return ErrSignature
}

// Request is a file from a machine. Nothing of it counts before By was asked.
type Request struct {
	Signed
	*apiv1.FileRequest
	Items []*apiv1.Item
}

// ReadRequest reads a request that is encrypted to key.
func ReadRequest(r io.Reader, key Key) (*Request, error) {
	req := &Request{FileRequest: &apiv1.FileRequest{}}
	var err error
	req.Signed, err = read(r, key, requestForm(), req.FileRequest, func(b []byte) error {
		if len(req.Items) >= MaxItems {
			return ErrTooBig
		}
		item := &apiv1.Item{}
		req.Items = append(req.Items, item)
		return proto.Unmarshal(b, item)
	})
	if err != nil {
		return nil, err
	}
	if len(req.GetId()) != IDSize || len(req.GetDeliver().GetItems()) > 0 || req.GetEnroll() != nil && len(req.Items) > 0 {
		return nil, fmt.Errorf("%w: its parts do not fit together", ErrFormat)
	}
	return req, nil
}

// Answer is a file from the collector. Nothing of it counts before By was asked.
type Answer struct {
	Signed
	*apiv1.FileAnswer
}

// ReadAnswer reads an answer that is encrypted to key.
func ReadAnswer(r io.Reader, key Key) (*Answer, error) {
	a := &Answer{FileAnswer: &apiv1.FileAnswer{}}
	var err error
	a.Signed, err = read(r, key, answerForm(), a.FileAnswer, func([]byte) error { return ErrFormat })
	if err != nil {
		return nil, err
	}
	return a, nil
}

// ageMagic is what every file of age begins with.
const ageMagic = "age-encryption.org/v1\n"

// read takes a file apart: head, then what follows it, handed to more.
func read(r io.Reader, key Key, kind form, head proto.Message, more func([]byte) error) (Signed, error) {
	file := bufio.NewReader(&bounded{r: r, left: MaxFile + MaxFile/64})
	if begin, err := file.Peek(len(ageMagic)); err != nil || string(begin) != ageMagic {
		if err != nil && !errors.Is(err, io.EOF) {
			return Signed{}, err
		}
		return Signed{}, ErrFormat
	}
	plain, err := age.Decrypt(file, key.id)
	if err != nil {
		if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
			return Signed{}, ErrForeign
		}
		return Signed{}, damaged(err)
	}
	compressed := bufio.NewReader(plain) // a reader of bytes, so that gzip leaves what follows
	unpacked, err := gzip.NewReader(compressed)
	if err != nil {
		return Signed{}, damaged(err)
	}
	unpacked.Multistream(false)
	c := &content{r: bufio.NewReader(&bounded{r: unpacked, left: MaxFile + reserve}), sum: sha256.New()}
	signed, err := c.read(kind, head, more)
	if err != nil {
		return Signed{}, damaged(err)
	}
	// The end of the compression holds its check sum, that of the encryption its last tag.
	for _, rest := range []io.Reader{c.r, compressed} {
		if n, err := io.CopyN(io.Discard, rest, 1); n > 0 {
			return Signed{}, fmt.Errorf("%w: something follows its end", ErrFormat)
		} else if !errors.Is(err, io.EOF) {
			return Signed{}, damaged(err)
		}
	}
	return signed, nil
}

// damaged makes the error of whoever reads on of what a decoder said. An error
// of the stick itself stays what it is.
func damaged(err error) error {
	if _, ok := errors.AsType[interface {
		error
		Timeout() bool // of package os and below: a path, a system call
	}](err); ok || errors.Is(err, ErrFormat) || errors.Is(err, ErrTooBig) {
		return err
	}
	return fmt.Errorf("%w (%w)", ErrDamaged, err)
}

// content is a content being read.
type content struct {
	r   *bufio.Reader
	sum hash.Hash
}

func (c *content) read(kind form, head proto.Message, more func([]byte) error) (Signed, error) {
	begin := make([]byte, len(kind.magic))
	if _, err := io.ReadFull(c.r, begin); err != nil {
		return Signed{}, err
	}
	if string(begin) != kind.magic {
		return Signed{}, ErrFormat
	}
	c.sum.Write(begin)
	take, most := func(b []byte) error { return takeHead(b, head) }, uint64(kind.maxHead)
	for ; ; take, most = more, maxMessage {
		b, err := c.message(most)
		if err != nil {
			return Signed{}, err
		}
		if len(b) == 0 {
			break
		}
		if err := take(b); err != nil {
			return Signed{}, err
		}
	}
	signed := Signed{signature: make([]byte, ed25519.SignatureSize), domain: kind.domain}
	copy(signed.Hash[:], c.sum.Sum(nil))
	_, err := io.ReadFull(c.r, signed.signature)
	return signed, err
}

// takeHead takes apart the first message of a file. Its fields are counted before: two
// bytes can make a message of a hundred.
func takeHead(b []byte, head proto.Message) error {
	left := maxHeadFields
	if err := countFields(b, head.ProtoReflect().Descriptor(), &left); err != nil {
		return err
	}
	return proto.Unmarshal(b, head)
}

// countFields takes the fields of a message, and of those in it, from what is left.
func countFields(b []byte, of protoreflect.MessageDescriptor, left *int) error {
	for len(b) > 0 {
		if *left--; *left < 0 {
			return ErrTooBig
		}
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		value := b[n:]
		size := protowire.ConsumeFieldValue(number, wire, value)
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = value[size:]
		field := of.Fields().ByNumber(number)
		if wire != protowire.BytesType || field == nil || field.Message() == nil {
			continue
		}
		inner, _ := protowire.ConsumeBytes(value)
		if err := countFields(inner, field.Message(), left); err != nil {
			return err
		}
	}
	return nil
}

// message reads the next message of at most so many bytes, empty at the end.
func (c *content) message(most uint64) ([]byte, error) {
	size, err := binary.ReadUvarint(c.r)
	if err != nil {
		return nil, err
	}
	if size > most {
		return nil, ErrTooBig
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(c.r, b); err != nil {
		return nil, err
	}
	// As a Writer writes it, so that one content has one form only.
	c.sum.Write(binary.AppendUvarint(nil, size))
	c.sum.Write(b)
	return b, nil
}

// bounded is a reader that ends with ErrTooBig instead of giving more.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooBig
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return n, ErrTooBig
	}
	return n, err
}
