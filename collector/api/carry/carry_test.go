package carry

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	apiv1 "vigia/collector/api/v1"
)

// machine signs with a key that every run has.
func machine() (ed25519.PublicKey, Signer) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	return key.Public().(ed25519.PublicKey), func(d apiv1.Domain, m []byte) []byte { return apiv1.Sign(key, d, m) }
}

func newKey(t testing.TB) Key {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func items(n int) []*apiv1.Item {
	out := make([]*apiv1.Item, 0, n)
	for range n {
		out = append(out, &apiv1.Item{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{Report: []byte("informe"), Signature: []byte("firma")}}})
	}
	return out
}

func request(t testing.TB, to string, head *apiv1.FileRequest, items ...*apiv1.Item) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewRequest(&b, to, head)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		if err := w.Item(item); err != nil {
			t.Fatal(err)
		}
	}
	_, sign := machine()
	if _, err := w.Close(sign); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var delivery = &apiv1.FileRequest{Id: bytes.Repeat([]byte{1}, IDSize), AgentId: "a1", Hostname: "pc-014", CreatedAt: 1,
	Deliver: &apiv1.DeliverRequest{PolicyEpoch: 1, PolicyVersion: 2, CheckpointSize: 3}}

func TestRequestComesBackAsItWas(t *testing.T) {
	t.Parallel()
	collector := newKey(t)
	public, _ := machine()
	want := items(3)
	file := request(t, collector.Recipient(), delivery, want...)
	if bytes.Contains(file, []byte("informe")) || bytes.Contains(file, []byte("pc-014")) {
		t.Error("who finds the file can read it")
	}
	got, err := ReadRequest(bytes.NewReader(file), collector)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.By(public); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(delivery, got.FileRequest, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, got.Items, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.By(other); !errors.Is(err, ErrSignature) {
		t.Errorf("signed by another: got %v, want ErrSignature", err)
	}
	if err := got.By(); !errors.Is(err, ErrSignature) {
		t.Errorf("signed by nobody: got %v, want ErrSignature", err)
	}
}

func TestAnswerComesBackAsItWas(t *testing.T) {
	t.Parallel()
	own := newKey(t)
	public, sign := machine()
	want := &apiv1.FileAnswer{RequestId: delivery.GetId(), CreatedAt: 5, Delivered: &apiv1.DeliverResponse{DurableSequence: 3}}
	var b bytes.Buffer
	if err := WriteAnswer(&b, own.Recipient(), want, sign); err != nil {
		t.Fatal(err)
	}
	got, err := ReadAnswer(bytes.NewReader(b.Bytes()), own)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.By(public); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got.FileAnswer, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if _, err := ReadRequest(bytes.NewReader(b.Bytes()), own); !errors.Is(err, ErrFormat) {
		t.Errorf("an answer read as a request: got %v, want ErrFormat", err)
	}
}

// A file that was changed in any byte, or cut off anywhere, is refused.
func TestChangedFilesAreRefused(t *testing.T) {
	t.Parallel()
	collector := newKey(t)
	file := request(t, collector.Recipient(), delivery, items(2)...)
	step := max(1, len(file)/400)
	for at := 0; at < len(file); at += step {
		changed := bytes.Clone(file)
		changed[at] ^= 1
		if _, err := ReadRequest(bytes.NewReader(changed), collector); err == nil {
			t.Errorf("byte %d changed: it was read", at)
		}
		if _, err := ReadRequest(bytes.NewReader(file[:at]), collector); err == nil {
			t.Errorf("cut off at %d: it was read", at)
		}
	}
	if _, err := ReadRequest(bytes.NewReader(append(bytes.Clone(file), 0)), collector); err == nil {
		t.Error("a byte more: it was read")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	collector := newKey(t)
	file := request(t, collector.Recipient(), delivery, items(2)...)
	for _, row := range []struct {
		name string
		file []byte
		want error
	}{
		{"nothing", nil, ErrFormat},
		{"a letter", []byte("Estimado señor:\n"), ErrFormat},
		{"zeros", make([]byte, 4096), ErrFormat},
		{"for another collector", request(t, newKey(t).Recipient(), delivery), ErrForeign},
		{"cut off in the header", file[:200], ErrDamaged},
		{"cut off in the content", file[:len(file)-1], ErrDamaged},
		{"without an id", request(t, collector.Recipient(), &apiv1.FileRequest{AgentId: "a1"}), ErrFormat},
		{"items in the head", request(t, collector.Recipient(),
			&apiv1.FileRequest{Id: delivery.GetId(), Deliver: &apiv1.DeliverRequest{Items: items(1)}}), ErrFormat},
		{"an enrolment with items", request(t, collector.Recipient(),
			&apiv1.FileRequest{Id: delivery.GetId(), Enroll: &apiv1.EnrollRequest{}}, items(1)...), ErrFormat},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if _, err := ReadRequest(bytes.NewReader(row.file), collector); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}

// What unpacks to more than a file may hold is refused without being held.
func TestContentIsBounded(t *testing.T) {
	t.Parallel()
	collector := newKey(t)
	var b bytes.Buffer
	w, err := NewRequest(&b, collector.Recipient(), delivery)
	if err != nil {
		t.Fatal(err)
	}
	big := &apiv1.Item{Item: &apiv1.Item_Report{Report: &apiv1.SignedReport{Report: make([]byte, 2<<20)}}}
	n := 0
	for ; err == nil; n++ {
		err = w.Item(big)
	}
	if !errors.Is(err, ErrTooBig) || n != 32 {
		t.Fatalf("item %d: %v, want ErrTooBig at 32", n, err)
	}
	_, sign := machine()
	if _, err := w.Close(sign); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRequest(bytes.NewReader(b.Bytes()), collector)
	if err != nil || len(got.Items) != 31 {
		t.Errorf("a full file: got %v, want 31 items", err)
	}
	b.Reset()
	if w, err = NewRequest(&b, collector.Recipient(), delivery); err != nil {
		t.Fatal(err)
	}
	for range 80 { // as no Writer does
		if _, err := w.content.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.content.Close(), w.encrypted.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRequest(bytes.NewReader(b.Bytes()), collector); err == nil {
		t.Error("80 MiB of zeros in some kilobytes were read")
	}
}

// A head is taken apart before anybody vouches for it: it costs little, whatever it says.
func TestHeadIsBounded(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	to, err := recipient(key.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	inside := func(field byte, inner []byte) []byte {
		return append(append([]byte{field<<3 | 2}, binary.AppendUvarint(nil, uint64(len(inner)))...), inner...)
	}
	file := func(magic string, head []byte) []byte {
		content := append([]byte(magic), binary.AppendUvarint(nil, uint64(len(head)))...)
		return seal(t, to, append(content, head...))
	}
	for _, row := range []struct {
		name, magic string
		head        []byte
	}{
		{"a request of 8 MiB", magicRequest, inside(4, make([]byte, 8<<20-64))},
		{"items in the head", magicRequest, inside(7, bytes.Repeat([]byte{0x0a, 0}, 30<<10))},
		{"an answer of 8 MiB", magicAnswer, inside(5, inside(3, make([]byte, 8<<20-64)))},
		{"an answer of empty certificates", magicAnswer, inside(4, bytes.Repeat([]byte{0x12, 0}, 2<<20))},
		{"an answer of unknown fields", magicAnswer, bytes.Repeat([]byte{0x78, 0}, 2<<20)},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := file(row.magic, row.head)
			read := func() error {
				if row.magic == magicRequest {
					_, err := ReadRequest(bytes.NewReader(b), key)
					return err
				}
				_, err := ReadAnswer(bytes.NewReader(b), key)
				return err
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := read()
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrTooBig) {
				t.Errorf("got %v, want ErrTooBig", err)
			}
			// Other tests run beside this one; without the bounds it is hundreds.
			if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 64 {
				t.Errorf("%d bytes took %d MiB", len(b), got)
			}
		})
	}
	if _, err := NewRequest(io.Discard, key.Recipient(), &apiv1.FileRequest{Hostname: string(make([]byte, MaxRequestHead))}); !errors.Is(err, ErrTooBig) {
		t.Errorf("a head that nobody would read is written: %v", err)
	}
}

// Files of every version that was released open for ever.
func TestReleasedFiles(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "v1.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseKey(string(text))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join("testdata", "v1.vigia"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadRequest(bytes.NewReader(file), key)
	if err != nil {
		t.Fatal(err)
	}
	public, _ := machine()
	if err := got.By(public); err != nil {
		t.Error(err)
	}
	if got.GetHostname() != "pc-014" || len(got.Items) != 2 {
		t.Errorf("got %q with %d items, want pc-014 with 2", got.GetHostname(), len(got.Items))
	}
	if file, err = os.ReadFile(filepath.Join("testdata", "v1-answer.vigia")); err != nil {
		t.Fatal(err)
	}
	answer, err := ReadAnswer(bytes.NewReader(file), key)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.By(public); err != nil || answer.GetDelivered().GetDurableSequence() != 2 {
		t.Errorf("got %v (%v), want an answer up to 2", answer.FileAnswer, err)
	}
}

// Whatever lies on a stick ends in a request or an error. The content is fuzzed
// inside its encryption, or nothing would come as far.
func FuzzContent(f *testing.F) {
	f.Add([]byte(magicRequest+"\x00"), true)
	f.Add([]byte(magicRequest+"\x12\x0a\x10aaaaaaaaaaaaaaaa\x00"), true)
	f.Add([]byte("age-encryption.org/v1\n-> X25519 a\n"), false)
	key := newKey(f)
	to, err := recipient(key.Recipient())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte, inside bool) {
		file := content
		if inside {
			file = seal(t, to, content)
		}
		req, err := ReadRequest(bytes.NewReader(file), key)
		if err != nil {
			return
		}
		if len(req.GetId()) != IDSize {
			t.Errorf("a request with an id of %d bytes", len(req.GetId()))
		}
		public, _ := machine()
		_ = req.By(public)
	})
}
