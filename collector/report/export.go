package report

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vigia/checks/catalog"
	"vigia/checks/message"
	"vigia/collector/evidence"
	"vigia/collector/reviews"
	"vigia/collector/storage"
)

// Names inside the package.
const (
	fileDocument   = "datos/revision.json"
	fileLeaves     = "evidencia/hojas.jsonl"
	fileTree       = "evidencia/arbol.txt"
	fileCheckpoint = "evidencia/punto-de-control.txt"
	fileKey        = "evidencia/clave-del-registro.txt"
	fileHow        = "COMO-VERIFICAR.txt"
	fileManifest   = "manifiesto.json"
	fileSums       = "SHA256SUMS"
	fileSignature  = "SHA256SUMS.firma"
)

// statementAbout is what the package's signature says it is about.
func statementAbout(period string) string { return "review " + period }

// Input is what a package is made from.
type Input struct {
	Snapshot reviews.Snapshot
	// Act was opened on the snapshot, and goes into the package; nil: there is none.
	Act     *reviews.Act
	Log     *evidence.Log
	Catalog *catalog.Catalog
	Lang    message.Lang
	Program string // the version of this program
	// Progress may be nil; it is told how many entries were read.
	Progress func(done, total int64)
}

// Summary tells what an export wrote.
type Summary struct {
	Document Document
	// Key is the fingerprint of the log's key, for comparison on paper.
	Key string
	// Warnings name what is wrong with the stored evidence. The package is
	// made all the same: its verification must show it.
	Warnings []string
}

// leafLine is one line of evidencia/hojas.jsonl.
type leafLine struct {
	Index   int64    `json:"index"`
	Header  string   `json:"header"`
	Salt    []byte   `json:"salt,omitempty"`
	Payload []byte   `json:"payload,omitempty"`
	Sum     []byte   `json:"payload_sha256"`
	Proof   [][]byte `json:"proof"`
}

// Manifest is manifiesto.json.
type Manifest struct {
	Schema  string         `json:"schema"`
	Period  string         `json:"period"`
	At      time.Time      `json:"at"`
	Program string         `json:"program"`
	Lang    message.Lang   `json:"language"`
	Files   []ManifestFile `json:"files"`
}

// ManifestFile is one file of the package.
type ManifestFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Export writes the package of a review: the same input gives the same bytes.
// It reads the evidence in tx, the transaction that the snapshot was frozen in.
func Export(ctx context.Context, tx *storage.Tx, w io.Writer, in Input) (Summary, error) {
	e := &export{Input: in, ctx: ctx, tx: tx, voice: NewVoice(in.Lang, in.Catalog), files: map[string][]byte{}}
	if err := e.run(); err != nil {
		return Summary{}, fmt.Errorf("export the review %s: %w", in.Snapshot.Period, err)
	}
	if err := e.write(w); err != nil {
		return Summary{}, fmt.Errorf("write the review %s: %w", in.Snapshot.Period, err)
	}
	return Summary{Document: e.doc, Key: Fingerprint(e.Log.Verifier()), Warnings: e.doc.Warnings}, nil
}

// Fingerprint shortens a verifier key for people: 64 bits of its SHA-256 in
// groups of four.
func Fingerprint(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	text := hex.EncodeToString(sum[:8])
	return strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, " ")
}

// export is one Export under way.
type export struct {
	Input
	ctx   context.Context //nolint:containedctx // lives for one call of Export
	tx    *storage.Tx
	voice Voice
	doc   Document
	check evidence.Checkpoint
	files map[string][]byte
}

func (e *export) run() error {
	var err error
	if e.check, err = e.Log.Checkpoint(e.ctx, e.tx); err != nil {
		return err
	}
	e.doc = NewDocument(e.Snapshot, e.voice, e.Program)
	e.doc.Log = Log{Origin: e.check.Origin, Size: e.check.Size, Root: e.check.Hash[:]}
	if e.Act != nil {
		e.doc.Act = e.Act.ID
	}
	if err := e.evidence(); err != nil {
		return err
	}
	if e.files[fileDocument], err = e.doc.encode(); err != nil {
		return err
	}
	tables, err := e.doc.tables(e.Lang)
	if err != nil {
		return err
	}
	maps.Copy(e.files, tables)
	pdf, err := e.doc.pdf(Fingerprint(e.Log.Verifier()), e.Lang)
	if err != nil {
		return err
	}
	e.files[pdfName(e.doc.Period)] = pdf
	if err := e.act(); err != nil {
		return err
	}
	e.files[fileCheckpoint] = e.check.Signed
	e.files[fileKey] = []byte(e.Log.Verifier() + "\n")
	e.files[fileHow] = []byte(howTo(e.doc, Fingerprint(e.Log.Verifier())))
	return e.seal()
}

// act adds the act in all its forms.
func (e *export) act() error {
	if e.Act == nil {
		return nil
	}
	act, err := NewAct(e.Act, e.Lang)
	if err != nil {
		return err
	}
	files, err := act.files(Seal{Key: Fingerprint(e.Log.Verifier()), Program: e.Program, Lang: e.Lang})
	maps.Copy(e.files, files)
	return err
}

func pdfName(period string) string { return "revision-" + period + ".pdf" }

// evidence writes the tree and the leaves. What the log finds altered becomes
// a warning in the document.
func (e *export) evidence() error {
	if err := e.Log.Verify(e.ctx, e.tx, e.Progress); err != nil {
		if err := e.warn(err); err != nil {
			return err
		}
	}
	wanted := map[int64]bool{}
	for _, index := range e.Snapshot.Leaves {
		wanted[index] = true
	}
	var tree bytes.Buffer
	fmt.Fprintf(&tree, "# indice hash-en-el-arbol [hash-recalculado]\n")
	var leaves []evidence.Stored
	next := int64(0)
	err := e.Log.EachStored(e.ctx, e.tx, e.check.Size, func(s evidence.Stored) error {
		for ; next < s.Index; next++ {
			fmt.Fprintf(&tree, "%d - -\n", next) // the row is gone
		}
		next++
		fmt.Fprintf(&tree, "%d %s", s.Index, base64.StdEncoding.EncodeToString(s.Tree))
		if s.Altered() {
			h := s.Hash()
			fmt.Fprintf(&tree, " %s", base64.StdEncoding.EncodeToString(h[:]))
		}
		tree.WriteByte('\n')
		if wanted[s.Index] {
			leaves = append(leaves, s)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for ; next < e.check.Size; next++ {
		fmt.Fprintf(&tree, "%d - -\n", next)
	}
	e.files[fileTree] = tree.Bytes()
	return e.leafLines(leaves)
}

// warn takes what the log says of itself into the document; it returns the error
// when it is another one, of the database for example.
func (e *export) warn(err error) error {
	var entry *evidence.BadEntryError
	var check *evidence.BadCheckpointError
	switch {
	case errors.As(err, &entry):
		e.doc.Damage = &Damage{First: entry.Index, Last: entry.Last, Why: string(entry.Why)}
		e.doc.Warnings = append(e.doc.Warnings, e.doc.Damage.say(e.Lang))
	case errors.As(err, &check):
		e.doc.Warnings = append(e.doc.Warnings, defects().Say(e.Lang, "checkpoint", map[string]string{"size": number(check.Size)}))
	default:
		return err
	}
	return nil
}

// leafLines writes the leaves with their proofs of inclusion.
func (e *export) leafLines(leaves []evidence.Stored) error {
	indexes := make([]int64, len(leaves))
	for i, s := range leaves {
		indexes[i] = s.Index
	}
	proofs, err := e.Log.ProveInclusions(e.ctx, e.tx, indexes, e.check.Size)
	if err != nil {
		if e.doc.Damage == nil {
			return err
		}
		proofs = make([]tlog.RecordProof, len(leaves)) // the tree has holes: the package shows it
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for i, s := range leaves {
		line := leafLine{Index: s.Index, Header: string(s.HeaderBytes), Salt: s.Salt, Payload: s.Payload, Sum: s.PayloadHash}
		for _, h := range proofs[i] {
			line.Proof = append(line.Proof, h[:])
		}
		if err := enc.Encode(line); err != nil {
			return fmt.Errorf("encode entry %d: %w", s.Index, err)
		}
	}
	e.files[fileLeaves] = b.Bytes()
	return nil
}

// seal writes the manifest, the sums and their signature.
func (e *export) seal() error {
	m := Manifest{Schema: Schema, Period: e.doc.Period, At: e.doc.At, Program: e.Program, Lang: e.Lang}
	for _, name := range slices.Sorted(maps.Keys(e.files)) {
		sum := sha256.Sum256(e.files[name])
		m.Files = append(m.Files, ManifestFile{Name: name, Size: int64(len(e.files[name])), SHA256: hex.EncodeToString(sum[:])})
	}
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	e.files[fileManifest] = append(b, '\n')
	e.files[fileSums] = sums(e.files)
	e.files[fileSignature], err = e.Log.Sign(statementAbout(e.doc.Period), e.files[fileSums])
	return err
}

// sums writes SHA256SUMS in the format of sha256sum(1).
func sums(files map[string][]byte) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(files[name]), name)
	}
	return b.Bytes()
}

// write writes the zip: names sorted, all dated with the review's own time.
func (e *export) write(w io.Writer) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	folder := "revision-" + e.doc.Period + "/"
	for _, name := range slices.Sorted(maps.Keys(e.files)) {
		f, err := z.CreateHeader(&zip.FileHeader{Name: folder + name, Method: zip.Deflate, Modified: e.doc.At.Truncate(time.Second)})
		if err != nil {
			return err
		}
		if _, err := f.Write(e.files[name]); err != nil {
			return err
		}
	}
	return z.Close()
}
